// @vitest-environment happy-dom
// What every editor binding must do, over each of them. Layout, keys and input methods of a real browser
// are in tests/e2e.
import { history, undo } from '@codemirror/commands';
import { EditorSelection, EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import Quill from 'quill';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Binding } from '../src/binding_core.js';
import { type Client, connect } from '../src/client.js';
import { coedit } from '../src/codemirror.js';
import { Delta } from '../src/delta.js';
import { bindQuill } from '../src/quill.js';
import type { DocumentType, Role, SharedDocument } from '../src/shared_document.js';
import { bindTextarea } from '../src/textarea.js';
import { Random, randomEdit, seedOfRun } from './support/random.js';
import { type MemoryNetwork, MemoryServer, type MemoryServerOptions } from '../src/testing.js';

/** An editor as its user handles it. */
interface Hands {
  readonly binding: Pick<Binding, 'destroy'>;
  readonly focusable: HTMLElement;
  /** What it shows; Quill's last line break, which nobody typed, left out. */
  shown(): string;
  replace(from: number, to: number, text: string): void;
  select(anchor: number, head: number): void;
  selection(): readonly [number, number];
  isWritable(): boolean;
}

interface Kind {
  readonly name: string;
  readonly type: DocumentType;
  /** Of the characters at the end that are the document's, not the user's. */
  readonly tail: string;
  bind(shared: SharedDocument, host: HTMLElement): Hands;
}

const quill: Kind = {
  name: 'quill',
  type: 'rich-text',
  tail: '\n',
  bind: (shared, host) => {
    const editor = new Quill(host);
    return {
      binding: bindQuill(shared, editor),
      focusable: editor.root,
      shown: () => editor.getText().slice(0, -1),
      replace: (from, to, text) => {
        editor.updateContents(new Delta().retain(from).insert(text).delete(to - from).ops, 'user');
        editor.setSelection(from + text.length, 0, 'user');
      },
      select: (anchor, head) => editor.setSelection(Math.min(anchor, head), Math.abs(head - anchor), 'user'),
      selection: () => {
        const { index, length } = editor.getSelection() ?? { index: -1, length: 0 };
        return [index, index + length];
      },
      isWritable: () => editor.isEnabled(),
    };
  },
};

/** Without the page's own selection, which happy-dom extends to the wrong place. */
function claimFocus(view: EditorView): void {
  Object.defineProperty(view, 'hasFocus', { get: () => true, configurable: true });
}

const codemirror: Kind = {
  name: 'codemirror',
  type: 'plain-text',
  tail: '',
  bind: (shared, host) => {
    const view = new EditorView({ parent: host, extensions: [coedit(shared), history()] });
    const destroy = vi.fn(() => view.destroy());
    return {
      binding: { destroy },
      focusable: view.contentDOM,
      shown: () => view.state.doc.toString(),
      replace: (from, to, text) =>
        view.dispatch({
          changes: { from, to, insert: text },
          selection: { anchor: from + text.replaceAll('\r\n', '\n').length },
          userEvent: 'input.type',
        }),
      select: (anchor, head) => {
        claimFocus(view);
        view.dispatch({ selection: EditorSelection.range(anchor, head), userEvent: 'select' });
      },
      selection: () => [view.state.selection.main.anchor, view.state.selection.main.head],
      isWritable: () => !view.state.readOnly,
    };
  },
};

function field(name: string, make: () => HTMLTextAreaElement | HTMLInputElement): Kind {
  return {
    name,
    type: 'plain-text',
    tail: '',
    bind: (shared, host) => {
      const element = make();
      host.append(element);
      return {
        binding: bindTextarea(shared, element),
        focusable: element,
        shown: () => element.value,
        replace: (from, to, text) => {
          element.focus();
          element.dispatchEvent(new InputEvent('beforeinput', { bubbles: true, inputType: 'insertText' }));
          element.setRangeText(text, from, to);
          element.setSelectionRange(from + text.length, from + text.length);
          element.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText' }));
        },
        select: (anchor, head) => {
          element.focus();
          element.setSelectionRange(Math.min(anchor, head), Math.max(anchor, head), head < anchor ? 'backward' : 'forward');
          element.dispatchEvent(new Event('select'));
        },
        selection: () => [element.selectionStart ?? -1, element.selectionEnd ?? -1],
        isWritable: () => !element.readOnly,
      };
    },
  };
}
const textarea = field('textarea', () => document.createElement('textarea'));
const input = field('input', () => document.createElement('input'));
const kinds = [quill, codemirror, textarea, input];

