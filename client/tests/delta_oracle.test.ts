// The delta's algebra beside npm quill-delta, on random documents and edits.
import QuillDelta from 'quill-delta';
import { expect, test } from 'vitest';
import { Delta, type Op } from '../src/delta.js';
import { Random, breathe, edgesOf, randomDocument, randomEdit, seedOfRun } from './support/random.js';

/** Cases of this run; `CASES=20000` for a long one. */
const cases = Number(process.env['CASES'] ?? 1_500);

const oracle = (delta: Delta): QuillDelta => new QuillDelta(structuredClone(delta.ops) as Op[]);
const same = (own: Delta, theirs: { readonly ops: unknown }, what: string): void => {
  expect(JSON.stringify(sorted(own.ops)), what).toBe(JSON.stringify(sorted(theirs.ops)));
};

/** Keys in one order: that of formats says nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
}

test('compose, transform, invert, slice, concat and positions are those of quill-delta', async () => {
  const seed = seedOfRun();
  console.log(`delta oracle: SEED=${seed}, ${cases} cases`);
  for (let i = 0; i < cases; i++) {
    const random = new Random(seed + i);
    if (i % 100 === 0) await breathe();
    const document = randomDocument(random, random.below(8));
    const a = randomEdit(random, document);
    const b = randomEdit(random, document);
    const after = document.compose(a);
    const c = randomEdit(random, after);
    const what = `SEED=${seed + i}`;
    same(after, oracle(document).compose(oracle(a)), `${what} apply`);
    same(a.compose(c), oracle(a).compose(oracle(c)), `${what} compose`);
    for (const priority of [true, false]) {
      same(a.transform(b, priority), oracle(a).transform(oracle(b), priority), `${what} transform`);
      same(c.transform(b, priority), oracle(c).transform(oracle(b), priority), `${what} transform of another length`);
      for (const edge of edgesOf(document)) {
        expect(a.transformPosition(edge, priority), what).toBe(oracle(a).transformPosition(edge, priority));
      }
    }
    const [from, to] = [random.below(after.length() + 2), random.below(after.length() + 2)];
    same(after.slice(from, to), oracle(after).slice(from, to), `${what} slice`);
    same(a.concat(c), oracle(a).concat(oracle(c)), `${what} concat`);
    expect(after.length(), what).toBe(oracle(after).length());
    // quill-delta compares formats by identity and says equal objects again: compare what it does.
    same(after.compose(a.invert(document)), document, `${what} invert restores`);
    same(oracle(after).compose(oracle(a.invert(document))) as unknown as Delta, document, `${what} invert restores theirs`);
  }
});

test('pushes in any order give the normal form of quill-delta', () => {
  const seed = seedOfRun();
  console.log(`delta pushes: SEED=${seed}, ${cases} cases`);
  for (let i = 0; i < cases; i++) {
    const random = new Random(seed + i);
    const own = new Delta();
    const theirs = new QuillDelta();
    for (let count = random.below(12); count > 0; count--) {
      const attributes = random.chance(0.4) ? random.pick([{ bold: true }, { a: { b: 1, c: [2] } }, { a: { c: [2], b: 1 } }, {}]) : null;
      const kind = random.below(4);
      const length = 1 + random.below(3);
      if (kind === 0) own.delete(length), theirs.delete(length);
      else if (kind === 1) own.retain(length, attributes), theirs.retain(length, attributes);
      else if (kind === 2) own.insert('x'.repeat(length), attributes), theirs.insert('x'.repeat(length), attributes);
      else own.insert({ image: 'i' }, attributes), theirs.insert({ image: 'i' }, attributes);
    }
    same(own, theirs, `SEED=${seed + i}`);
    same(own.chop(), theirs.chop(), `SEED=${seed + i} chopped`);
  }
});
