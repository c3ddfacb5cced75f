// Whole clients against the model server, through both real encodings, in simulated time.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Client, type ConnectOptions, connect, webSocketUrl } from '../src/client.js';
import { Delta } from '../src/delta.js';
import type { Recovery, SharedDocument, Status } from '../src/shared_document.js';
import { ClosedError, ConnectionError, EditError, RefusedError, RejectedError } from '../src/errors.js';
import type { Encoding } from '../src/messages.js';
import { Random, randomEdit, seedOfRun } from './support/random.js';
import { type MemoryNetwork, MemoryServer, type MemoryServerOptions } from '../src/testing.js';

let network: MemoryNetwork;
const clients: Client[] = [];

function world(options: MemoryServerOptions = { immediate: true }): MemoryServer {
  const server = new MemoryServer(options);
  network = server.network;
  return server;
}
function join(options: ConnectOptions = {}): Client {
  const client = connect('http://example.org', { WebSocket: network.WebSocket, ...options });
  clients.push(client);
  return client;
}
const pass = (ms = 50): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
/** Lets simulated time go on until the promise is settled. */
async function done<T>(promise: Promise<T>): Promise<T> {
  let settled = false;
  const watched = promise.finally(() => {
    settled = true;
  });
  watched.catch(() => undefined);
  for (let i = 0; !settled; i++) {
    if (i > 10_000) throw new Error('not settled within 100 s');
    await pass(10);
  }
  return watched;
}
const insert = (position: number, text: string): Delta => (position > 0 ? new Delta().retain(position) : new Delta()).insert(text);
const seen = (kind: string): unknown[] => network.messagesSeen.filter((message) => message.kind === kind).map(({ value }) => value);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  vi.useRealTimers();
});

async function two(options: ConnectOptions = {}): Promise<[SharedDocument, SharedDocument]> {
  const a = join({ name: 'Ada', ...options }).open('notes', { create: 'rich-text' });
  const b = join({ name: 'Bob', ...options }).open('notes', { create: 'rich-text' });
  await pass();
  return [a, b];
}

describe.each<Encoding>(['protobuf', 'json'])('two people, %s', (encoding) => {
  test('edit one document', async () => {
    world();
    const [a, b] = await two({ encoding });
    await done(a.ready);
    expect([a.type, a.role, a.text, a.revision, a.status, a.length]).toEqual(['rich-text', 'writer', '\n', 0, 'synchronised', 1]);
    a.apply(insert(0, 'Hello'));
    expect([a.status, a.unsaved]).toEqual(['saving', true]);
    b.apply(new Delta().insert('😀', { bold: true }));
    const heard: unknown[] = [];
    b.on('change', (change) => heard.push(change));
    await done(a.flush());
    await pass();
    expect(a.delta).toEqual(b.delta);
    expect(a.text).toBe('Hello😀\n');
    expect([a.status, b.status, a.revision, a.unsaved]).toEqual(['saved', 'saved', 2, false]);
    expect(heard).toEqual([{ delta: new Delta().insert('Hello'), source: 'remote', length: 8 }]);
  });
  test('tells what is under way and what comes after it', async () => {
    world();
    const [a] = await two({ encoding });
    await done(a.ready);
    expect(a.pending).toEqual({ inFlight: null, buffer: new Delta() });
    a.apply(insert(0, 'one'));
    a.apply(insert(3, ' two'));
    expect(a.pending).toEqual({ inFlight: new Delta().insert('one'), buffer: new Delta().retain(3).insert(' two') });
    // A copy: nobody changes what will be sent.
    a.pending.buffer.ops.length = 0;
    await done(a.flush());
    expect(a.text).toBe('one two\n');
    expect(a.pending).toEqual({ inFlight: null, buffer: new Delta() });
  });
  test('a paste over the limits arrives in parts', async () => {
    const server = world({ immediate: true, limits: { messageBytes: 1000, deltaComponents: 8 } });
    const [a, b] = await two({ encoding });
    const text = 'Grüße 😀 "quoted"\n'.repeat(300);
    a.apply(insert(0, text));
    await done(a.flush());
    await pass();
    expect(b.text).toBe(`${text}\n`);
    expect(server.documents.get('notes')?.commits.length).toBeGreaterThan(5);
    const frames = network.sockets.flatMap(({ sent }) => sent.map((data) => new Blob([data as string]).size));
    expect(Math.max(...frames)).toBeLessThanOrEqual(1000);
    expect(server.unexpected).toEqual([]);
  });
});

