import { describe, expect, test } from 'vitest';
import { Delta } from '../src/delta.js';
import { fieldDelta } from '../src/textarea_diff.js';
import { Random, randomEdit, seedOfRun } from './support/random.js';

/** "a|b" is a text with the caret (or a selection's end) at the bar. */
function change(before: string, after: string): unknown {
  const caret = after.indexOf('|');
  return fieldDelta(before.replace('|', ''), after.replace('|', ''), caret).ops;
}

describe('the caret says which of equal letters it was', () => {
  test.each([
    ['typed at the end of a run', 'aa|', 'aaa|', [{ retain: 2 }, { insert: 'a' }]],
    ['typed at its beginning', '|aa', 'a|aa', [{ insert: 'a' }]],
    ['typed in the middle', 'a|a', 'aa|a', [{ retain: 1 }, { insert: 'a' }]],
    ['deleted to the left', 'aa|a', 'a|a', [{ retain: 1 }, { delete: 1 }]],
    ['deleted to the right', 'a|aa', 'a|a', [{ retain: 1 }, { delete: 1 }]],
    ['a word corrected, what follows untouched', 'teh |end', 'the |end', [{ retain: 1 }, { insert: 'he' }, { delete: 2 }]],
    ['a selection replaced', 'one two| three', 'one 2| three', [{ retain: 4 }, { insert: '2' }, { delete: 3 }]],
    ['everything gone', 'all of it|', '|', [{ delete: 9 }]],
    ['dropped elsewhere, the caret tells nothing', 'abc def', 'def| abc', null],
    ['nothing', 'abc|', 'abc|', []],
  ])('%s', (_what, before, after, ops) => {
    if (ops === null) {
      const text = before.replace('|', '');
      const applied = new Delta().insert(text).compose(new Delta(change(before, after) as []));
      expect(applied.ops).toEqual([{ insert: after.replace('|', '') }]);
    } else {
      expect(change(before, after)).toEqual(ops);
    }
  });

  test('pairs are kept whole', () => {
    // Both begin with the same half.
    expect(change('😀|', '😁|')).toEqual([{ insert: '😁' }, { delete: 2 }]);
    // Both end with the same half: U+1F600 and U+1FA00.
    expect(change('\u{1f600}|', '\u{1fa00}|')).toEqual([{ insert: '\u{1fa00}' }, { delete: 2 }]);
  });
});

test('the effect is always the one asked for, wherever the caret is', () => {
  const random = new Random(seedOfRun());
  console.log(`field changes: SEED=${random.seed}`);
  for (let round = 0; round < 2_000; round++) {
    const whole = 'ab😀\nab'.repeat(random.below(30));
    const after = new Delta().insert(whole).compose(randomEdit(random, new Delta().insert(whole), false));
    const text = after.ops.map(({ insert }) => insert).join('');
    const delta = fieldDelta(whole, text, random.below(text.length + 1));
    const result = new Delta().insert(whole).compose(delta);
    expect(result.ops.map(({ insert }) => insert).join(''), `seed ${random.seed} round ${round}`).toBe(text);
  }
});

test('long equal ends cost no walk over every unit', () => {
  const text = 'The quick brown fox. '.repeat(100_000);
  const at = 1_000_000;
  const typed = `${text.slice(0, at)}x${text.slice(at)}`;
  expect(fieldDelta(text, typed, at + 1).ops).toEqual([{ retain: at }, { insert: 'x' }]);
});
