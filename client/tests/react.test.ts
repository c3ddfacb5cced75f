// @vitest-environment happy-dom
// The React hooks in React itself, over the server in memory.
import { type FunctionComponent, StrictMode, act, createElement as h, useLayoutEffect } from 'react';
import { type Root, createRoot, hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Client, connect } from '../src/client.js';
import { CoeditProvider, useDocument, useHistory, usePresence, useStatus, useText } from '../src/react.js';
import type { SharedDocument } from '../src/shared_document.js';
import { MemoryServer } from '../src/testing.js';

let server: MemoryServer;
let client: Client;
let other: SharedDocument;
const clients: Client[] = [];
const roots: Root[] = [];
const pass = (ms = 50): Promise<unknown> => act(() => vi.advanceTimersByTimeAsync(ms));

function join(name: string): Client {
  const joined = connect(server.url, { WebSocket: server.WebSocket, name });
  clients.push(joined);
  return joined;
}

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  server = new MemoryServer();
  server.create('notes', 'plain-text', 'Hello');
  server.create('second', 'plain-text', 'Two');
  client = join('Ada');
  other = join('Bob').open('notes');
  await pass();
});
afterEach(async () => {
  await act(async () => roots.splice(0).forEach((root) => root.unmount()));
  for (const each of clients.splice(0)) each.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

let document_: SharedDocument | null = null;
const Page: FunctionComponent<{ id: string }> = ({ id }) => {
  const document = useDocument(id);
  const text = useText(document);
  const status = useStatus(document);
  const people = usePresence(document);
  const { canUndo, canRedo } = useHistory(document);
  useLayoutEffect(() => {
    document_ = document;
  });
  const names = people.map(({ user, ranges }) => `${user.name}@${ranges?.map(({ head }) => head).join('+') ?? ''}`);
  return h('p', null, `${text}|${status}|${names.sort().join()}|${canUndo ? 'undo' : ''}${canRedo ? 'redo' : ''}`);
};

async function show(ids: readonly string[], strict = true, into = document.createElement('div')): Promise<{ root: Root; element: HTMLElement; update: (next: readonly string[]) => Promise<void> }> {
  const tree = (list: readonly string[]) => {
    const pages = h(CoeditProvider, { client }, ...list.map((id, index) => h(Page, { id, key: index })));
    return strict ? h(StrictMode, null, pages) : pages;
  };
  const root = createRoot(into);
  roots.push(root);
  const update = (next: readonly string[]): Promise<void> => act(async () => root.render(tree(next)));
  await update(ids);
  return { root, element: into, update };
}

describe.each([['in StrictMode', true], ['plainly', false]])('%s', (_, strict) => {
  test('a component shows the text, the status and the people, always the latest', async () => {
    const { element } = await show(['notes'], strict);
    expect(element.textContent).toBe('|connecting||');
    await pass();
    expect(element.textContent).toBe('Hello|synchronised|Ada@,Bob@|');
    await act(async () => void other.apply([{ retain: 5 }, { insert: '!' }]));
    await act(async () => other.presence.set({ ranges: [{ anchor: 0, head: 6 }] }));
    await pass(100);
    expect(element.textContent).toBe('Hello!|synchronised|Ada@,Bob@6|');
    await act(async () => void document_?.apply([{ insert: '>' }]));
    expect(element.textContent).toBe('>Hello!|saving|Ada@,Bob@7|undo');
    await pass();
    expect(element.textContent).toBe('>Hello!|saved|Ada@,Bob@7|undo');
    await act(async () => document_?.history.undo());
    await pass();
    expect(element.textContent).toBe('Hello!|saved|Ada@,Bob@6|redo');
    server.network.up = false;
    await act(async () => server.network.cut());
    expect(element.textContent).toContain('|reconnecting|');
  });

  test('a document is opened once for all components and closed with the last of them', async () => {
    const { root, element, update } = await show(['notes', 'notes'], strict);
    await pass();
    const notes = server.document('notes');
    const opens = (): number => server.network.messagesSeen.filter(({ kind }) => kind === 'open').length;
    expect([notes.members.length, opens()]).toEqual([2, 2]);
    expect(element.textContent).toBe('Hello|synchronised|Ada@,Bob@|'.repeat(2));
    await update(['notes']);
    await pass();
    expect(notes.members.length).toBe(2);
    await update(['second']);
    await pass();
    expect(element.textContent).toBe('Two|synchronised|Ada@|');
    expect([notes.members.length, server.document('second').members.length]).toEqual([1, 1]);
    await update(['notes']);
    await pass();
    expect(element.textContent).toBe('Hello|synchronised|Ada@,Bob@|');
    await act(async () => root.unmount());
    await pass();
    expect([notes.members.length, server.document('second').members.length]).toEqual([1, 0]);
  });

  test('what was typed last is not lost with the component', async () => {
    const { root } = await show(['notes'], strict);
    await pass();
    const copies: unknown[] = [];
    document_?.on('recovery', (copy) => copies.push(copy));
    server.network.up = false;
    await act(async () => server.network.cut());
    await act(async () => void document_?.apply([{ insert: 'late ' }]));
    await act(async () => root.unmount());
    await pass(1_000);
    server.network.up = true;
    await pass(60_000);
    expect([other.text, copies, server.document('notes').members.length]).toEqual(['late Hello', [], 1]);
  });

  test('nobody listens any more after the end', async () => {
    const { root } = await show(['notes'], strict);
    await pass();
    const kept = document_ as SharedDocument;
    await act(async () => root.unmount());
    const { listeners } = (kept as unknown as { emitter: { listeners: Map<string, Set<unknown>> } }).emitter;
    expect([...listeners.values()].map(({ size }) => size)).toEqual([...listeners.values()].map(() => 0));
  });
});

test('a server renders what the browser starts with', async () => {
  const tree = h(CoeditProvider, { client }, h(Page, { id: 'notes' }));
  const html = renderToString(tree);
  expect(html).toBe('<p>|connecting||</p>');
  const element = document.createElement('div');
  element.innerHTML = html;
  const complaints = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  await act(async () => void roots.push(hydrateRoot(element, tree)));
  await pass();
  expect(element.textContent).toBe('Hello|synchronised|Ada@,Bob@|');
  expect(complaints.mock.calls).toEqual([]);
  complaints.mockRestore();
});

test('without a provider the hooks say so', () => {
  expect(() => renderToString(h(Page, { id: 'notes' }))).toThrow(/not inside a CoeditProvider/);
});