test('a paste of a megabyte goes in frames the server takes', async () => {
  const server = world();
  const [a, b] = await two();
  const text = 'Ein großer Text mit 😀 und \u2028 darin, Zeile für Zeile.\r\n'.repeat(20_000);
  expect(text.length).toBeGreaterThan(2 ** 20);
  a.apply(insert(0, text));
  await done(a.flush());
  await pass();
  expect(b.text).toBe(`${text.replaceAll('\r\n', '\n')}\n`);
  expect(server.document('notes').revision).toBeLessThan(10);
  expect([network.sockets.length, server.unexpected]).toEqual([2, []]);
});

describe('statuses and resume', () => {
  test('say what is true, through loss, edits without a connection, and return', async () => {
    const server = world({ immediate: true });
    const [a, b] = await two();
    const statuses: Status[] = [];
    a.on('status', (status) => statuses.push(status));
    network.up = false;
    network.cut();
    expect(a.status).toBe('reconnecting');
    a.apply(insert(0, 'typed away '));
    expect([a.status, a.unsaved]).toEqual(['reconnecting', true]);
    server.documents.get('notes');
    network.up = true;
    await done(a.flush());
    await pass(35_000);
    expect(statuses).toEqual(['reconnecting', 'saving', 'saved']);
    expect(b.text).toBe('typed away \n');
  });

  test('the server is killed while both type: all ends equal, what was acknowledged is there', async () => {
    const seed = seedOfRun();
    console.log(`killed while typing: SEED=${seed}`);
    const random = new Random(seed);
    const server = world({ immediate: false });
    const [a, b] = await two();
    for (let turn = 0; turn < 400; turn++) {
      const document = random.pick([a, b]);
      document.apply(randomEdit(random, document.delta));
      if (random.chance(0.4)) server.gate();
      await pass(random.below(4));
      if (random.chance(0.02)) {
        const durable = server.documents.get('notes')?.commits.length ?? 0;
        const known = Math.max(a.revision, b.revision);
        expect(known).toBeLessThanOrEqual(durable);
        server.crash();
        network.cut();
        await pass(random.below(1_000));
      }
    }
    for (let i = 0; i < 100; i++) {
      await pass(1_000);
      server.gate();
    }
    await pass();
    expect([a.status, b.status]).toEqual(['saved', 'saved']);
    expect(a.delta).toEqual(b.delta);
    expect(new Delta(a.delta.ops)).toEqual(server.documents.get('notes')?.delta);
    expect(server.unexpected).toEqual([]);
    expect(server.resyncs).toBe(0);
  });

  test('a silent network is noticed, and nothing is lost', async () => {
    world();
    const [a, b] = await two();
    network.silent = true;
    a.apply(insert(0, 'x'));
    await pass(35_000);
    expect(a.status).toBe('reconnecting');
    network.silent = false;
    await pass(60_000);
    expect([a.status, a.text, b.text]).toEqual(['saved', 'x\n', 'x\n']);
  });

  test('a large document comes in parts', async () => {
    const server = world({ immediate: true, partOps: 10 });
    const base = new Delta();
    for (let i = 0; i < 101; i++) base.insert(`${i}`, i % 2 === 0 ? { bold: true } : undefined);
    server.create('big', 'rich-text', base.insert('\n'));
    const document = join().open('big');
    await done(document.ready);
    expect(document.delta).toEqual(base);
    document.apply(insert(0, 'x'));
    await done(document.flush());
  });

  test('another history: a recovery copy, then the text of the server', async () => {
    const server = world();
    const [a, b] = await two();
    a.apply(insert(0, 'kept '));
    await done(a.flush());
    const copies: Recovery[] = [];
    a.on('recovery', (recovery) => copies.push(recovery));
    network.up = false;
    server.documents.get('notes')?.restore(0);
    server.crash();
    network.cut();
    a.apply(insert(5, 'pending'));
    network.up = true;
    await pass(5_000);
    expect(copies).toHaveLength(1);
    expect(copies[0]).toMatchObject({ reason: 'epoch', pending: insert(5, 'pending') });
    expect([a.text, b.text, a.status]).toEqual(['\n', '\n', 'rejected']);
    a.apply(insert(0, 'on'));
    await done(a.flush());
    await pass();
    expect(b.text).toBe('on\n');
  });

  test('another digest of the same epoch: the same', async () => {
    const server = world();
    const [a] = await two();
    a.apply(insert(0, 'one'));
    await done(a.flush());
    const copies: Recovery[] = [];
    a.on('recovery', (recovery) => copies.push(recovery));
    const document = server.documents.get('notes');
    server.crash();
    network.cut();
    if (document?.commits[0] !== undefined) document.commits[0] = { ...document.commits[0], digest: 'deadbeef', delta: insert(0, 'two') };
    document?.crash();
    await pass(5_000);
    expect(server.resyncs).toBeGreaterThan(0);
    expect(copies[0]?.document).toEqual(new Delta().insert('one\n'));
    expect([a.text, a.status]).toEqual(['two\n', 'saved']);
  });

  test('a name is changed by a new connection, and what was under way survives', async () => {
    const server = world({ immediate: false });
    const [a, b] = await two();
    const client = clients[0] as Client;
    a.apply(insert(0, 'x'));
    const statuses: string[] = [];
    a.on('status', (status) => statuses.push(status));
    client.on('status', (status) => statuses.push(status));
    client.setUser({ name: 'Countess\u202e Lovelace', color: '#112233' });
    await pass();
    server.gate();
    await pass();
    expect([a.status, a.text, b.text]).toEqual(['saved', 'x\n', 'x\n']);
    expect(client.user).toMatchObject({ name: 'Countess Lovelace', color: '#112233' });
    expect(b.members.map(({ user }) => user.name).sort()).toEqual(['Bob', 'Countess Lovelace']);
    const hellos = seen('hello') as { attempt: number; name: string }[];
    expect(hellos.map(({ attempt }) => attempt)).toEqual([1, 1, 2]);
    // Nobody was alarmed.
    expect(statuses).toEqual(['saved']);
  });

  test('a wished reconnect that takes longer than a moment shows', async () => {
    world();
    const [a] = await two();
    const client = clients[0] as Client;
    network.up = false;
    client.setUser({ name: 'Countess' });
    expect([a.status, client.status]).toEqual(['synchronised', 'connected']);
    await pass(10);
    // The attempt failed at once: no reason to keep that back.
    expect(client.status).toBe('reconnecting');
    await pass(2_100);
    expect(a.status).toBe('reconnecting');
    network.up = true;
    network.silent = true;
    await pass(60_000);
    network.silent = false;
    await pass(60_000);
    expect(a.status).toBe('synchronised');
    network.silent = true;
    client.setUser({ name: 'Duchess' });
    await pass(1_900);
    expect([a.status, client.status]).toEqual(['synchronised', 'connected']);
    await pass(200);
    expect([a.status, client.status]).toEqual(['reconnecting', 'reconnecting']);
  });

  test('flush waits for what was typed before it, not for what is typed since', async () => {
    const server = world({ immediate: false });
    const [a] = await two();
    a.apply(insert(0, 'a'));
    a.apply(insert(0, 'b'));
    let flushed = false;
    void a.flush().then(() => {
      flushed = true;
    });
    for (let i = 0; i < 3; i++) {
      await pass();
      server.gate();
      await pass();
      a.apply(insert(0, 'later'));
      // The first carried `a`, the second `b`.
      expect(flushed).toBe(i >= 1);
    }
    expect(a.unsaved).toBe(true);
  });

  test('readers are read-only', async () => {
    const server = world();
    const [a] = await two();
    server.document('notes').setRole('commenter');
    await pass();
    expect([a.status, a.role]).toEqual(['read-only', 'commenter']);
    expect(() => a.apply(insert(0, 'y'))).toThrow(EditError);
  });

  test('what the application was given is its own', async () => {
    world();
    const [a, b] = await two();
    const given = { bold: true };
    b.on('change', ({ delta }) => {
      for (const op of delta.ops) if (op.attributes !== undefined) op.attributes['bold'] = 'spoiled';
    });
    a.on('change', ({ delta }) => {
      for (const op of delta.ops) if (op.attributes !== undefined) op.attributes['bold'] = 'spoiled';
    });
    a.apply([{ insert: 'x', attributes: given }]);
    given.bold = false;
    await done(a.flush());
    await pass();
    expect([a.delta.ops[0], b.delta.ops[0]]).toEqual([
      { insert: 'x', attributes: { bold: true } },
      { insert: 'x', attributes: { bold: true } },
    ]);
  });
});

