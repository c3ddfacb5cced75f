// @vitest-environment happy-dom
// The examples of README.md that run on a page, as they stand there.
import type Quill from 'quill';
import type { EditorView } from '@codemirror/view';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Client, connect } from '../src/client.js';
import type { DocumentType, SharedDocument } from '../src/shared_document.js';
import { MemoryServer } from '../src/testing.js';

let server: MemoryServer;
const clients: Client[] = [];

/** Another person in the document, who has it open when this returns. */
async function other(id: string, create: DocumentType): Promise<SharedDocument> {
  const client = connect(server.url, { WebSocket: server.WebSocket, name: 'Bob' });
  clients.push(client);
  const document = client.open(id, { create });
  await document.ready;
  return document;
}

beforeEach(() => {
  server = new MemoryServer();
  vi.stubGlobal('WebSocket', server.WebSocket);
  vi.resetModules();
});
afterEach(() => {
  // Those of the examples, too, which nothing else ends.
  server.network.up = false;
  server.network.cut(4400);
  for (const client of clients.splice(0)) client.close();
  vi.unstubAllGlobals();
  document.body.innerHTML = '';
});

test('textarea.ts', async () => {
  document.body.innerHTML = '<textarea></textarea>';
  const field = document.querySelector('textarea') as HTMLTextAreaElement;
  const bob = await other('note', 'plain-text');
  bob.apply([{ insert: 'Hello' }]);
  await import('../examples/textarea.js');
  await vi.waitFor(() => expect(field.value).toBe('Hello'));
  field.value = 'Hello!';
  field.dispatchEvent(new Event('input'));
  await vi.waitFor(() => expect(bob.text).toBe('Hello!'));
  await vi.waitFor(() => expect(document.title).toBe('saved'));
});

test('quill.ts', async () => {
  document.body.innerHTML = '<div id="editor"></div>';
  const bob = await other('letter', 'rich-text');
  bob.apply([{ insert: 'Hello', attributes: { bold: true } }]);
  const { quill } = (await import('../examples/quill.js')) as { quill: Quill };
  await vi.waitFor(() => expect(quill.getText()).toBe('Hello\n'));
  quill.insertText(5, '!', 'user');
  await vi.waitFor(() => expect(bob.text).toBe('Hello!\n'));
});

test('codemirror.ts', async () => {
  document.body.innerHTML = '<div id="editor"></div>';
  const bob = await other('source', 'plain-text');
  bob.apply([{ insert: 'let x;' }]);
  const { view } = (await import('../examples/codemirror.js')) as { view: EditorView };
  await vi.waitFor(() => expect(view.state.doc.toString()).toBe('let x;'));
  view.dispatch({ changes: { from: 5, insert: ' = 1' } });
  await vi.waitFor(() => expect(bob.text).toBe('let x = 1;'));
});

test('react.tsx', async () => {
  document.body.innerHTML = '<div id="root"></div>';
  const bob = await other('notes', 'plain-text');
  const root = document.getElementById('root') as HTMLElement;
  await import('../examples/react.js');
  await vi.waitFor(() => expect(root.textContent).toBe('Add a bulletBob, Ada (synchronised)'));
  root.querySelector('button')?.click();
  await vi.waitFor(() => expect(root.textContent).toBe('• Add a bulletBob, Ada (saved)'));
  expect(bob.text).toBe('• ');
});

test('undo.ts', async () => {
  const { bindUndoButtons } = await import('../examples/undo.js');
  const bob = await other('notes', 'plain-text');
  const [undo, redo] = [document.createElement('button'), document.createElement('button')];
  const off = bindUndoButtons(bob, undo, redo);
  bob.apply([{ insert: 'Hello' }]);
  expect([undo.disabled, redo.disabled]).toEqual([false, true]);
  undo.click();
  expect([bob.text, undo.disabled, redo.disabled]).toEqual(['', true, false]);
  redo.click();
  expect(bob.text).toBe('Hello');
  off();
});
