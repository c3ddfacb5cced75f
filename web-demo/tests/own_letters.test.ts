// The law of OwnLetters, over random people who write between a bot's letters, and over the recording.
import { Delta } from 'coedit';
import { describe, expect, test } from 'vitest';
import { OwnLetters } from '../src/bots/own_letters.js';
import recording from '../src/bots/recording.json';

const seed = Number(process.env['COEDIT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

function randomWhole(start: number): (from: number, to: number) => number {
  let state = start >>> 0;
  return (from, to) => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return from + Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * (to - from + 1));
  };
}

/** A document of one bot, whose letters are lower case, and of others, whose letters are upper case. */
class World {
  text = new Delta().insert('XY');
  letters = new OwnLetters(1);
  recorded: string[] = [];

  get string(): string {
    return this.text.ops.map(({ insert }) => insert).join('');
  }
  get own(): string {
    return this.string.replace(/[A-Z]/g, '');
  }
  get others(): string {
    return this.string.replace(/[^A-Z]/g, '');
  }
  type(index: number, removed: number, inserted: string): void {
    const delta = this.letters.patch(index, removed, inserted);
    this.text = this.text.compose(delta);
    this.letters.patched(index, removed, inserted, delta);
    this.recorded.splice(index, removed, ...inserted);
  }
  other(delta: Delta): void {
    this.text = this.text.compose(delta);
    this.letters.changed(delta);
  }
}

describe(`COEDIT_SEED=${seed}`, () => {
  test('others write between the letters and remove what is theirs: it reads as recorded', () => {
    for (let round = 0; round < 400; round++) {
      const random = randomWhole(seed + round);
      const world = new World();
      for (let step = 0; step < 60; step++) {
        const units = world.string.length;
        if (random(0, 1) === 0) {
          const index = random(0, world.recorded.length);
          const removed = random(0, Math.min(3, world.recorded.length - index));
          const inserted = 'abcdefgh'.slice(0, random(0, 4));
          if (removed === 0 && inserted === '') continue;
          const { others } = world;
          world.type(index, removed, inserted);
          expect(world.others, `round ${round}`).toBe(others);
        } else {
          const at = random(0, units);
          const delta = new Delta().retain(at);
          if (random(0, 2) > 0) delta.insert('STUVW'.slice(0, random(1, 5)));
          const next = /^[A-Z]+/.exec(world.string.slice(at))?.[0].length ?? 0;
          if (next > 0 && random(0, 1) === 1) delta.delete(random(1, next));
          world.other(delta);
        }
        expect(world.own, `round ${round}`).toBe(world.recorded.join(''));
      }
    }
  });

  test('others remove its letters, too: it never touches theirs, and its caret stays in the text', () => {
    for (let round = 0; round < 400; round++) {
      const random = randomWhole(seed + round);
      const world = new World();
      for (let step = 0; step < 60; step++) {
        const units = world.string.length;
        if (random(0, 1) === 0) {
          const index = random(0, world.recorded.length);
          const removed = random(0, Math.min(3, world.recorded.length - index));
          const inserted = 'abcdefgh'.slice(0, random(0, 4));
          if (removed === 0 && inserted === '') continue;
          const { others } = world;
          world.type(index, removed, inserted);
          expect(world.others, `round ${round}`).toBe(others);
          const caret = world.letters.positionOf(index + inserted.length);
          expect(caret).toBeGreaterThanOrEqual(0);
          expect(caret).toBeLessThanOrEqual(world.string.length);
        } else {
          const at = random(0, units);
          const delta = new Delta().retain(at);
          if (random(0, 1) > 0) delta.insert('ST');
          if (at < units && random(0, 1) === 1) delta.delete(random(1, Math.min(6, units - at)));
          world.other(delta);
        }
      }
    }
  });
});

test('what the bots type can be typed: every patch is within what was typed before', () => {
  expect(recording.credit).toContain('CC BY 4.0');
  expect(recording.bots).toHaveLength(5);
  for (const patches of recording.bots as unknown as readonly (readonly [number, number, string, number])[][]) {
    const text: string[] = [];
    for (const [index, removed, inserted, pauseMs] of patches) {
      expect(index + removed).toBeLessThanOrEqual(text.length);
      expect(pauseMs).toBeGreaterThanOrEqual(0);
      text.splice(index, removed, ...inserted);
    }
    expect(text.length).toBeGreaterThan(700);
  }
});