describe('tokens', () => {
  test('are asked for again when the server does not like one, a few times', async () => {
    world();
    let asked = 0;
    const client = join({ token: () => `token ${++asked}` });
    const errors: string[] = [];
    client.on('error', ({ code }) => errors.push(code));
    await pass();
    expect(client.status).toBe('connected');
    network.cut(4401);
    expect(client.status).toBe('reconnecting');
    await pass(5_000);
    expect([client.status, asked, errors]).toEqual(['connected', 2, []]);
    // Without a function there is nothing better to offer.
    const other = join({ token: 'fixed' });
    await pass();
    network.cut(4401);
    expect(other.status).toBe('closed');
  });

  test('a new one is said on the connection at hand, or by a quiet new one', async () => {
    world();
    let asked = 0;
    const client = join({ token: async () => `token ${++asked}` });
    const document = client.open('notes', { create: 'plain-text' });
    await done(document.ready);
    const statuses: string[] = [];
    document.on('status', (status) => statuses.push(status));
    await client.refreshToken();
    await pass();
    expect((seen('hello') as { token: string }[]).map(({ token }) => token)).toEqual(['token 1', 'token 2']);
    expect([seen('authenticate'), statuses, document.status]).toEqual([[], [], 'synchronised']);
    world({ authentication: true });
    const other = join({ token: async () => `token ${++asked}` });
    await pass();
    await other.refreshToken();
    await pass();
    expect([seen('hello').length, seen('authenticate'), other.status]).toEqual([1, [{ token: 'token 4' }], 'connected']);
  });
});

