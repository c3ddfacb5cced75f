// The cases of delta_cases.cc against npm quill-delta 5.1.0.
import quillDelta from 'quill-delta';
import { compare } from './tally.mjs';

const Delta = quillDelta.default ?? quillDelta;
const { OpIterator } = quillDelta;

// quill-delta's invert compares attribute values by identity, so that equal objects count as
// different; ot/ compares them as text. Equal objects become one object here.
const objects = new Map();
function share(value) {
  if (value === null || typeof value !== 'object') return value;
  const text = JSON.stringify(value);
  if (!objects.has(text)) objects.set(text, value);
  return objects.get(text);
}
function read(ops) {
  for (const op of ops) {
    for (const key of Object.keys(op.attributes ?? {})) op.attributes[key] = share(op.attributes[key]);
  }
  return new Delta(ops);
}

// quill-delta undoes the removal of a format that was not there by removing it; ot/ by nothing. So the
// inverse is compared for what such removals leave of `change`.
function withoutIdleRemovals(change, base) {
  const runs = new OpIterator(base.ops);
  const result = new Delta();
  for (const op of change.ops) {
    if (op.insert !== undefined) result.push(op);
    for (let left = op.retain ?? op.delete ?? 0; left > 0; ) {
      const run = runs.next(left);
      const length = typeof run.insert === 'string' ? run.insert.length : 1;
      left -= length;
      const had = (key) => run.attributes?.[key] !== undefined;
      const set = Object.entries(op.attributes ?? {}).filter(([key, value]) => value !== null || had(key));
      if (op.delete !== undefined) result.delete(length);
      else result.retain(length, Object.fromEntries(set));
    }
  }
  return read(result.chop().ops); // building it made copies of the values
}

const laws = {
  'quill-delta: apply': (c) => [c.s.compose(c.a).ops, c.applied],
  'quill-delta: compose': (c) => [c.a.compose(c.c).ops, c.composed],
  'quill-delta: transform, over stands left': (c) => [c.a.transform(c.b, true).ops, c.overLeft],
  'quill-delta: transform, over stands right': (c) => [c.a.transform(c.b, false).ops, c.overRight],
  'quill-delta: transformPosition, caret stays': (c) => [c.a.transformPosition(c.caret, true), c.caretStays],
  'quill-delta: transformPosition, caret moves': (c) => [c.a.transformPosition(c.caret, false), c.caretMoves],
  'quill-delta: invert': (c) => [withoutIdleRemovals(c.a, c.s).invert(c.s).ops, c.inverse],
  'quill-delta: our difference, composed': (c) => [c.applied, c.s.compose(new Delta(c.difference)).ops],
};

export function checkWithQuill(what) {
  for (const [law, run] of Object.entries(laws)) {
    const c = { ...what };
    for (const name of ['s', 'a', 'b', 'c']) c[name] = read(structuredClone(what[name]));
    let expected;
    let got;
    try {
      [expected, got] = run(c);
    } catch (error) {
      [expected, got] = [`quill-delta throws ${error}`, null];
    }
    compare(law, expected, got, what);
  }
  if (objects.size > 100000) objects.clear();
}
