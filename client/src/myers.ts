// The shortest way from one list of tokens to another: Myers' algorithm in linear space, walking
// from both ends until the walks meet, then each half by itself.

/** -1 only in the first list, 0 in both, 1 only in the second; and how many tokens. */
export type Run = [kind: -1 | 0 | 1, count: number];

/** Two pieces that differ in more than twice this are told as replaced: the search is quadratic in it. */
const differencesMax = 1_000;

/** Equal tokens are equal numbers. */
export function tokenRuns(a: Uint16Array, b: Uint16Array): Run[] {
  const runs: Run[] = [];
  const add = (kind: Run[0], count: number): void => {
    const last = runs.at(-1);
    if (count === 0) return;
    if (last?.[0] === kind) last[1] += count;
    else runs.push([kind, count]);
  };
  const compare = (aFrom: number, aTo: number, bFrom: number, bTo: number): void => {
    let prefix = 0;
    const short = Math.min(aTo - aFrom, bTo - bFrom);
    while (prefix < short && a[aFrom + prefix] === b[bFrom + prefix]) prefix++;
    let suffix = 0;
    while (suffix < short - prefix && a[aTo - 1 - suffix] === b[bTo - 1 - suffix]) suffix++;
    add(0, prefix);
    const [aMid, aEnd, bMid, bEnd] = [aFrom + prefix, aTo - suffix, bFrom + prefix, bTo - suffix];
    const meeting = aMid < aEnd && bMid < bEnd ? meet(a.subarray(aMid, aEnd), b.subarray(bMid, bEnd)) : null;
    if (meeting === null) {
      add(1, bEnd - bMid);
      add(-1, aEnd - aMid);
    } else {
      compare(aMid, aMid + meeting[0], bMid, bMid + meeting[1]);
      compare(aMid + meeting[0], aEnd, bMid + meeting[1], bEnd);
    }
    add(0, suffix);
  };
  compare(0, a.length, 0, b.length);
  return runs;
}

/**
 * How far one gets along each diagonal (x - y) with so many differences. Going backwards is the
 * same on both lists read from their ends.
 */
class Walk {
  /** The furthest x on each diagonal; -1 where nobody was. */
  readonly reached: Int32Array;
  private low = 0;
  private high = 0;

  constructor(
    private readonly a: Uint16Array,
    private readonly b: Uint16Array,
    private readonly backwards: boolean,
    readonly middle: number,
  ) {
    this.reached = new Int32Array(2 * middle + 1).fill(-1);
    this.reached[middle + 1] = 0;
  }

  /** One more difference; `met` says of a diagonal and an x on it whether the other walk was there. */
  go(differences: number, met: (diagonal: number, x: number) => boolean): readonly [number, number] | null {
    const { a, b, backwards, middle, reached } = this;
    for (let diagonal = -differences + this.low; diagonal <= differences - this.high; diagonal += 2) {
      const at = middle + diagonal;
      const down = reached[at + 1] as number;
      const right = reached[at - 1] as number;
      let x = diagonal === -differences || (diagonal !== differences && right < down) ? down : right + 1;
      let y = x - diagonal;
      while (x < a.length && y < b.length && same(a, b, x, y, backwards)) {
        x++;
        y++;
      }
      reached[at] = x;
      // Beyond an edge there is nothing, nor on the diagonals behind this one.
      if (x > a.length) this.high += 2;
      else if (y > b.length) this.low += 2;
      else if (met(diagonal, x)) return [x, y];
    }
    return null;
  }
}

function same(a: Uint16Array, b: Uint16Array, x: number, y: number, backwards: boolean): boolean {
  return backwards ? a[a.length - 1 - x] === b[b.length - 1 - y] : a[x] === b[y];
}

/** Where a shortest way can be cut in two; null when it has too many differences, or no middle. */
function meet(a: Uint16Array, b: Uint16Array): readonly [number, number] | null {
  const total = a.length + b.length;
  const rounds = Math.min(Math.ceil(total / 2), differencesMax);
  const forth = new Walk(a, b, false, rounds + 1);
  const back = new Walk(a, b, true, rounds + 1);
  const shift = a.length - b.length;
  const meets =
    (other: Walk) =>
    (diagonal: number, x: number): boolean => {
      const theirs = other.reached[other.middle + shift - diagonal];
      return theirs !== undefined && theirs >= 0 && x + theirs >= a.length;
    };
  for (let differences = 0; differences <= rounds; differences++) {
    // With an odd number of differences the walks meet on a step forth, else on one back.
    const ahead = forth.go(differences, shift % 2 === 0 ? () => false : meets(back));
    if (ahead !== null) return inside(ahead, total);
    const behind = back.go(differences, shift % 2 === 0 ? meets(forth) : () => false);
    if (behind !== null) return inside([a.length - behind[0], b.length - behind[1]], total);
  }
  return null;
}

function inside(point: readonly [number, number], total: number): readonly [number, number] | null {
  const sum = point[0] + point[1];
  return sum > 0 && sum < total ? point : null;
}