describe('refusals', () => {
  test('of an operation: rolled back, handed out, and what was typed behind it goes on', async () => {
    world({
      immediate: true,
      refuse: (delta) => (JSON.stringify(delta).includes('BAD') ? { code: 'document_limit', text: 'full' } : null),
    });
    const [a, b] = await two();
    const rejected: unknown[] = [];
    const copies: Recovery[] = [];
    const changes: unknown[] = [];
    a.on('rejected', (event) => rejected.push(event));
    a.on('recovery', (event) => copies.push(event));
    a.apply(insert(0, 'BAD'));
    a.apply(insert(3, 'good'));
    a.on('change', ({ source, delta, length }) => changes.push([source, delta.ops, length]));
    await expect(done(a.flush())).rejects.toThrow(RejectedError);
    await done(a.flush());
    await pass();
    expect([a.text, b.text, a.status]).toEqual(['good\n', 'good\n', 'rejected']);
    copies[0]?.taken();
    expect(a.status).toBe('saved');
    expect(rejected).toMatchObject([{ error: { code: 'document_limit' }, delta: insert(0, 'BAD') }]);
    expect(copies).toMatchObject([{ reason: 'document_limit', document: new Delta().insert('BADgood\n') }]);
    expect(changes).toEqual([['rollback', [{ delete: 3 }], 5]]);
  });

  test('without the right to write the document becomes read-only', async () => {
    world({ immediate: true, refuse: () => ({ code: 'forbidden', text: 'readers read' }) });
    const [a] = await two();
    a.apply(insert(0, 'x'));
    await expect(done(a.flush())).rejects.toThrow('readers read');
    expect([a.role, a.text]).toEqual(['reader', '\n']);
    expect(() => a.apply(insert(0, 'y'))).toThrow(EditError);
  });

  test('of an opening', async () => {
    world();
    const client = join();
    const missing = client.open('missing');
    await expect(done(missing.ready)).rejects.toThrow(RefusedError);
    expect(missing.error).toMatchObject({ code: 'no_such_document' });
    expect(missing.status).toBe('closed');
    expect(() => missing.apply(insert(0, 'x'))).toThrow(EditError);
    // Asking again is another try.
    const created = client.open('missing', { create: 'plain-text' });
    await done(created.ready);
    expect([created.text, created.type]).toEqual(['', 'plain-text']);
    await expect(done(join().open('missing', { create: 'rich-text' }).ready)).rejects.toMatchObject({ code: 'type_mismatch' });
  });

  test('replaced by another tab of the same client id: only the user takes it back', async () => {
    world();
    const clientId = 'ab'.repeat(16);
    const a = join({ clientId }).open('notes', { create: 'rich-text' });
    await done(a.ready);
    const b = join({ clientId }).open('notes');
    await done(b.ready);
    await pass(60_000);
    expect([a.status, a.error?.code]).toEqual(['closed', 'replaced']);
    expect(a.error).toBeInstanceOf(ClosedError);
    a.reopen();
    await pass();
    expect([a.status, b.status]).toEqual(['synchronised', 'closed']);
  });

  test('wrong edits change nothing', async () => {
    world();
    const client = join();
    const plain = client.open('plain', { create: 'plain-text' });
    expect(() => plain.apply(insert(0, 'x'))).toThrow(/not open yet/);
    await done(plain.ready);
    for (const ops of [
      [{ retain: 5 }, { insert: 'x' }],
      [{ insert: 'x', attributes: { bold: true } }],
      [{ insert: { image: 'x' } }],
      [{ delete: 1 }],
    ]) {
      expect(() => plain.apply(ops)).toThrow(EditError);
    }
    const richText = client.open('rich', { create: 'rich-text' });
    await done(richText.ready);
    expect(() => richText.apply([{ insert: { image: 'x'.repeat(300_000) } }])).toThrow(/larger than one message/);
    expect([plain.text, plain.revision, plain.unsaved]).toEqual(['', 0, false]);
    expect(plain.apply([{ insert: 'a\r\nb\0' }, { retain: 0 }]).ops).toEqual([{ insert: 'a\nb' }]);
    expect(plain.apply([{ retain: 3 }]).ops).toEqual([]);
    expect(() => client.open('no spaces')).toThrow(EditError);
  });

  test('wrong addresses and platforms', () => {
    world();
    expect(webSocketUrl('http://h:1')).toBe('ws://h:1/v1/ws');
    expect(webSocketUrl('https://h/base/ws?x=1#y')).toBe('wss://h/base/ws?x=1');
    expect(() => webSocketUrl('ftp://h')).toThrow(ConnectionError);
    expect(() => webSocketUrl('nonsense')).toThrow(ConnectionError);
    vi.stubGlobal('WebSocket', undefined);
    expect(() => connect('http://h')).toThrow(/no WebSocket/);
    vi.unstubAllGlobals();
    expect(() => join({ clientId: 'short' })).toThrow(EditError);
  });
});

