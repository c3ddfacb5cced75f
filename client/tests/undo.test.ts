// Undo and redo: how edits are grouped, and what is left of whom after random sessions.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Client, connect } from '../src/client.js';
import { Delta, sameDelta } from '../src/delta.js';
import { EditError } from '../src/errors.js';
import { memoryStore, offline } from '../src/offline.js';
import type { Change, SharedDocument } from '../src/shared_document.js';
import { type HistoryEvents, UndoHistory, simplified } from '../src/undo.js';
import { Random, edgesOf, randomDocument, randomEdit, seedOfRun } from './support/random.js';
import { type MemoryNetwork, MemoryServer, type MemoryServerOptions } from '../src/testing.js';

const at = (position: number): Delta => (position > 0 ? new Delta().retain(position) : new Delta());
const insert = (position: number, text: string): Delta => at(position).insert(text);
const remove = (position: number, length: number): Delta => at(position).delete(length);
/** Rounds of each random test; a long run sets more. */
const rounds = Number(process.env['SESSIONS'] ?? 10);
const caret = (position: number) => [{ anchor: position, head: position }];

/** A text with a history and a clock, and nobody else but who is told of by `remote`. */
class Page {
  text: Delta;
  timeMs = 0;
  readonly selections: unknown[] = [];
  readonly history: UndoHistory;
  constructor(text = '', options: { groupsMax?: number; unitsMax?: number } = {}) {
    this.text = text === '' ? new Delta() : new Delta().insert(text);
    this.history = new UndoHistory(
      (delta, source, selection) => {
        this.history.record(source, delta, this.text, null);
        this.text = this.text.compose(delta);
        this.selections.push(selection);
      },
      { ...options, now: () => this.timeMs },
    );
  }
  get shown(): string {
    return this.text.ops.map(({ insert: piece }) => piece).join('');
  }
  edit(delta: Delta, selectionBefore: ReturnType<typeof caret> | null = null): void {
    this.history.record('local', delta, this.text, selectionBefore);
    this.text = this.text.compose(delta);
  }
  type(text: string, position = this.text.length()): void {
    [...text].forEach((letter, index) => this.edit(insert(position + index, letter), caret(position + index)));
  }
  remote(delta: Delta): void {
    const before = this.text;
    this.text = before.compose(delta);
    this.history.changed(delta, 'remote', () => before);
  }
  /** The text after each undo, to the beginning. */
  undone(): string[] {
    const texts: string[] = [];
    for (; this.history.canUndo; texts.push(this.shown)) this.history.undo();
    return texts;
  }
}

