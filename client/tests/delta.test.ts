import { describe, expect, test } from 'vitest';
import { canonicalJson, checkJson, isWellFormed } from '../src/canonical_json.js';
import { Delta, deltaFromEditor, deltaFromWire, normalText, sameDelta, textOf } from '../src/delta.js';
import { alignPairs, cutsPair, diffDocuments } from '../src/diff.js';
import { EditError, ProtocolError } from '../src/errors.js';
import { splitToFit } from '../src/split.js';
import { Random, breathe, randomDocument, randomEdit, seedOfRun } from './support/random.js';

describe('deltas at the door', () => {
  test('line ends become LF and U+0000 goes', () => {
    expect(normalText('a\r\nb\rc\0d\n')).toBe('a\nb\ncd\n');
    expect(deltaFromEditor([{ insert: '\0' }]).ops).toEqual([]);
  });
  test('nulls leave inserts, stay on retains; empty formats and zero lengths go', () => {
    const delta = deltaFromEditor({
      ops: [
        { retain: 0 },
        { insert: 'a', attributes: { bold: null, italic: true } },
        { insert: 'b', attributes: { bold: null } },
        { retain: 2, attributes: { bold: null } },
        { insert: 'c', attributes: {} },
        { delete: 0 },
        { retain: 4 },
      ],
    });
    expect(delta.ops).toEqual([
      { insert: 'a', attributes: { italic: true } },
      { insert: 'b' },
      { retain: 2, attributes: { bold: null } },
      { insert: 'c' },
    ]);
  });
  test.each<[string, unknown]>([
    ['two kinds', { insert: 'a', retain: 1 }],
    ['no kind', {}],
    ['a fraction', { retain: 1.5 }],
    ['a negative length', { delete: -1 }],
    ['beyond 2^31 - 1', { retain: 2 ** 31 }],
    ['an embed retain', { retain: { image: 'x' } }],
    ['an embed of two keys', { insert: { a: 1, b: 2 } }],
    ['a number embed', { insert: 5 }],
    ['a prototype name as a key', { insert: 'a', attributes: { constructor: 1 } }],
    ['a prototype name deep inside', { insert: 'a', attributes: { x: [JSON.parse('{"__proto__":1}')] } }],
    ['a big integer', { insert: 'a', attributes: { x: 2 ** 53 + 2 } }],
    ['half a pair in a format', { insert: 'a', attributes: { x: '\ud83c' } }],
  ])('%s is refused', (_, op) => {
    expect(() => deltaFromEditor([op as never])).toThrow(EditError);
    expect(() => deltaFromWire([op as never])).toThrow(ProtocolError);
  });
  test('the wire may carry neither an empty insert, nor a zero length, nor half a pair', () => {
    for (const op of [{ insert: '' }, { retain: 0 }, { insert: 'x\ud83c' }, { insert: '\udf00x' }]) {
      expect(() => deltaFromWire([op])).toThrow(ProtocolError);
    }
  });
  test('canonical JSON sorts keys by UTF-16 units at every depth', () => {
    expect(canonicalJson({ b: 1, a: { '\u20ac': 1, '\r': 2, '\ufb33': 3, '😀': 4, 1: 5 } })).toBe(
      '{"a":{"\\r":2,"1":5,"€":1,"😀":4,"\ufb33":3},"b":1}',
    );
    expect(canonicalJson([-0, 1e21, 1e-7, 0.1])).toBe('[0,1e+21,1e-7,0.1]');
  });
  test('JSON has a bound on depth', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 70; i++) deep = [deep];
    expect(() => checkJson(deep, 'x')).toThrow(/nested/);
  });
  test('the text of a document has its positions', () => {
    expect(textOf(new Delta().insert('a').insert({ image: 'x' }).insert('😀'))).toBe('a\ufffc😀');
  });
});

describe('difference', () => {
  test('never cuts a pair where units would (x🌀 -> x🏆🌀)', () => {
    const a = new Delta().insert('x🌀');
    const b = new Delta().insert('x🏆🌀');
    expect(diffDocuments(a, b).ops).toEqual([{ retain: 1 }, { insert: '🏆' }]);
    expect(diffDocuments(b, a).ops).toEqual([{ retain: 1 }, { delete: 2 }]);
    // Same first half at the start, same second half at the end.
    expect(diffDocuments(new Delta().insert('🌀'), new Delta().insert('🏆')).ops).toEqual([{ insert: '🏆' }, { delete: 2 }]);
  });
  test('formats and embeds', () => {
    const a = new Delta().insert('ab', { bold: true }).insert({ image: 'x' });
    const b = new Delta().insert('a', { bold: true }).insert('b', { header: 1 }).insert({ image: 'y' });
    const d = diffDocuments(a, b);
    expect(a.compose(d)).toEqual(b);
    expect(d.ops).toEqual([
      { retain: 1 },
      { retain: 1, attributes: { bold: null, header: 1 } },
      { insert: { image: 'y' } },
      { delete: 1 },
    ]);
  });
  test('composes back exactly and cuts no pair, on random documents', async () => {
    const random = new Random(seedOfRun());
    console.log(`difference: SEED=${random.seed}`);
    for (let round = 0; round < 1500; round++) {
      if (round % 50 === 0) await breathe();
      const a = randomDocument(random, random.below(12));
      // Near and far ones.
      let b = random.chance(0.3) ? randomDocument(random, random.below(12)) : a;
      for (let i = random.below(4); i > 0; i--) b = b.compose(randomEdit(random, b));
      const d = diffDocuments(a, b);
      const where = `seed ${random.seed} round ${round}`;
      expect(sameDelta(a.compose(d), b), where).toBe(true);
      expect(cutsPair(d, a), where).toBe(false);
    }
  });
  test('large documents go by lines and still compose back', () => {
    const random = new Random(7);
    const lines = Array.from({ length: 3000 }, () => `${random.below(500)} 😀 line\n`);
    const a = new Delta().insert(lines.join(''));
    const b = new Delta().insert(lines.filter((_, i) => i % 7 !== 0).join('') + 'end 🏆\n', { bold: true });
    const d = diffDocuments(a, b);
    expect(sameDelta(a.compose(d), b)).toBe(true);
    expect(d.ops.length).toBeGreaterThan(300);
    const other = new Delta().insert(Array.from({ length: 20000 }, (_, i) => `${i}\n`).join(''));
    expect(sameDelta(a.compose(diffDocuments(a, other)), other)).toBe(true);
  });
});

