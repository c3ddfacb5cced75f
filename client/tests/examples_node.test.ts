// The examples of README.md that need no page, and README.md itself.
import 'fake-indexeddb/auto';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { afterEach, expect, test, vi } from 'vitest';
import { connect } from '../src/client.js';
import { MemoryServer } from '../src/testing.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('testing.ts', async () => {
  await import('../examples/testing.js');
});

test('offline.ts', async () => {
  const server = new MemoryServer();
  vi.stubGlobal('WebSocket', server.WebSocket);
  vi.stubGlobal('location', new URL('http://127.0.0.1:8080'));
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  await import('../examples/offline.js');
  const notes = server.document('notes');
  expect(notes.members.map(({ name }) => name)).toEqual(['Ada']);
  server.network.up = false;
  server.network.cut(4400);
  log.mockRestore();
});

test('http.ts', async () => {
  const versions = [{ version: 1, name: 'As agreed on Monday', revision: 2, createdMs: 0 }];
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (url: string, { method }: RequestInit) => {
    asked.push(`${method} ${url}`);
    return new Response(method === 'POST' ? JSON.stringify(versions[0]) : url.endsWith('versions') ? JSON.stringify({ versions }) : 'Hello');
  });
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  await import('../examples/http.js');
  expect(log.mock.calls).toEqual([[5, versions]]);
  expect(asked).toEqual([
    'POST http://127.0.0.1:8080/v1/documents/notes/versions',
    'GET http://127.0.0.1:8080/v1/documents/notes?revision=1',
    'GET http://127.0.0.1:8080/v1/documents/notes/versions',
  ]);
  log.mockRestore();
});

test('bot.ts, over real sockets', async () => {
  const memory = new MemoryServer();
  const notes = memory.create('notes', 'plain-text');
  // The server in memory behind a port.
  const port = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  port.on('connection', (socket, { headers }) => {
    const inner = new memory.WebSocket(memory.url, [headers['sec-websocket-protocol'] as string]);
    const early: Uint8Array[] = [];
    inner.onopen = () => early.splice(0).forEach((frame) => inner.send(frame));
    inner.onmessage = ({ data }: { readonly data: ArrayBuffer }) => socket.send(data);
    inner.onclose = () => socket.close();
    socket.on('message', (frame: Buffer) => (inner.readyState === 1 ? inner.send(frame) : early.push(frame)));
    socket.on('close', () => inner.close());
  });
  await once(port, 'listening');
  process.env['COEDIT_URL'] = `http://127.0.0.1:${(port.address() as AddressInfo).port}`;
  // Node 18 has no WebSocket of its own.
  vi.stubGlobal('WebSocket', undefined);
  await import('../examples/bot.js');
  await vi.waitFor(() => expect(notes.members.length).toBe(1));
  const client = connect(memory.url, { WebSocket: memory.WebSocket });
  const document = client.open('notes');
  await document.ready;
  document.apply([{ insert: '(c) 2026, all rights reserved (c)' }]);
  await vi.waitFor(() => expect(notes.text).toBe('© 2026, all rights reserved (c)'));
  document.apply([{ retain: document.length }, { insert: '.' }]);
  await vi.waitFor(() => expect(notes.text).toBe('© 2026, all rights reserved ©.'));
  process.emit('SIGTERM');
  await vi.waitFor(() => expect(notes.members.length).toBe(1));
  client.close();
  port.close();
});

test('README.md shows the examples as they are', () => {
  const folder = new URL('..', import.meta.url);
  const readme = readFileSync(new URL('README.md', folder), 'utf8');
  const blocks = [...readme.matchAll(/^<!-- examples\/(\S+) -->\n```\w+\n([^]*?)^```$/gm)];
  const names = readdirSync(fileURLToPath(new URL('examples', folder))).sort();
  expect(blocks.map(([, name]) => name).sort()).toEqual(names);
  for (const [, name, shown] of blocks) {
    expect(shown, `examples/${name}`).toBe(readFileSync(new URL(`examples/${name}`, folder), 'utf8'));
  }
});

test('README.md names every status and every code', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const { codes } = await import('../src/errors.js');
  const statuses = /export type Status =([^;]*);/.exec(readFileSync(new URL('../src/shared_document.ts', import.meta.url), 'utf8'))?.[1];
  const names = [...Object.keys(codes), ...[...(statuses ?? '').matchAll(/'([^']+)'/g)].map(([, name]) => name as string)];
  expect(names.length).toBeGreaterThan(25);
  for (const name of names) expect(readme, name).toContain(`\`${name}\``);
});