describe('groups', () => {
  test('what is typed without a pause goes at once, a pause begins anew', () => {
    const page = new Page();
    page.type('one');
    page.timeMs += 999;
    page.type(' two');
    page.timeMs += 1_000;
    page.type(' three');
    expect(page.undone()).toEqual(['one two', '']);
  });
  test('typing, deleting, pasting and formatting are different things', () => {
    const page = new Page();
    page.type('hello');
    page.edit(remove(4, 1));
    page.edit(remove(3, 1));
    page.type('p!');
    page.edit(insert(5, 'a long paste '.repeat(4)));
    page.type('.');
    page.edit(new Delta().retain(5, { bold: true }));
    page.edit(new Delta().retain(5, { italic: true }));
    page.edit(new Delta().insert({ image: 'x' }));
    const long = 'a long paste '.repeat(4);
    expect(page.undone()).toEqual([
      `help!${long}.`, `help!${long}.`, `help!${long}.`, `help!${long}`, 'help!', 'hel', 'hello', '',
    ]);
  });
  test('backspace and delete go on where they were; elsewhere begins anew', () => {
    const page = new Page('0123456789');
    page.edit(remove(5, 1));
    page.edit(remove(4, 1));
    page.edit(remove(4, 1));
    page.edit(remove(1, 1));
    expect(page.undone()).toEqual(['0123789', '0123456789']);
    page.type('a', 3);
    page.type('b', 7);
    expect(page.undone()).toEqual(['012a3456789', '0123456789']);
  });
  test('an input method that replaces what it has just typed is typing', () => {
    const page = new Page('> ');
    page.edit(insert(2, 'に'));
    page.edit(at(2).insert('にh').delete(1));
    page.edit(at(2).insert('日本').delete(2));
    page.type('!');
    expect(page.shown).toBe('> 日本!');
    expect(page.undone()).toEqual(['> ']);
  });
  test('replacing a selection by typing is one group with what follows', () => {
    const page = new Page('one two three');
    page.edit(at(4).insert('2').delete(3));
    page.type('0', 5);
    expect(page.shown).toBe('one 20 three');
    expect(page.undone()).toEqual(['one two three']);
  });
  test('a boundary ends a group, and so do undo and redo', () => {
    const page = new Page();
    page.type('a');
    page.history.boundary();
    page.type('b');
    page.history.undo();
    page.history.redo();
    page.type('c');
    expect(page.undone()).toEqual(['ab', 'a', '']);
  });
  test('typing and taking back at once leaves nothing', () => {
    const page = new Page('x');
    page.edit(insert(1, 'y'));
    page.edit(at(1).delete(1));
    expect(page.undone()).toEqual(['xy', 'x']);
    page.edit(insert(1, 'é'));
    page.edit(at(1).insert('e').delete(1));
    expect(page.undone()).toEqual(['x']);
  });
  test('others do not break a group, and one they have deleted grows no more', () => {
    const page = new Page('ab');
    page.type('x', 1);
    page.remote(insert(0, '>>'));
    page.type('y', 4);
    expect(page.shown).toBe('>>axyb');
    page.remote(remove(3, 2));
    expect(page.history.canUndo).toBe(false);
    page.type('z', 3);
    expect(page.undone()).toEqual(['>>ab']);
  });
  test('are bounded in number and size', () => {
    const page = new Page('', { groupsMax: 3, unitsMax: 100 });
    for (const letter of 'abcdef') {
      page.type(letter);
      page.history.boundary();
    }
    expect(page.undone()).toEqual(['abcde', 'abcd', 'abc']);
    const big = new Page('x'.repeat(300), { unitsMax: 100 });
    big.edit(remove(0, 60));
    big.edit(remove(0, 60));
    expect(big.undone().map(({ length }) => length)).toEqual([240]);
    big.edit(remove(0, 200));
    expect(big.undone().map(({ length }) => length)).toEqual([240]);
  });
});

describe('the caret', () => {
  test('goes back to where it was, on both sides, whatever others did', () => {
    const page = new Page('hello world');
    page.edit(at(6).insert('W').delete(5), [{ anchor: 11, head: 6 }]);
    page.type('e', 7);
    page.remote(insert(0, '12'));
    page.remote(insert(6, 'xx'));
    expect(page.shown).toBe('12hellxxo We');
    page.history.undo();
    page.remote(insert(0, '3'));
    page.history.redo();
    page.history.undo();
    expect(page.selections).toEqual([[{ anchor: 15, head: 10 }], caret(13), [{ anchor: 16, head: 11 }]]);
  });
  test('goes behind the change where nobody told a place', () => {
    const page = new Page('hello');
    page.edit(remove(1, 3));
    page.history.undo();
    page.history.redo();
    page.edit(new Delta().retain(2, { bold: true }));
    page.history.undo();
    expect(page.selections).toEqual([caret(4), caret(1), caret(2)]);
  });
});

test('simplified: what deletes and inserts the same does nothing', () => {
  const base = new Delta().insert('abc', { bold: true }).insert('def😀');
  const delta = new Delta().insert('ab', { bold: true }).delete(2).retain(2).retain(1, { bold: null }).retain(1, { x: 1 });
  expect(simplified(delta, base)).toEqual(new Delta().retain(5).retain(1, { x: 1 }));
  const random = new Random(seedOfRun());
  for (let i = 0; i < 300; i++) {
    const text = randomDocument(random, 5);
    const edit = randomEdit(random, text);
    const more = edit.compose(randomEdit(random, text.compose(edit)));
    expect(text.compose(simplified(more, text)), `SEED=${random.seed}`).toEqual(text.compose(more));
    const nothing = edit.compose(edit.invert(text));
    expect(simplified(nothing, text).ops, `SEED=${random.seed}`).toEqual([]);
  }
});

