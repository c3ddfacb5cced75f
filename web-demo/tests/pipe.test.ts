// A pipe delays, narrows and holds, and never reorders or loses.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pipe, type PipeConditions, waitingBytesMax } from '../src/network/pipe.js';

let conditions: PipeConditions;
let out: { readonly item: string; readonly at: number }[];
let overflows: number;
let pipe: Pipe<string>;

beforeEach(() => {
  vi.useFakeTimers();
  conditions = { delayMs: 0, bytesPerSecond: null, held: false };
  out = [];
  overflows = 0;
  pipe = new Pipe(
    () => conditions,
    (item) => out.push({ item, at: performance.now() }),
    () => overflows++,
  );
});
afterEach(() => {
  vi.useRealTimers();
});

const items = (): string => out.map(({ item }) => item).join('');

test('a good one is not noticed', () => {
  pipe.push('a', 10);
  expect(items()).toBe('a');
});

test('delays each by the same', async () => {
  conditions = { ...conditions, delayMs: 100 };
  const begun = performance.now();
  pipe.push('a', 10);
  await vi.advanceTimersByTimeAsync(60);
  pipe.push('b', 10);
  await vi.advanceTimersByTimeAsync(39);
  expect(items()).toBe('');
  await vi.advanceTimersByTimeAsync(100);
  expect(out.map(({ item, at }) => [item, at - begun])).toEqual([['a', 100], ['b', 160]]);
});

test('lets so many bytes a second through', async () => {
  conditions = { ...conditions, bytesPerSecond: 1_000 };
  const begun = performance.now();
  pipe.push('a', 500);
  pipe.push('b', 250);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(out.map(({ item, at }) => [item, at - begun])).toEqual([['a', 500], ['b', 750]]);
});

test('holds everything, and lets go of it in order', async () => {
  conditions = { ...conditions, held: true };
  for (const letter of 'abc') pipe.push(letter, 1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(items()).toBe('');
  conditions = { ...conditions, held: false };
  pipe.changed();
  pipe.push('d', 1);
  await vi.advanceTimersByTimeAsync(1);
  expect(items()).toBe('abcd');
});

test('better conditions reach what waits already', async () => {
  conditions = { ...conditions, delayMs: 2_000, bytesPerSecond: 1 };
  pipe.push('a', 500);
  pipe.push('b', 500);
  conditions = { delayMs: 0, bytesPerSecond: null, held: false };
  pipe.changed();
  pipe.push('c', 1);
  await vi.advanceTimersByTimeAsync(1);
  expect(items()).toBe('abc');
});

test('worse conditions for what comes do not let it overtake', async () => {
  conditions = { ...conditions, delayMs: 500 };
  pipe.push('a', 1);
  conditions = { ...conditions, delayMs: 0 };
  pipe.push('b', 1);
  await vi.advanceTimersByTimeAsync(600);
  expect(items()).toBe('ab');
});

test('says when more waits than it may hold', () => {
  conditions = { ...conditions, held: true };
  pipe.push('a', waitingBytesMax);
  expect(overflows).toBe(0);
  pipe.push('b', 1);
  expect(overflows).toBe(1);
  pipe.clear();
  conditions = { ...conditions, held: false };
  pipe.push('c', 1);
  expect(items()).toBe('c');
});
