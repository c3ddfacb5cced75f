// Seeded random numbers, so that a failure can be run again with COEDIT_SEED.

export function seedOfRun(): number {
  const given = process.env['COEDIT_SEED'];
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}

/** Whole numbers from `from` to `to`, both included. */
export function randomWhole(seed: number): (from: number, to: number) => number {
  let state = seed >>> 0;
  return (from, to) => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const fraction = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    return from + Math.floor(fraction * (to - from + 1));
  };
}