describe('presence, members, signals', () => {
  test('cursors are where their owners see them, whatever is under way', async () => {
    const server = world({ immediate: false });
    const [a, b] = await two();
    a.apply(insert(0, 'hello world'));
    await pass();
    server.gate();
    await pass();
    const heard: unknown[] = [];
    b.on('presence', ({ user, ranges, state }) => heard.push([user.name, ranges, state]));
    a.presence.set({ ranges: [{ anchor: 6, head: 11 }], state: { typing: true } });
    await pass();
    expect(heard).toEqual([['Ada', [{ anchor: 6, head: 11 }], { typing: true }]]);
    const other = () => b.members.find(({ self }) => !self)?.ranges;
    // Own edits that nobody has seen yet.
    b.apply(insert(0, '>> '));
    expect(other()).toEqual([{ anchor: 9, head: 14 }]);
    b.apply(insert(9, '!'));
    expect(other()).toEqual([{ anchor: 9, head: 15 }]);
    await pass();
    server.gate();
    await pass();
    server.gate();
    await pass();
    expect(a.text).toBe('>> hello !world\n');
    expect(other()).toEqual([{ anchor: 9, head: 15 }]);
    // The owner's own insert moves the cursor behind it, another's leaves it before.
    a.presence.set({ ranges: [{ anchor: 15, head: 15 }] });
    await pass();
    b.apply(insert(15, 'B'));
    expect(other()).toEqual([{ anchor: 15, head: 15 }]);
    await pass();
    server.gate();
    await pass();
    a.apply(insert(15, 'A'));
    await pass();
    server.gate();
    await pass();
    expect(b.text).toBe('>> hello !worldAB\n');
    expect(other()).toEqual([{ anchor: 16, head: 16 }]);
  });

  test('is sent when it can be said, at most 20 times a second, the latest wins', async () => {
    const server = world({ immediate: false });
    const [a] = await two();
    for (let i = 0; i < 100; i++) {
      a.presence.set({ ranges: [{ anchor: 0, head: 0 }], state: i });
      await pass(5);
    }
    await pass(100);
    const all = seen('presence') as { state: number }[];
    expect(all.length).toBeGreaterThan(5);
    expect(all.length).toBeLessThanOrEqual(11);
    expect(all.at(-1)?.state).toBe(99);
    network.messagesSeen.length = 0;
    // In flight: said as "after"; with a buffer: not before it has left.
    a.apply(insert(0, 'x'));
    a.presence.set({ ranges: [{ anchor: 1, head: 1 }] });
    await pass(60);
    // The caret moved with the own insert: the others know that without being told.
    expect(seen('presence')).toEqual([]);
    a.presence.set({ ranges: [{ anchor: 2, head: 2 }] });
    await pass(60);
    expect(seen('presence')).toEqual([{ channel: 1, revision: 0, after: 1, ranges: [{ anchor: 2, head: 2 }], state: 99 }]);
    network.messagesSeen.length = 0;
    server.gate();
    await pass();
    a.apply(insert(1, 'y'));
    a.apply(insert(2, 'z'));
    a.presence.set({ ranges: [{ anchor: 0, head: 3 }] });
    await pass(200);
    server.gate();
    await pass(200);
    expect(seen('presence')).toEqual([{ channel: 1, revision: 2, after: 3, ranges: [{ anchor: 0, head: 3 }], state: 99 }]);
  });

  test('is said again after a reconnect, and too large a state is refused', async () => {
    world();
    const [a, b] = await two();
    a.presence.set({ ranges: [{ anchor: 1, head: 0 }] });
    await pass();
    network.cut();
    await pass(2_000);
    expect(b.members.find(({ self }) => !self)?.ranges).toEqual([{ anchor: 1, head: 0 }]);
    expect(() => a.presence.set({ state: 'x'.repeat(1100) })).toThrow(EditError);
  });

  test('members come and go', async () => {
    world();
    const [a, b] = await two();
    expect(a.members.map(({ user, self }) => [user.name, self])).toEqual([['Ada', true], ['Bob', false]]);
    const counts: number[] = [];
    a.on('members', (members) => counts.push(members.length));
    b.close();
    await pass();
    const third = join({ name: '  <b>Eve</b>\u0000\u202e ' }).open('notes');
    await done(third.ready);
    await pass();
    expect(counts).toEqual([1, 2]);
    expect(a.members[1]?.user.name).toBe('<b>Eve</b>');
  });

  test('signals reach the others', async () => {
    world();
    const [a, b] = await two();
    const heard: unknown[] = [];
    b.on('signal', ({ topic, payload, user }) => heard.push([topic, payload, user.name]));
    expect(a.signal('wave', { hand: 1 })).toBe(true);
    await pass();
    expect(heard).toEqual([['wave', { hand: 1 }, 'Ada']]);
    network.up = false;
    network.cut();
    expect(a.signal('wave', null)).toBe(false);
  });
});

