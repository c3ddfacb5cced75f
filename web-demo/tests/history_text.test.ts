// What the history panel shows: marks, the smallest replacement, times and the coloured band.
import { Delta } from 'coedit';
import { describe, expect, test } from 'vitest';
import { authorMark, changeMark, replacement, shownChange, shownText, withAuthors, withChanges } from '../src/history/marked_text.js';
import { Playback, firstSpeed, speeds } from '../src/history/playback.js';
import { RevisionStore, composed } from '../src/history/revision_store.js';
import { TimelineModel } from '../src/history/timeline_model.js';
import { FakeHistory, dice } from './support/fake_history.js';

const formats = new Set(['bold', 'link', 'header']);

describe('marks', () => {
  test('formats nobody knows here are left out, and so are embeds', () => {
    const document = new Delta().insert('a', { bold: true, color: 'red', [changeMark]: 'ins', [authorMark]: 7 }).insert({ image: 'x' }).insert('\n', { header: 1 });
    expect(shownText(document, formats)).toEqual(new Delta().insert('a', { bold: true }).insert('\ufffc').insert('\n', { header: 1 }));
  });

  test('authors', () => {
    const shown = new Delta().insert('ab', { bold: true }).insert('c\n');
    const authored = new Delta().insert('a', { author: 1 }).insert('bc\n', { author: 2 });
    expect(withAuthors(shown, authored)).toEqual(
      new Delta().insert('a', { bold: true, [authorMark]: 1 }).insert('b', { bold: true, [authorMark]: 2 }).insert('c\n', { [authorMark]: 2 }),
    );
  });

  test('what went stands before what came, and neighbours are one change', () => {
    const before = new Delta().insert('one two three\n');
    const delta = new Delta().retain(4).insert('2').delete(3).retain(1).retain(5, { bold: true });
    const { shown, changes } = withChanges(before, delta, formats);
    expect(shown).toEqual(
      new Delta()
        .insert('one ')
        .insert('two', { [changeMark]: 'del' })
        .insert('2', { [changeMark]: 'ins' })
        .insert(' ')
        .insert('three', { bold: true, [changeMark]: 'mark' })
        .insert('\n'),
    );
    expect(changes).toEqual([{ from: 4, to: 8 }, { from: 9, to: 14 }]);
  });

  test('a delete that stands before the insert, and one format for another', () => {
    const { shown } = withChanges(new Delta().insert('a b', { bold: true }), new Delta().delete(1).insert('x').retain(2, { bold: null, color: 'red' }), formats);
    expect(shown.ops.map(({ insert, attributes }) => [insert, attributes?.[changeMark], attributes?.['bold']])).toEqual([
      ['a', 'del', true],
      ['x', 'ins', undefined],
      [' b', 'mark', undefined],
    ]);
  });

  test.each([
    ['on Saturday at', '=3 -4 +F =1 +i =3', 'on [-Saturday][+Friday] at'],
    ['the 8:12 train', '=4 -1 +9 =1 -2 +40', 'the [-8:12][+9:40] train'],
    ['def greet(x)', '=4 -2 +w =1 +lcom =1 -1', 'def [-greet][+welcome](x)'],
    ['an apple a day', '=8 +s =3 -3', 'an apple[+s] a [-day]'],
    ['one two', '=3 -1 +, and  =3', 'one[- ][+, and ]two'],
    ['a, b, c', '=1 -1 +; =2 -1 +;', 'a[-,][+;] b[-,][+;] c'],
    [`${'x'.repeat(50)} y`, '-1 +a =48 -1 +b', `[-${'x'.repeat(50)}][+a${'x'.repeat(48)}b] y`],
    [`${'x'.repeat(90)} y`, '-1 +a =88 -1 +b', `[-${'x'.repeat(41)}][+a${'x'.repeat(40)}]${'x'.repeat(8)}[-${'x'.repeat(41)}][+${'x'.repeat(40)}b] y`],
  ])('%s, %s', (text, edit, expected) => {
    const delta = new Delta();
    for (const step of edit.split(/ (?=[=+-])/)) {
      const rest = step.slice(1);
      if (step.startsWith('=')) delta.retain(Number(rest));
      else if (step.startsWith('-')) delta.delete(Number(rest));
      else delta.insert(rest);
    }
    const { shown } = withChanges(new Delta().insert(text), delta, formats);
    const signs: { readonly [kind: string]: string } = { ins: '+', del: '-' };
    const drawn = shown.ops.map(({ insert, attributes }) => {
      const kind = attributes?.[changeMark] as string | undefined;
      return kind === undefined ? insert : `[${signs[kind]}${insert}]`;
    });
    expect(drawn.join('')).toBe(expected);
  });

  test('an end of a line alone is drawn', () => {
    const { shown, changes } = withChanges(new Delta().insert('a\nb\n'), new Delta().retain(1).delete(1).retain(1).insert('\nc'), formats);
    expect(shown.ops.map(({ insert }) => insert)).toEqual(['a', '¶\n', 'b', '\nc', '\n']);
    expect(changes).toEqual([{ from: 1, to: 3 }, { from: 4, to: 6 }]);
  });

  test.each([1, 2, 3])('nothing of both texts is missing, seed %i', (seed) => {
    const history = FakeHistory.random(seed, 200);
    const bold = new Set(['bold']);
    for (const from of [0, 50, 120, 200]) {
      const delta = composed(history.operationsMade.slice(from).map(({ delta: each }) => each));
      const { shown } = withChanges(history.text(from), delta, bold);
      const without = (kind: string): string =>
        shown.ops.filter(({ attributes }) => attributes?.[changeMark] !== kind).map(({ insert }) => insert).join('').replaceAll('¶', '');
      const text = (document: Delta): string => shownText(document, bold).ops.map(({ insert }) => insert).join('');
      expect(without('ins')).toBe(text(history.text(from)));
      expect(without('del')).toBe(text(history.text(200)));
    }
  });
});