describe('pairs', () => {
  const view = new Delta().insert('a😀b🌀c');
  test('an edge inside a pair is seen', () => {
    expect(cutsPair(new Delta().retain(2).insert('x'), view)).toBe(true);
    expect(cutsPair(new Delta().retain(1).delete(1), view)).toBe(true);
    expect(cutsPair(new Delta().retain(2, { bold: true }), view)).toBe(true);
    expect(cutsPair(new Delta().retain(1).delete(2).retain(1, { bold: true }), view)).toBe(false);
  });
  test('an edit by units becomes one by characters, with the same text', () => {
    // 😀 is D83D DE00, 😁 is D83D DE01: an editor may say that the first half stayed.
    const edit = new Delta().retain(2).insert('\ude01').delete(1);
    const aligned = alignPairs(edit, view);
    expect(aligned.ops).toEqual([{ retain: 1 }, { insert: '😁' }, { delete: 2 }]);
  });
  test('halves that stay alone become U+FFFD', () => {
    const aligned = alignPairs(new Delta().retain(1).delete(1), view);
    expect(textOf(view.compose(aligned))).toBe('a\ufffdb🌀c');
  });
});

describe('splitting', () => {
  const measure = (delta: Delta): number => new TextEncoder().encode(JSON.stringify(delta)).length;
  const limits = (messageBytes: number, deltaComponents = 4096) => ({ messageBytes, deltaComponents, measure });

  test('what fits is not split', () => {
    const delta = new Delta().insert('abc');
    expect(splitToFit(delta, limits(1000))).toEqual({ first: delta, rest: new Delta() });
  });
  test('a long text is cut between characters', () => {
    const delta = new Delta().retain(3).insert('😀'.repeat(300), { bold: true }).delete(2);
    let rest = delta;
    let whole = new Delta();
    let parts = 0;
    while (rest.ops.length > 0) {
      const split = splitToFit(rest, limits(200));
      if (split === null) throw new Error('nothing fits');
      expect(measure(split.first)).toBeLessThanOrEqual(200);
      for (const op of split.first.ops) if (typeof op.insert === 'string') expect(isWellFormed(op.insert)).toBe(true);
      whole = whole.compose(split.first);
      rest = split.rest;
      parts++;
    }
    expect(whole).toEqual(delta);
    expect(parts).toBeGreaterThan(5);
  });
  test('many components are cut at a component', () => {
    const delta = new Delta();
    for (let i = 0; i < 100; i++) delta.retain(1).insert('x').delete(1);
    const split = splitToFit(delta, limits(1e9, 30));
    expect(split?.first.ops.length).toBe(30);
    // Ten times retain 1, insert, delete 1 leave 20 units; the next retain 1 joins them.
    expect(split?.rest.ops[0]).toEqual({ retain: 21 });
    expect(split!.first.compose(split!.rest)).toEqual(delta);
  });
  test('null when one component alone is too large', () => {
    expect(splitToFit(new Delta().insert({ image: 'x'.repeat(500) }), limits(200))).toBeNull();
  });
  test('the parts compose to the whole on random edits, under tight limits', async () => {
    const random = new Random(seedOfRun());
    console.log(`splitting: SEED=${random.seed}`);
    for (let round = 0; round < 800; round++) {
      if (round % 50 === 0) await breathe();
      const document = randomDocument(random, random.below(8));
      let edit = new Delta();
      let target = document;
      for (let i = 1 + random.below(6); i > 0; i--) {
        const next = randomEdit(random, target);
        edit = edit.compose(next);
        target = target.compose(next);
      }
      const where = `seed ${random.seed} round ${round}`;
      let rest = edit;
      let text = document;
      for (let turn = 0; rest.ops.length > 0; turn++) {
        expect(turn, where).toBeLessThan(500);
        const split = splitToFit(rest, limits(150 + random.below(200), 2 + random.below(5)));
        if (split === null) throw new Error(`nothing fits: ${where}`);
        expect(cutsPair(split.first, text), where).toBe(false);
        text = text.compose(split.first);
        rest = split.rest;
      }
      expect(sameDelta(text, target), where).toBe(true);
    }
  });
});