// ---- whole clients ----

let network: MemoryNetwork;
const clients: Client[] = [];
const pass = (ms = 50): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

function world(options: MemoryServerOptions = { immediate: true }): MemoryServer {
  const server = new MemoryServer(options);
  network = server.network;
  return server;
}
async function people(count: number, create: 'rich-text' | 'plain-text' = 'plain-text'): Promise<SharedDocument[]> {
  const documents = Array.from({ length: count }, () => {
    const client = connect('http://example.org', { WebSocket: network.WebSocket });
    clients.push(client);
    return client.open('notes', { create });
  });
  await pass();
  return documents;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  vi.useRealTimers();
});

describe('in a document', () => {
  test('undo is an edit that everyone sees, told as what it is', async () => {
    world();
    const [a, b] = (await people(2)) as [SharedDocument, SharedDocument];
    const heard: Change[] = [];
    const flags: HistoryEvents['change'][] = [];
    a.on('change', (change) => heard.push(change));
    a.history.on('change', (event) => flags.push(event));
    expect([a.history.canUndo, a.history.canRedo]).toEqual([false, false]);
    a.history.undo();
    a.apply(insert(0, 'mine'), { selectionBefore: caret(0), origin: 'editor' });
    await pass();
    b.apply(insert(2, '-theirs-'));
    await pass();
    a.history.undo();
    await pass();
    expect([a.text, b.text, b.history.canUndo]).toEqual(['-theirs-', '-theirs-', true]);
    a.history.redo();
    await pass();
    expect([a.text, b.text]).toEqual(['mi-theirs-ne', 'mi-theirs-ne']);
    expect(heard.map(({ source, selection, origin, length }) => [source, selection, origin, length])).toEqual([
      ['local', undefined, 'editor', 4],
      ['remote', undefined, undefined, 12],
      ['undo', caret(0), undefined, 8],
      ['redo', caret(12), undefined, 12],
    ]);
    expect(flags).toEqual([
      { canUndo: true, canRedo: false },
      { canUndo: false, canRedo: true },
      { canUndo: true, canRedo: false },
    ]);
    a.history.clear();
    expect(a.history.canUndo).toBe(false);
  });

  test('what was there at the beginning cannot be undone', async () => {
    world().create('notes', 'plain-text', new Delta().insert('text'));
    const [a] = (await people(1)) as [SharedDocument];
    expect([a.text, a.history.canUndo]).toEqual(['text', false]);
  });

  test('who may not write cannot undo, and nothing is lost by trying', async () => {
    let refuse = false;
    world({ immediate: true, refuse: () => (refuse ? { code: 'forbidden', text: 'no' } : null) });
    const [a] = (await people(1)) as [SharedDocument];
    a.apply(insert(0, 'kept'));
    await pass();
    refuse = true;
    a.apply(insert(4, ' refused'));
    await pass();
    expect([a.text, a.role, a.history.canUndo]).toEqual(['kept', 'reader', true]);
    expect(() => a.history.undo()).toThrow(EditError);
    expect([a.text, a.history.canUndo]).toEqual(['kept', true]);
  });

  test.each([
    ['an insert', insert(0, 'BAD'), 'text'],
    ['a delete', remove(1, 2), 'text'],
    ['a replacement', at(0).insert('T').delete(1), 'text'],
  ])('%s that was refused is no step of the history', async (_, edit, text) => {
    let refusals = 0;
    world({ immediate: true, refuse: () => (refusals-- > 0 ? { code: 'document_limit', text: 'full' } : null) });
    const [a] = (await people(1)) as [SharedDocument];
    a.apply(insert(0, text));
    a.history.boundary();
    await pass();
    refusals = 1;
    a.apply(edit);
    a.apply(insert(a.length, '!'));
    await pass();
    expect(a.text).toBe(`${text}!`);
    a.history.undo();
    expect(a.text).toBe(text);
    a.history.undo();
    expect([a.text, a.history.canUndo]).toEqual(['', false]);
    await pass();
  });

  test('a refused undo can be tried again', async () => {
    let refuse = false;
    world({ immediate: true, refuse: () => (refuse ? { code: 'document_limit', text: 'full' } : null) });
    const [a] = (await people(1)) as [SharedDocument];
    a.apply(insert(0, 'text'));
    await pass();
    a.apply(remove(1, 2));
    await pass();
    refuse = true;
    a.history.undo();
    expect(a.text).toBe('text');
    await pass();
    expect([a.text, a.history.canRedo]).toEqual(['tt', false]);
    refuse = false;
    a.history.undo();
    expect(a.text).toBe('text');
    a.history.undo();
    expect([a.text, a.history.canUndo]).toEqual(['', false]);
  });

  test('an edit sent a second time and then refused is no step of the history', async () => {
    let refuse = false;
    const server = world({ immediate: false, refuse: () => (refuse ? { code: 'document_limit', text: 'full' } : null) });
    const [a] = (await people(1)) as [SharedDocument];
    a.apply(insert(0, 'text'));
    await pass();
    server.gate();
    await pass();
    a.apply(remove(1, 2));
    await pass();
    refuse = true;
    server.crash();
    network.cut();
    await pass(5_000);
    server.gate();
    await pass();
    expect(a.text).toBe('text');
    a.history.undo();
    expect([a.text, a.history.canUndo]).toEqual(['', false]);
  });

  test('an edit of an earlier page that is refused is no step of the history', async () => {
    let refuse = false;
    world({ immediate: true, refuse: () => (refuse ? { code: 'document_limit', text: 'full' } : null) });
    const store = memoryStore();
    const openKept = (): SharedDocument => {
      const client = connect('http://example.org', { WebSocket: network.WebSocket, offline: offline({ store }) });
      clients.push(client);
      return client.open('notes', { create: 'plain-text' });
    };
    const first = openKept();
    await pass();
    first.apply(insert(0, 'text'));
    await pass();
    network.up = false;
    network.cut();
    first.apply(remove(1, 2));
    await pass(1_000);
    clients.pop()?.close();
    await pass();
    const a = openKept();
    await pass();
    expect([a.text, a.history.canUndo]).toEqual(['tt', false]);
    a.apply(insert(2, '!'));
    refuse = true;
    network.up = true;
    await pass(5_000);
    expect([a.text, a.status, a.history.canUndo]).toEqual(['text', 'rejected', false]);
  });

  test('another history of the document ends this one', async () => {
    const server = world();
    const [a] = (await people(1)) as [SharedDocument];
    a.apply(insert(0, 'kept'));
    await pass();
    server.documents.get('notes')?.restore(0);
    server.crash();
    network.cut();
    await pass(5_000);
    expect([a.text, a.history.canUndo, a.history.canRedo]).toEqual(['', false, false]);
  });
});

