// @vitest-environment happy-dom
import Quill from 'quill';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Client, connect } from '../src/client.js';
import { Delta, sameDelta } from '../src/delta.js';
import { diffDocuments } from '../src/diff.js';
import type { SharedDocument } from '../src/shared_document.js';
import { type Binding, bindQuill, keepLastNewline } from '../src/quill.js';
import { Random, randomEdit, seedOfRun } from './support/random.js';
import { type MemoryNetwork, MemoryServer, type MemoryServerOptions } from '../src/testing.js';

let network: MemoryNetwork;
let server: MemoryServer;
const clients: Client[] = [];

function world(options: MemoryServerOptions = { immediate: true }): void {
  server = new MemoryServer(options);
  network = server.network;
}
const pass = (ms = 60): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

interface Page {
  readonly document: SharedDocument;
  readonly quill: Quill;
  readonly binding: Binding;
  readonly container: HTMLElement;
}
async function page(name: string, id = 'notes'): Promise<Page> {
  const container = document.createElement('div');
  document.body.append(container);
  const client = connect('http://h', { WebSocket: network.WebSocket, name });
  clients.push(client);
  const shared = client.open(id, { create: 'rich-text' });
  const quill = new Quill(container);
  const binding = bindQuill(shared, quill);
  await pass();
  return { document: shared, quill, binding, container };
}
const contents = ({ quill }: Page): Delta => new Delta(quill.getContents().ops);
const expectSame = (...pages: Page[]): void => {
  for (const each of pages) {
    expect(each.document.delta).toEqual(pages[0]?.document.delta);
    expect(sameDelta(contents(each), each.document.delta), JSON.stringify([contents(each), each.document.delta])).toBe(true);
  }
};

beforeEach(() => {
  vi.useFakeTimers();
  world();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  document.body.replaceChildren();
  vi.useRealTimers();
});

describe('one text in both', () => {
  test('typing, formats, embeds, from either side', async () => {
    const a = await page('Ada');
    const b = await page('Bob');
    a.quill.insertText(0, 'Hello\nworld', 'user');
    b.quill.insertText(0, '😀 ', 'user');
    await pass();
    a.quill.formatText(0, 3, { bold: true }, 'user');
    b.quill.formatLine(9, 1, { header: 1 }, 'user');
    a.quill.insertEmbed(2, 'image', 'https://example.org/a.png', 'user');
    await pass();
    expectSame(a, b);
    expect(a.document.text).toContain('😀');
    // Programmatic changes of the editor count as edits too; silent ones are nobody's business.
    a.quill.deleteText(0, 2, 'api');
    // And edits of the document show in its own editor.
    b.document.apply([{ insert: 'direct ' }]);
    await pass();
    expectSame(a, b);
    expect(b.quill.getText()).toMatch(/^direct /);
  });

  test('random edits on both at once, with cuts of the connection', async () => {
    const seed = seedOfRun();
    console.log(`random edits in Quill: SEED=${seed}`);
    const random = new Random(seed);
    const a = await page('Ada');
    const b = await page('Bob');
    for (let turn = 0; turn < 150; turn++) {
      const each = random.pick([a, b]);
      // Quill speaks of whole documents that end in a newline; headers live on newlines only there.
      const edit = randomEdit(random, contents(each), false);
      each.quill.updateContents(edit.ops, 'user');
      if (random.chance(0.5)) await pass(random.below(5));
      if (random.chance(0.02)) {
        network.cut();
        await pass(random.below(2_000));
      }
    }
    await pass(60_000);
    expectSame(a, b);
    expect(server.unexpected).toEqual([]);
    expect(a.quill.getText().endsWith('\n')).toBe(true);
  });

  test('what was typed and not noticed yet is not lost to a remote edit that comes first', async () => {
    const a = await page('Ada');
    a.quill.insertText(0, 'word', 'user');
    await pass();
    // The browser has changed the page; Quill's observer has not run.
    (a.quill.root.querySelector('p')?.firstChild as Text).data = 'words';
    a.document.apply([{ insert: 'direct ' }]);
    await pass();
    expect(a.document.text).toBe('direct words\n');
    expectSame(a);
  });

  test('the last newline stays, even when both replace everything at once', async () => {
    const a = await page('Ada');
    const b = await page('Bob');
    a.quill.setText('first\n', 'user');
    await pass();
    a.quill.setContents([{ insert: 'from a\n' }], 'user');
    b.quill.setContents([{ insert: 'from b' }, { insert: '\n', attributes: { header: 2 } }], 'user');
    await pass();
    expectSame(a, b);
    expect(a.document.text).toBe('from afrom b\n');
    a.quill.deleteText(0, a.quill.getLength(), 'user');
    b.quill.insertText(b.quill.getLength() - 1, 'tail', 'user');
    await pass();
    expectSame(a, b);
    for (const commit of server.documents.get('notes')?.commits ?? []) expect(commit.delta.ops.length).toBeGreaterThan(0);
    expect(server.documents.get('notes')?.delta.ops.at(-1)?.insert).toMatch(/\n$/);
  });

  test('line ends and U+0000 are mended in the editor too', async () => {
    const a = await page('Ada');
    a.quill.updateContents([{ insert: 'x\u0000y\r\nz' }], 'user');
    await pass();
    expect(a.document.text).toBe('xy\nz\n');
    expectSame(a);
  });

  test('an edit by units that cuts a pair is sent as one of characters', async () => {
    const a = await page('Ada');
    a.quill.insertText(0, '😀', 'user');
    a.quill.updateContents([{ retain: 1 }, { insert: '\ude01' }, { delete: 1 }], 'user');
    await pass();
    expect(a.document.text).toBe('😁\n');
    expect(server.unexpected).toEqual([]);
    expectSame(a);
  });

  test('an embed this editor does not know keeps its place', async () => {
    const a = await page('Ada');
    a.document.apply([{ insert: 'a' }, { insert: { hologram: { x: 1 } } }, { insert: 'b' }]);
    expect(a.quill.getText()).toBe('a\ufffcb\n');
    a.quill.insertText(3, '!', 'user');
    await pass();
    expect(a.document.delta.ops).toEqual([{ insert: 'a' }, { insert: { hologram: { x: 1 } } }, { insert: 'b!\n' }]);
  });
});