let network: MemoryNetwork;
let server: MemoryServer;
const clients: Client[] = [];
const pass = (ms = 60): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

function world(options: MemoryServerOptions = { immediate: true }): void {
  server = new MemoryServer(options);
  network = server.network;
}

interface Page extends Hands {
  readonly document: SharedDocument;
  readonly host: HTMLElement;
}

async function page(kind: Kind, name: string): Promise<Page> {
  const host = document.createElement('div');
  document.body.append(host);
  const client = connect('http://h', { WebSocket: network.WebSocket, name });
  clients.push(client);
  const shared = client.open('notes', { create: kind.type });
  const hands = kind.bind(shared, host);
  await pass();
  return { ...hands, document: shared, host };
}

function key(target: HTMLElement, init: KeyboardEventInit): boolean {
  return target.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init }));
}

const undoKeys = { key: 'z', code: 'KeyZ', ctrlKey: true };
const redoKeys = { key: 'Z', code: 'KeyZ', ctrlKey: true, shiftKey: true };

beforeEach(() => {
  vi.useFakeTimers();
  // Browsers tell of a new selection when it is set, happy-dom in the middle of setting it.
  const dispatch = document.dispatchEvent.bind(document);
  vi.spyOn(document, 'dispatchEvent').mockImplementation((event) => event.type === 'selectionchange' || dispatch(event));
  world();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe.each(kinds)('$name', (kind) => {
  const expectSame = (...pages: Page[]): void => {
    for (const each of pages) {
      expect(each.document.text).toBe(pages[0]?.document.text);
      const text = each.document.text.slice(0, each.document.text.length - kind.tail.length);
      expect(each.shown()).toBe(kind === input ? text.replaceAll('\n', ' ') : text);
    }
    expect(server.unexpected).toEqual([]);
  };

  test('typing on both sides, emoji among it', async () => {
    const a = await page(kind, 'Ada');
    const b = await page(kind, 'Bob');
    a.replace(0, 0, 'Hello world');
    await pass();
    b.replace(0, 0, '😀 ');
    a.replace(11, 11, '!');
    await pass();
    expect(a.shown()).toBe('😀 Hello world!');
    a.replace(0, 2, '😁');
    b.document.apply([{ retain: 3 }, { insert: 'direct ' }]);
    await pass();
    expect(b.shown()).toBe('😁 direct Hello world!');
    expectSame(a, b);
  });

  test('random edits on both at once, with cuts of the connection', async () => {
    const seed = seedOfRun();
    console.log(`random edits in ${kind.name}: SEED=${seed}`);
    const random = new Random(seed);
    const pages = [await page(kind, 'Ada'), await page(kind, 'Bob')] as const;
    for (let turn = 0; turn < 120; turn++) {
      const each = random.pick(pages);
      if (random.chance(0.1)) each.document.history[random.chance(0.7) ? 'undo' : 'redo']();
      const before = each.shown();
      for (const op of randomEdit(random, new Delta().insert(before), false).ops.slice(0, 3)) {
        const at = typeof op.retain === 'number' ? op.retain : 0;
        const text = typeof op.insert === 'string' ? op.insert : '';
        // Only what one input can do: one place at a time, and no line breaks in a field of one line.
        if (kind === input && text.includes('\n')) continue;
        const now = each.shown();
        const from = Math.min(at, now.length);
        if ((now.charCodeAt(from) & 0xfc00) === 0xdc00) continue;
        each.replace(from, from, text);
      }
      if (random.chance(0.5)) await pass(random.below(5));
      if (random.chance(0.02)) {
        network.cut();
        await pass(random.below(2_000));
      }
    }
    await pass(60_000);
    expectSame(...pages);
  });

  test('line ends become LF and U+0000 goes', async () => {
    const a = await page(kind, 'Ada');
    a.document.apply([{ insert: 'one\r\ntwo\rthree\u0000' }]);
    await pass();
    expect(a.document.text).toBe(`one\ntwo\nthree${kind.tail}`);
    expectSame(a);
    if (kind === input) return;
    a.replace(0, 0, 'x\r\ny');
    await pass();
    expect(a.document.text).toBe(`x\nyone\ntwo\nthree${kind.tail}`);
    expectSame(a);
  });

  test('undo takes back own edits only and puts the caret back; the text a document came with stays', async () => {
    const a = await page(kind, 'Ada');
    a.replace(0, 0, 'from a');
    await pass();
    const b = await page(kind, 'Bob');
    expect(key(b.focusable, undoKeys)).toBe(false);
    expect(b.shown()).toBe('from a');
    b.select(3, 3);
    await pass();
    b.replace(3, 3, 'ooo');
    await pass(3_000);
    b.select(9, 9);
    await pass();
    b.replace(9, 9, ' mine');
    await pass(3_000);
    a.replace(0, 0, 'A');
    await pass();
    key(b.focusable, undoKeys);
    await pass();
    expect(b.shown()).toBe('Afroooom a');
    expect(b.selection()).toEqual([10, 10]);
    key(b.focusable, undoKeys);
    await pass();
    expect(b.shown()).toBe('Afrom a');
    expect(b.selection()).toEqual([4, 4]);
    key(b.focusable, redoKeys);
    key(b.focusable, { key: 'y', code: 'KeyY', ctrlKey: true });
    await pass();
    expect(b.shown()).toBe('Afroooom a mine');
    // Another keyboard: the letter of that place is no Latin one.
    key(b.focusable, { key: 'я', code: 'KeyZ', ctrlKey: true });
    expect(b.shown()).toBe('Afroooom a');
    const byMenu = new InputEvent('beforeinput', { bubbles: true, cancelable: true, inputType: 'historyUndo' });
    expect(b.focusable.dispatchEvent(byMenu)).toBe(false);
    await pass();
    expect(b.shown()).toBe('Afrom a');
    expectSame(a, b);
  });

  test('the caret keeps its place in the text when others write', async () => {
    const a = await page(kind, 'Ada');
    const b = await page(kind, 'Bob');
    a.replace(0, 0, 'one two three');
    await pass();
    b.select(4, 7);
    // Not with her own hands: there is one focus for all on this page.
    a.document.apply([{ insert: '>> ' }]);
    await pass();
    expect(b.selection()).toEqual([7, 10]);
    // Exactly at the caret: what another writes is behind it.
    b.select(7, 7);
    a.document.apply([{ retain: 7 }, { insert: 'X' }]);
    await pass();
    expect(b.selection()).toEqual([7, 7]);
    a.document.apply([{ delete: 8 }]);
    await pass();
    expect(b.selection()).toEqual([0, 0]);
    expectSame(a, b);
  });

  test('remote edits wait for the end of a composition', async () => {
    const a = await page(kind, 'Ada');
    const b = await page(kind, 'Bob');
    a.replace(0, 0, 'word');
    await pass();
    a.focusable.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true }));
    b.replace(0, 0, 'remote ');
    b.replace(11, 11, '!');
    await pass();
    expect(a.shown()).toBe('word');
    expect(a.document.text).toBe(`remote word!${kind.tail}`);
    // What is composed stands on the text the user sees, and so does the caret.
    a.select(2, 2);
    a.replace(2, 2, '語');
    await pass(200);
    expect(a.shown()).toBe('wo語rd');
    expect(b.shown()).toBe('remote wo語rd!');
    expect(b.document.members.find(({ self }) => !self)?.ranges).toEqual([{ anchor: 10, head: 10 }]);
    a.focusable.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true }));
    await pass();
    expect(a.document.text).toBe(`remote wo語rd!${kind.tail}`);
    expect(a.selection()).toEqual([10, 10]);
    expectSame(a, b);
  });

  test('a composition that never ends holds the others up only so long, and not too many', async () => {
    const a = await page(kind, 'Ada');
    const b = await page(kind, 'Bob');
    a.focusable.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true }));
    b.replace(0, 0, 'remote');
    await pass(14_900);
    expect(a.shown()).toBe('');
    await pass(1_000);
    expect(a.shown()).toBe('remote');
    a.focusable.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true }));
    for (let i = 0; i < 520; i++) {
      b.document.apply([{ insert: 'x' }]);
      await pass(5);
    }
    expect(a.shown().length).toBeGreaterThan(6);
    await pass(20_000);
    expectSame(a, b);
  });

  test('a refused edit leaves the editor again, what was typed behind it stays', async () => {
    world({ immediate: true, refuse: (delta) => (JSON.stringify(delta).includes('BAD') ? { code: 'too_complex', text: 'no' } : null) });
    const a = await page(kind, 'Ada');
    a.replace(0, 0, 'BAD');
    a.replace(3, 3, 'good');
    await pass();
    expect(a.shown()).toBe('good');
    expectSame(a);
  });

  test('is read-only before the document is open, for readers, and when it is closed', async () => {
    network.up = false;
    const a = await page(kind, 'Ada');
    expect(a.isWritable()).toBe(false);
    network.up = true;
    await pass(5_000);
    expect(a.isWritable()).toBe(true);
    network.cut();
    await pass(1);
    // Without a connection one goes on writing.
    expect(a.isWritable()).toBe(true);
    await pass(5_000);
    const role = (value: Role): void => server.document('notes').setRole(value);
    role('reader');
    await pass();
    expect(a.isWritable()).toBe(false);
    // A program, or a browser that does not care: it is taken back.
    a.replace(0, 0, 'not allowed');
    await pass();
    expect(a.shown()).toBe('');
    role('writer');
    await pass();
    expect(a.isWritable()).toBe(true);
    a.document.close();
    await pass();
    expect(a.isWritable()).toBe(false);
  });

  test('the selection is told, as it stands in the document', async () => {
    const a = await page(kind, 'Ada');
    const b = await page(kind, 'Bob');
    a.replace(0, 0, 'hello world');
    await pass();
    a.select(6, 11);
    await pass(200);
    const ranges = () => b.document.members.find(({ self }) => !self)?.ranges;
    expect(ranges()).toEqual([{ anchor: 6, head: 11 }]);
    b.replace(0, 0, '>> ');
    expect(ranges()).toEqual([{ anchor: 9, head: 14 }]);
    if (kind === quill) return;
    await pass();
    a.select(14, 3);
    await pass(200);
    expect(ranges()).toEqual([{ anchor: 14, head: 3 }]);
  });

  test('destroyed, both go their own ways', async () => {
    const a = await page(kind, 'Ada');
    a.replace(0, 0, 'x');
    await pass();
    a.binding.destroy();
    a.binding.destroy();
    a.document.apply([{ insert: 'y' }]);
    await pass();
    expect(a.document.text).toBe(`yx${kind.tail}`);
    expect(a.shown()).toBe('x');
    expect(a.host.querySelector('.coedit-cursors, .coedit-mirror')).toBeNull();
    if (kind === codemirror) return;
    a.replace(0, 0, 'unbound ');
    await pass();
    expect(a.shown()).toBe('unbound x');
    expect(a.document.text).toBe(`yx${kind.tail}`);
  });

  test('a document of the other type is refused, at once or when it shows', async () => {
    const other = kind.type === 'rich-text' ? 'plain-text' : 'rich-text';
    const client = connect('http://h', { WebSocket: network.WebSocket });
    clients.push(client);
    const known = client.open('known', { create: other });
    await pass();
    const host = document.createElement('div');
    expect(() => kind.bind(known, host)).toThrow(/document/);
    server.create('unknown', other);
    const unknown = client.open('unknown');
    const hands = kind.bind(unknown, document.body);
    await pass();
    expect(hands.isWritable()).toBe(false);
    hands.replace(0, 0, 'mine');
    await pass();
    expect(unknown.text).not.toContain('mine');
    if ('ready' in hands.binding) await expect((hands.binding as Binding).ready).rejects.toThrow(/type|is for/);
  });
});