test('alone, undo and redo are each other’s opposite', async () => {
  const seed = seedOfRun();
  console.log(`alone: SEED=${seed}`);
  const random = new Random(seed);
  for (let round = 0; round < rounds; round++) {
    world({ immediate: true }).create('notes', 'rich-text', randomDocument(random, 6));
    const [a] = (await people(1, 'rich-text')) as [SharedDocument];
    const states = [a.delta];
    while (states.length < 40) {
      a.history.boundary();
      a.apply(randomEdit(random, a.delta));
      if (!sameDelta(a.delta, states.at(-1) as Delta)) states.push(a.delta);
      if (random.chance(0.3)) await pass(random.below(5));
      if (random.chance(0.05)) network.cut();
    }
    // An edit that changed nothing is a step too: the states between are those that differ.
    const walk = (go: () => void, able: () => boolean): Delta[] => {
      const seen = [a.delta];
      while (able()) {
        go();
        if (!sameDelta(a.delta, seen.at(-1) as Delta)) seen.push(a.delta);
      }
      return seen;
    };
    const { history } = a;
    expect(walk(() => history.undo(), () => history.canUndo), `SEED=${seed}`).toEqual([...states].reverse());
    expect(walk(() => history.redo(), () => history.canRedo), `SEED=${seed}`).toEqual(states);
    for (const client of clients.splice(0)) client.close();
  }
});