test.each([1, 2, 3])('what is shown of a change is the change of what is shown, seed %i', (seed) => {
  const history = FakeHistory.random(seed, 300);
  const store = new RevisionStore();
  store.addOperations(history.operationsMade);
  const roll = dice(seed);
  for (const shownFormats of [new Set<string>(), new Set(['bold'])]) {
    for (let i = 0; i < 20; i++) {
      const from = roll(300);
      const to = from + roll(301 - from);
      const shown = (revision: number): Delta => shownText(history.text(revision), shownFormats);
      const plain = store.change(from, to, ({ delta }) => shownChange(delta, shownFormats, null));
      expect(plain && shown(from).compose(plain)).toEqual(shown(to));
      const marked = (revision: number): Delta => withAuthors(shown(revision), history.authored(revision));
      const change = store.change(from, to, ({ delta, author }) => shownChange(delta, shownFormats, author));
      expect(change && marked(from).compose(change)).toEqual(marked(to));
    }
  }
  expect(store.change(290, 301, ({ delta }) => delta)).toBeNull();
});

describe('from one text to another', () => {
  const apply = (from: Delta, to: Delta): Delta => {
    const change = replacement(from, to);
    if (change === null) return from;
    const delta = new Delta().retain(change.from);
    for (const op of change.inserted) delta.push(op);
    return from.compose(delta.delete(change.removed));
  };

  test.each([1, 2, 3, 4])('any two of a history, seed %i', (seed) => {
    const history = FakeHistory.random(seed, 300);
    const roll = dice(seed);
    for (let i = 0; i < 200; i++) {
      const [from, to] = [shownText(history.text(roll(301)), formats), shownText(history.text(roll(301)), formats)];
      expect(apply(from, to)).toEqual(to);
    }
  });

  test('no more than what differs, and no emoji in halves', () => {
    const of = (a: string, b: string): unknown => replacement(new Delta().insert(a), new Delta().insert(b));
    expect(of('same\n', 'same\n')).toBeNull();
    expect(of('', '')).toBeNull();
    expect(of('ab\n', 'aXb\n')).toEqual({ from: 1, removed: 0, inserted: [{ insert: 'X' }] });
    expect(of('aa\n', 'aaa\n')).toEqual({ from: 0, removed: 0, inserted: [{ insert: 'a' }] });
    // Both begin with the same half, or end with it.
    expect(of('😀\n', '😁\n')).toEqual({ from: 0, removed: 2, inserted: [{ insert: '😁' }] });
    expect(of('\u{1f600}', '\u{1fa00}')).toEqual({ from: 0, removed: 2, inserted: [{ insert: '\u{1fa00}' }] });
    const bold = new Delta().insert('a').insert('b', { bold: true }).insert('c\n');
    expect(replacement(new Delta().insert('abc\n'), bold)).toEqual({ from: 1, removed: 1, inserted: [{ insert: 'b', attributes: { bold: true } }] });
  });
});