describe('codemirror, its own ways', () => {
  test('its own history has nothing to undo', async () => {
    const client = connect('http://h', { WebSocket: network.WebSocket });
    clients.push(client);
    const shared = client.open('notes', { create: 'plain-text' });
    const view = new EditorView({ parent: document.body, extensions: [history(), coedit(shared)] });
    await pass();
    view.dispatch({ changes: { from: 0, insert: 'typed' }, userEvent: 'input.type' });
    expect(undo(view)).toBe(false);
    expect(view.state.doc.toString()).toBe('typed');
    view.destroy();
  });

  test('several places at once, filters, and a line separator of its own', async () => {
    const client = connect('http://h', { WebSocket: network.WebSocket });
    clients.push(client);
    const shared = client.open('notes', { create: 'plain-text' });
    const view = new EditorView({
      doc: 'what was here before',
      parent: document.body,
      extensions: [
        coedit(shared),
        EditorState.lineSeparator.of('\r\n'),
        EditorState.allowMultipleSelections.of(true),
        EditorState.changeFilter.of(() => false),
      ],
    });
    await pass();
    shared.apply([{ insert: 'a\nb\nc' }]);
    expect(view.state.doc.lines).toBe(3);
    view.dispatch({ changes: [{ from: 0, insert: '- ' }, { from: 2, to: 3, insert: 'B\r\nB' }], filter: false });
    expect(shared.text).toBe('- a\nB\nB\nc');
    claimFocus(view);
    view.dispatch({ selection: EditorSelection.create([EditorSelection.cursor(1), EditorSelection.range(4, 5)], 1) });
    await pass(200);
    const told = network.messagesSeen.filter(({ kind }) => kind === 'presence').at(-1)?.value as { ranges: unknown } | undefined;
    expect(told?.ranges).toEqual([{ anchor: 4, head: 5 }, { anchor: 1, head: 1 }]);
    view.destroy();
    shared.apply([{ insert: 'after' }]);
    await pass();
  });

  test('an edit of the document by a listener, in the middle of an update', async () => {
    const client = connect('http://h', { WebSocket: network.WebSocket });
    clients.push(client);
    const shared = client.open('notes', { create: 'plain-text' });
    const view = new EditorView({ parent: document.body, extensions: [coedit(shared)] });
    await pass();
    shared.on('change', ({ source, delta }) => {
      if (source === 'local' && JSON.stringify(delta).includes('hi')) shared.apply([{ insert: 'echo ' }]);
    });
    view.dispatch({ changes: { from: 0, insert: 'hi' } });
    await pass();
    expect(shared.text).toBe('echo hi');
    expect(view.state.doc.toString()).toBe('echo hi');
    view.destroy();
  });
});