/** Who inserted and who deleted each letter, from the commits; every letter is typed by one person once. */
class Authorship {
  private readonly letters: string[] = [];
  readonly insertedBy = new Map<string, number[]>();
  readonly deletedBy = new Map<string, number[]>();

  commit(delta: Delta, author: number): void {
    const note = (map: Map<string, number[]>, letter: string): void => {
      map.set(letter, [...(map.get(letter) ?? []), author]);
    };
    let position = 0;
    for (const op of delta.ops) {
      if (typeof op.insert === 'string') {
        this.letters.splice(position, 0, ...op.insert);
        for (const letter of op.insert) note(this.insertedBy, letter);
        position += op.insert.length;
      } else if (op.delete !== undefined) {
        for (const letter of this.letters.splice(position, op.delete)) note(this.deletedBy, letter);
      } else {
        position += op.retain as number;
      }
    }
  }
  get text(): string {
    return this.letters.join('');
  }
}

test.each([
  ['a good network', 0, 0],
  ['lost connections and a server that crashes', 0.03, 0],
  ['refusals', 0, 0.1],
  ['all of that', 0.02, 0.1],
])('after all own edits are undone one is gone and the others are whole: %s', async (_, faults, refusals) => {
  const seed = seedOfRun();
  console.log(`undone: SEED=${seed}`);
  const random = new Random(seed);
  for (let round = 0; round < rounds; round++) {
    let calm = false;
    const refuse = () => (!calm && random.chance(refusals) ? { code: 'document_limit', text: 'full' } : null);
    const server = world({ immediate: random.chance(0.5), refuse, compose: () => random.chance(0.5) });
    const documents = await people(3);
    let letter = 0x4e00;
    for (let turn = 0; turn < 150; turn++) {
      const document = random.pick(documents);
      const kind = random.below(10);
      const edges = edgesOf(document.delta);
      const position = random.pick(edges);
      if (kind < 4) document.apply(insert(position, String.fromCharCode(...Array.from({ length: 1 + random.below(3) }, () => letter++))));
      else if (kind < 6) document.apply(remove(position, Math.min(1 + random.below(3), document.length - position)));
      else if (kind < 8) document.history.undo();
      else if (kind < 9) document.history.redo();
      else document.history.boundary();
      if (random.chance(0.5)) await pass(random.below(6));
      if (random.chance(0.5)) server.gate();
      if (random.chance(faults)) {
        if (random.chance(0.5)) server.crash();
        network.cut();
        await pass(random.below(2_000));
      }
    }
    calm = true;
    const settle = async (): Promise<void> => {
      for (let i = 0; documents.some(({ status }) => status !== 'saved' && status !== 'rejected'); i++) {
        expect(i, `SEED=${seed} round ${round}`).toBeLessThan(1_000);
        server.gate();
        await pass(100);
      }
      server.gate();
      await pass(100);
    };
    await settle();
    const [first] = documents as [SharedDocument];
    for (let i = 0; first.history.canUndo; i++) {
      expect(i).toBeLessThan(1_000);
      first.history.undo();
    }
    await settle();
    const authorship = new Authorship();
    const model = server.documents.get('notes');
    const own = 1;
    for (const commit of model?.commits ?? []) authorship.commit(commit.delta, commit.author);
    for (const { text } of documents) expect(text, `SEED=${seed} round ${round}`).toBe(authorship.text);
    for (const [which, authors] of authorship.insertedBy) {
      const count = authorship.text.split(which).length - 1;
      const others = (list: readonly number[] = []): number[] => list.filter((author) => author !== own);
      if (authors[0] === own) {
        // Unless someone who had deleted it brought it back.
        if (others(authors).length === 0) expect(count, `${which} is left, SEED=${seed} round ${round}`).toBe(0);
      } else if (others(authors).length === 1 && others(authorship.deletedBy.get(which)).length === 0) {
        // Two who delete one letter at once and both take that back leave two.
        expect(count, `${which} is not whole, SEED=${seed} round ${round}`).toBe(1);
      }
    }
    expect(server.unexpected).toEqual([]);
    for (const client of clients.splice(0)) client.close();
  }
});