describe('the editor as its user sees it', () => {
  test('is disabled until the document is open, and when it is closed', async () => {
    network.up = false;
    const a = await page('Ada');
    expect(a.quill.isEnabled()).toBe(false);
    network.up = true;
    await pass(5_000);
    expect(a.quill.isEnabled()).toBe(true);
    network.cut();
    // Without a connection one goes on writing.
    expect(a.quill.isEnabled()).toBe(true);
    a.document.close();
    expect(a.quill.isEnabled()).toBe(false);
  });

  test('a refused edit leaves the editor again', async () => {
    world({ immediate: true, refuse: (delta) => (JSON.stringify(delta).includes('BAD') ? { code: 'too_complex', text: 'no' } : null) });
    const a = await page('Ada');
    a.quill.insertText(0, 'BAD', 'user');
    a.quill.insertText(3, 'good', 'user');
    await pass();
    expect(a.quill.getText()).toBe('good\n');
    expectSame(a);
  });

  test('undo takes back own edits only, and not the text the document came with', async () => {
    const a = await page('Ada');
    a.quill.insertText(0, 'from a', 'user');
    await pass();
    const b = await page('Bob');
    b.quill.history.undo();
    expect(b.quill.getText()).toBe('from a\n');
    b.quill.insertText(0, 'mine ', 'user');
    await pass(2_000);
    a.quill.insertText(0, 'A', 'user');
    await pass();
    b.quill.history.undo();
    await pass();
    expect(a.quill.getText()).toBe('Afrom a\n');
    expectSame(a, b);
  });

  test('remote edits wait for the end of a composition', async () => {
    const a = await page('Ada');
    const b = await page('Bob');
    a.quill.insertText(0, 'word', 'user');
    await pass();
    a.quill.root.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true }));
    b.quill.insertText(0, 'remote ', 'user');
    b.quill.insertText(11, '!', 'user');
    await pass();
    expect(a.quill.getText()).toBe('word\n');
    expect(a.document.text).toBe('remote word!\n');
    // What is composed stands on the text the user sees.
    a.quill.scroll.batchEnd();
    a.quill.insertText(4, '語', 'user');
    a.quill.root.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true }));
    await pass();
    expect(a.document.text).toMatch(/^remote word(!語|語!)\n$/);
    expectSame(a, b);
  });

  test('a composition that never ends holds the others up only so long', async () => {
    const a = await page('Ada');
    const b = await page('Bob');
    a.quill.root.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true }));
    b.quill.insertText(0, 'remote', 'user');
    await pass(14_900);
    expect(a.quill.getText()).toBe('\n');
    await pass(1_000);
    expect(a.quill.getText()).toBe('remote\n');
  });

  test('the selection is told, moves with the text and is drawn for the others', async () => {
    const a = await page('Ada <script>\u202e');
    const b = await page('Bob');
    a.quill.insertText(0, 'hello world', 'user');
    await pass();
    a.quill.setSelection(6, 5, 'user');
    await pass(200);
    // There is no layout here: every character is somewhere.
    vi.spyOn(b.quill, 'getBounds').mockReturnValue({ left: 9, right: 9, top: 40, bottom: 55, width: 0, height: 15 });
    const ranges = () => b.document.members.find(({ self }) => !self)?.ranges;
    expect(ranges()).toEqual([{ anchor: 6, head: 11 }]);
    b.quill.insertText(0, '>> ', 'user');
    expect(ranges()).toEqual([{ anchor: 9, head: 14 }]);
    await pass(200);
    const flags = [...b.container.querySelectorAll('.coedit-cursor-flag')];
    expect(flags.map(({ textContent }) => textContent)).toEqual(['Ada <script>']);
    expect(b.container.querySelector('.coedit-cursors script')).toBeNull();
    expect(b.container.querySelector<HTMLElement>('.coedit-cursor')?.dataset['session']).toMatch(/^s-/);
    // Nobody is shown his own.
    expect(a.container.querySelectorAll('.coedit-cursor')).toHaveLength(0);
    a.document.close();
    await pass(200);
    expect(b.container.querySelectorAll('.coedit-cursor')).toHaveLength(0);
  });

  test('destroy takes everything off and leaves the text', async () => {
    const a = await page('Ada');
    a.quill.insertText(0, 'x', 'user');
    await pass();
    a.binding.destroy();
    a.binding.destroy();
    expect(a.container.querySelector('.coedit-cursors')).toBeNull();
    a.quill.insertText(0, 'unbound', 'user');
    a.document.apply([{ insert: 'y' }]);
    await pass();
    expect([a.document.text, a.quill.getText()]).toEqual(['yx\n', 'unboundx\n']);
  });

  test('plain text is refused', async () => {
    const client = connect('http://h', { WebSocket: network.WebSocket });
    clients.push(client);
    const plain = client.open('plain', { create: 'plain-text' });
    await pass();
    expect(() => bindQuill(plain, new Quill(document.createElement('div')))).toThrow(/rich-text/);
  });
});

test('keeping the last newline never changes the effect', () => {
  const random = new Random(seedOfRun());
  console.log(`last newline: SEED=${random.seed}`);
  for (let round = 0; round < 500; round++) {
    let base = new Delta().insert('\n');
    for (let i = random.below(5); i > 0; i--) base = base.compose(randomEdit(random, base));
    base = base.insert('\n');
    const target = base.compose(randomEdit(random, base)).insert('\n', random.chance(0.5) ? { header: 1 } : undefined);
    const edit = random.chance(0.5) ? diffDocuments(base, target) : new Delta(target.ops).delete(base.length());
    const kept = keepLastNewline(edit, base);
    const where = `seed ${random.seed} round ${round}`;
    expect(sameDelta(base.compose(kept), base.compose(edit)), where).toBe(true);
    const consumed = kept.ops.reduce((n, op) => n + (op.insert === undefined ? ((op.retain ?? op.delete) as number) : 0), 0);
    if (kept.ops.at(-1)?.delete !== undefined) expect(consumed, where).toBeLessThan(base.length());
  }
});