describe('the ends', () => {
  test('many documents share one socket; closing one leaves the others', async () => {
    world();
    const client = join();
    const documents = ['a', 'b', 'c'].map((id) => client.open(id, { create: 'rich-text' }));
    await done(Promise.all(documents.map(({ ready }) => ready)));
    expect(client.open('a')).toBe(documents[0]);
    for (const document of documents) document.apply(insert(0, document.id));
    await done(client.flush());
    expect(network.sockets).toHaveLength(1);
    documents[1]?.close();
    documents[2]?.apply(insert(0, 'x'));
    await done(client.flush());
    expect(seen('leave')).toHaveLength(1);
    const again = client.open('b');
    await done(again.ready);
    expect([again.text, documents[2]?.text]).toEqual(['b\n', 'xc\n']);
  });

  test('an end by the server hands out what is pending; reopening still brings it in', async () => {
    const server = world({ immediate: false });
    const clientId = 'ab'.repeat(16);
    const a = join({ clientId }).open('notes', { create: 'rich-text' });
    await done(a.ready);
    const copies: Recovery[] = [];
    a.on('recovery', (recovery) => copies.push(recovery));
    a.apply(insert(0, 'x'));
    await pass();
    const b = join({ clientId }).open('notes');
    await pass();
    expect([a.status, a.unsaved]).toEqual(['closed', true]);
    expect(copies).toMatchObject([{ reason: 'replaced', resumable: true, documentId: 'notes', pending: insert(0, 'x') }]);
    server.gate();
    await done(b.ready);
    a.reopen();
    await done(a.flush());
    expect([a.text, b.text, a.unsaved, copies.length]).toEqual(['x\n', 'x\n', false, 1]);
  });

  test('an end that leaves no way back takes the edits out of the document', async () => {
    const server = world();
    await two();
    const a = join().open('notes');
    await done(a.ready);
    const copies: Recovery[] = [];
    a.on('recovery', (recovery) => copies.push(recovery));
    network.up = false;
    network.cut();
    for (const client of clients.slice(0, 2)) client.close();
    server.documents.clear();
    a.apply(insert(0, 'x'));
    network.up = true;
    await pass(5_000);
    expect([a.status, a.error?.code, a.unsaved, a.text]).toEqual(['closed', 'no_such_document', false, '\n']);
    expect(copies).toMatchObject([{ reason: 'no_such_document', resumable: false, pending: insert(0, 'x') }]);
  });

  test('the browser asks before it leaves while something is unsaved, and only then', async () => {
    const page = new EventTarget();
    const asks = (): boolean => {
      const event = Object.defineProperty(new Event('beforeunload', { cancelable: true }), 'returnValue', { writable: true });
      page.dispatchEvent(event);
      return event.defaultPrevented;
    };
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
    vi.stubGlobal('document', new EventTarget());
    const server = world({ immediate: false });
    const [a] = await two();
    expect(asks()).toBe(false);
    a.apply(insert(0, 'x'));
    expect(asks()).toBe(true);
    await pass();
    server.gate();
    await pass();
    expect(asks()).toBe(false);
    a.apply(insert(0, 'y'));
    expect(asks()).toBe(true);
    a.close();
    expect(asks()).toBe(false);
    vi.unstubAllGlobals();
  });

  test('closing with edits under way hands them out', async () => {
    world({ immediate: false });
    const [a] = await two();
    const copies: Recovery[] = [];
    a.on('recovery', (recovery) => copies.push(recovery));
    a.apply(insert(0, 'x'));
    const flushed = a.flush();
    a.close();
    await expect(done(flushed)).rejects.toThrow(ClosedError);
    expect(copies).toMatchObject([{ reason: 'closed', pending: insert(0, 'x') }]);
    expect(a.status).toBe('closed');
  });

  test('a final error of the connection closes its documents; reconnect and reopen take them up', async () => {
    world();
    const [a] = await two();
    const client = clients[0] as Client;
    const errors: string[] = [];
    client.on('error', ({ code }) => errors.push(code));
    network.cut(4401);
    expect([client.status, a.status, a.error?.code]).toEqual(['closed', 'closed', 'unauthenticated']);
    expect(errors).toEqual(['unauthenticated']);
    client.reconnect();
    a.reopen();
    await pass();
    expect(a.status).toBe('synchronised');
  });

  test('listeners hear events in their order, even those they cause', async () => {
    world();
    const [a, b] = await two();
    const heard: string[] = [];
    b.on('change', ({ source }) => {
      if (source === 'remote') b.apply(insert(0, '!'));
    });
    b.on('change', ({ source }) => heard.push(source));
    const off = b.on('change', () => heard.push('never'));
    off();
    a.apply(insert(0, 'x'));
    await pass();
    expect(heard).toEqual(['remote', 'local']);
    expect(a.text).toBe('!x\n');
  });
});