describe('the band and the times', () => {
  const model = new TimelineModel();
  model.set({
    headRevision: 100,
    createdMs: 1_000,
    changedMs: 9_000,
    points: [
      { revision: 10, atMs: 2_000, author: 1 },
      { revision: 50, atMs: 3_000, author: 1 },
      { revision: 80, atMs: 4_000, author: 2 },
      { revision: 100, atMs: 9_000, author: 1 },
    ],
    authors: [
      { author: 1, name: 'Ada\u202e', color: '#AF42C0' },
      { author: 2, name: '', color: 'red; background: url(x)' },
    ],
  });

  test('names and colours are made safe', () => {
    expect(model.author(1)).toEqual({ author: 1, name: 'Ada', color: '#af42c0' });
    expect(model.author(2).name).toBe('Anonymous');
    expect(model.author(2).color).toMatch(/^#[0-9a-f]{6}$/);
    expect(model.author(9).name).toBe('Author 9');
  });

  test('neighbours of one author are one piece', () => {
    expect(model.band(100)).toEqual([
      { from: 0, to: 0.5, author: 1 },
      { from: 0.5, to: 0.8, author: 2 },
      { from: 0.8, to: 1, author: 1 },
    ]);
    // What was written since belongs to the last until the timeline is asked again.
    expect(model.band(200).at(-1)).toEqual({ from: 0.4, to: 1, author: 1 });
    expect(model.bandImage(100)).toMatch(/^linear-gradient\(to right, #af42c0 0\.000% 50\.000%, #[0-9a-f]{6} 50\.000% 80\.000%, #af42c0 80\.000% 100\.000%\)$/);
    expect(new TimelineModel().bandImage(0)).toBe('none');
  });

  test('the time of a revision: exact where it is known', () => {
    expect(model.moment(0, undefined)).toEqual({ atMs: 1_000, author: 0, exact: true });
    expect(model.moment(5, undefined)).toEqual({ atMs: 1_000, author: 1, exact: false });
    expect(model.moment(60, undefined)).toEqual({ atMs: 3_000, author: 1, exact: false });
    expect(model.moment(80, undefined)).toEqual({ atMs: 4_000, author: 2, exact: true });
    expect(model.moment(60, { atMs: 3_500, author: 2 })).toEqual({ atMs: 3_500, author: 2, exact: true });
  });
});

describe('playback', () => {
  const [slow] = speeds;
  test('goes by time, not by frames, and waits for what is not there', () => {
    const playback = new Playback(0, 0);
    const at = (ms: number, reachable = 1_000): number => playback.step(ms, slow ?? { editsPerSecond: 10, label: '' }, reachable);
    expect([at(50), at(100), at(200)]).toEqual([0, 1, 2]);
    expect([at(300, 2), at(400, 2), at(500)]).toEqual([2, 2, 3]);
    // The page was hidden for a minute.
    expect(at(60_500)).toBe(5);
  });
  test('a long history is quick by itself', () => {
    expect(firstSpeed(20).editsPerSecond).toBe(10);
    expect(firstSpeed(260_000)).toBe(speeds.at(-1));
    for (const head of [0, 600, 601, 50_000]) expect(head / firstSpeed(head).editsPerSecond).toBeLessThanOrEqual(60);
  });
});