describe('text fields, their own ways', () => {
  test('what a program or a form’s reset puts there becomes an edit', async () => {
    const form = document.createElement('form');
    document.body.append(form);
    const client = connect('http://h', { WebSocket: network.WebSocket });
    clients.push(client);
    const shared = client.open('notes', { create: 'plain-text' });
    const element = document.createElement('textarea');
    form.append(element);
    const binding = bindTextarea(shared, element);
    await pass();
    shared.apply([{ insert: 'one two' }]);
    element.value = 'one and two';
    // Not noticed yet, and something from elsewhere comes first.
    shared.apply([{ insert: '>' }]);
    await pass();
    expect(element.value).toBe('>one and two');
    expect(shared.text).toBe('>one and two');
    form.reset();
    await pass();
    expect([element.value, shared.text]).toEqual(['', '']);
    binding.destroy();
  });

  test('inputs that hold no free text are refused', () => {
    const client = connect('http://h', { WebSocket: network.WebSocket });
    clients.push(client);
    const shared = client.open('notes', { create: 'plain-text' });
    for (const type of ['email', 'number', 'checkbox', 'url']) {
      const element = document.createElement('input');
      element.type = type;
      expect(() => bindTextarea(shared, element)).toThrow(`an input of type ${type} holds no free text`);
    }
  });

  test('a field that the application made read-only stays so', async () => {
    const client = connect('http://h', { WebSocket: network.WebSocket });
    clients.push(client);
    const shared = client.open('notes', { create: 'plain-text' });
    const element = document.createElement('textarea');
    element.readOnly = true;
    document.body.append(element);
    bindTextarea(shared, element).destroy();
    bindTextarea(shared, element);
    await pass();
    expect(element.readOnly).toBe(true);
    shared.apply([{ insert: 'x' }]);
    key(element, undoKeys);
    expect(element.value).toBe('x');
  });
});
