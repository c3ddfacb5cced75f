import { expect, test } from 'vitest';
import { tokenRuns } from '../src/myers.js';
import { Random, seedOfRun } from './support/random.js';

const tokens = (text: string): Uint16Array => Uint16Array.from(text, (letter) => letter.charCodeAt(0));
const runs = (a: string, b: string) => tokenRuns(tokens(a), tokens(b));

/** Length of the longest common subsequence, the slow way. */
function commonLength(a: string, b: string): number {
  let above = new Array<number>(b.length + 1).fill(0);
  for (const letter of a) {
    const row = [0];
    for (let j = 1; j <= b.length; j++) {
      row.push(b[j - 1] === letter ? (above[j - 1] as number) + 1 : Math.max(above[j] as number, row[j - 1] as number));
    }
    above = row;
  }
  return above[b.length] as number;
}

/** Checks that the runs lead from a to b; returns how much of a they keep. */
function walk(a: string, b: string): number {
  let [x, y, kept] = [0, 0, 0];
  for (const [kind, count] of runs(a, b)) {
    expect(count).toBeGreaterThan(0);
    if (kind === 0) {
      expect(a.slice(x, x + count)).toBe(b.slice(y, y + count));
      kept += count;
    }
    if (kind !== 1) x += count;
    if (kind !== -1) y += count;
  }
  expect([x, y]).toEqual([a.length, b.length]);
  return kept;
}

test.each([
  ['', '', []],
  ['a', '', [[-1, 1]]],
  ['', 'ab', [[1, 2]]],
  ['abc', 'abc', [[0, 3]]],
  ['abc', 'axc', [[0, 1], [1, 1], [-1, 1], [0, 1]]],
  ['abc', 'xyz', [[1, 3], [-1, 3]]],
])('%j to %j', (a, b, expected) => {
  const [added, removed] = [runs(a, b), expected];
  const sum = (list: readonly (readonly number[])[], kind: number): number => list.reduce((all, [of, count]) => all + (of === kind ? (count as number) : 0), 0);
  for (const kind of [-1, 0, 1]) expect(sum(added, kind)).toBe(sum(removed, kind));
  walk(a, b);
});

test('every pair of short words over two letters goes the shortest way', () => {
  const words = [''];
  for (let from = 0, length = 1; length <= 5; length++) {
    const to = words.length;
    for (const word of words.slice(from, to)) words.push(`${word}a`, `${word}b`);
    from = to;
  }
  for (const a of words) for (const b of words) expect(walk(a, b), `${a} ${b}`).toBe(commonLength(a, b));
});

test('random words go the shortest way', () => {
  const seed = seedOfRun();
  console.log(`shortest way: SEED=${seed}`);
  const random = new Random(seed);
  const word = (): string => Array.from({ length: random.below(60) }, () => random.pick(['a', 'b', 'c', 'd'])).join('');
  for (let i = 0; i < 2_000; i++) {
    const [a, b] = [word(), word()];
    expect(walk(a, b), `SEED=${seed} ${a} ${b}`).toBe(commonLength(a, b));
  }
});

test('lists without anything in common are told as replaced, and still lead there', () => {
  const a = 'ab'.repeat(4_000);
  expect(walk(a, 'cd'.repeat(4_000))).toBe(0);
  // One token in the middle of a great difference may be missed, nothing else.
  expect(walk(`${a}x${a}`, `${'cd'.repeat(4_000)}x`)).toBeLessThanOrEqual(1);
});
