// The server in memory: what applications do with it, and that it answers as the server's own program.
import WebSocketOfNode from 'ws';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Client, type ConnectOptions, connect } from '../src/client.js';
import type { WebSocketConstructor, WebSocketLike } from '../src/connection.js';
import { Delta } from '../src/delta.js';
import type { SharedDocument } from '../src/shared_document.js';
import { MemoryServer } from '../src/testing.js';
import { Random, randomEdit, seedOfRun } from './support/random.js';
import { RealServer, isBuilt } from './support/real_server.js';

const clients: Client[] = [];
function join(server: MemoryServer, options: ConnectOptions = {}): Client {
  const client = connect(server.url, { WebSocket: server.WebSocket, ...options });
  clients.push(client);
  return client;
}
const heard = <T>(listen: (done: (value: T) => void) => unknown): Promise<T> => new Promise((done) => void listen(done));
const become = (document: SharedDocument, isSo: () => boolean): Promise<void> =>
  heard((done) => {
    const look = (): void => {
      if (isSo()) done();
    };
    document.on('change', look);
    document.on('status', look);
    document.on('members', look);
    look();
  });

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

describe('an application without a network', () => {
  test('two people, one text', async () => {
    const server = new MemoryServer();
    server.create('notes', 'plain-text', 'Hello');
    const [a, b] = [join(server).open('notes'), join(server, { encoding: 'json' }).open('notes')];
    await Promise.all([a.ready, b.ready]);
    a.apply([{ retain: 5 }, { insert: '!' }]);
    await a.flush();
    await become(b, () => b.text === 'Hello!');
    const document = server.document('notes');
    expect([document.text, document.revision, document.members.length]).toEqual(['Hello!', 1, 2]);
    expect(document.commits).toMatchObject([{ author: 1, sequence: 1, delta: { ops: [{ retain: 5 }, { insert: '!' }] } }]);
    expect(server.unexpected).toEqual([]);
    expect(() => server.document('other')).toThrow(/no document other/);
    server.create('blank', 'plain-text', '');
    const blank = join(server).open('blank');
    await blank.ready;
    expect(blank.text).toBe('');
  });

  test('roles: a reader reads, and hears when that changes', async () => {
    const server = new MemoryServer();
    const notes = server.create('notes', 'plain-text', 'text');
    const clientId = 'ab'.repeat(16);
    notes.setRole('reader', clientId);
    const reader = join(server, { clientId }).open('notes');
    const writer = join(server).open('notes');
    await Promise.all([reader.ready, writer.ready]);
    expect([reader.role, writer.role]).toEqual(['reader', 'writer']);
    expect(() => reader.apply([{ insert: 'x' }])).toThrow(/may not edit/);
    const promoted = heard((done) => reader.on('role', done));
    notes.setRole('writer', clientId);
    expect(await promoted).toBe('writer');
    // Rights that end while an edit is on its way.
    writer.apply([{ insert: 'x' }]);
    notes.setRole('commenter');
    await expect(writer.flush()).rejects.toMatchObject({ code: 'forbidden' });
    expect(notes.text).toBe('text');
  });

  test('refusals on demand', async () => {
    const server = new MemoryServer();
    const notes = server.create('notes', 'plain-text');
    const document = join(server).open('notes');
    await document.ready;
    notes.refuseNext('document_limit', 'full');
    const copy = heard<{ reason: string }>((done) => document.on('recovery', done));
    document.apply([{ insert: 'lost' }]);
    await expect(document.flush()).rejects.toMatchObject({ code: 'document_limit' });
    expect((await copy).reason).toBe('document_limit');
    document.apply([{ insert: 'kept' }]);
    await document.flush();
    expect(notes.text).toBe('kept');
  });

  test('lost connections, closed documents', async () => {
    const server = new MemoryServer();
    const notes = server.create('notes', 'plain-text');
    const document = join(server).open('notes');
    await document.ready;
    server.network.up = false;
    server.network.cut();
    expect(document.status).toBe('reconnecting');
    document.apply([{ insert: 'away' }]);
    server.network.up = true;
    await document.flush();
    expect(notes.text).toBe('away');
    const failed = heard<{ code: string }>((done) => document.on('error', done));
    notes.close('no_such_document');
    expect((await failed).code).toBe('no_such_document');
  });

  test('what is not durable is not told', async () => {
    const server = new MemoryServer({ immediate: false });
    const notes = server.create('notes', 'plain-text');
    const document = join(server).open('notes');
    await document.ready;
    document.apply([{ insert: 'x' }]);
    const flushed = document.flush();
    while (!server.network.messagesSeen.some(({ kind }) => kind === 'submit')) await new Promise((done) => setTimeout(done));
    expect([notes.text, document.status]).toEqual(['', 'saving']);
    server.gate();
    await flushed;
    expect([notes.text, document.status]).toEqual(['x', 'saved']);
  });

  test('clients that break the protocol are put off', async () => {
    const server = new MemoryServer();
    const closed = (frame: string, first = true): Promise<number> =>
      heard((done) => {
        const socket = new server.WebSocket(server.url, ['coedit.v1.json']);
        socket.onclose = (event: { readonly code: number }) => done(event.code);
        socket.onopen = () => {
          if (!first) socket.send(helloOf('a'));
          socket.send(frame);
        };
      });
    expect(await closed('{"messages":[{"ping":{"nonce":1}}]}')).toBe(1008);
    expect(await closed('nonsense')).toBe(4400);
    expect(await closed(helloOf('a'), false)).toBe(4400);
    expect(await closed(JSON.stringify({ messages: [{ ping: { nonce: 1, pad: 'x'.repeat(300_000) } }] }), false)).toBe(1009);
  });
});

// ---- the same conversation with both servers ----

type Message = { readonly [kind: string]: { readonly [field: string]: unknown } };

function helloOf(who: string): string {
  const hello = { protocol: 1, clientId: who.repeat(32), attempt: 1, sdk: 'test', name: who, color: '#112233', capabilities: ['parts'] };
  return JSON.stringify({ messages: [{ hello }] });
}

/** Names given by a server, in the order in which they come. */
class Names {
  private readonly known = new Map<string, Map<unknown, string>>();
  of(kind: string, value: unknown): string {
    let names = this.known.get(kind);
    if (names === undefined) this.known.set(kind, (names = new Map()));
    let name = names.get(value);
    if (name === undefined) names.set(value, (name = `${kind} ${names.size + 1}`));
    return name;
  }
}

/** What two servers say must be the same but for the names they give and the words they choose. */
function comparable(names: Names, value: unknown, key = ''): unknown {
  if (key === 'sessionId' || key === 'channel' || key === 'epoch') return names.of(key, value);
  if (key === 'id') return names.of('user', value);
  if (Array.isArray(value)) {
    const items = value.map((item) => comparable(names, item));
    return key === 'members' || key === 'authors' ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const own = ['limits', 'server', 'heartbeatSeconds', 'capabilities', 'text', 'afterMs'];
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, item]) => !own.includes(name) && item !== null && !(name === 'ranges' && (item as unknown[]).length === 0))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, comparable(names, item, name)]),
  );
}

/** One connection that speaks JSON by hand. */
class Speaker {
  readonly heard: Message[] = [];
  private news: () => void = () => undefined;
  private constructor(private readonly socket: WebSocketLike) {
    socket.onmessage = (event: { readonly data: unknown }) => {
      this.heard.push(...(JSON.parse(String(event.data)) as { messages: Message[] }).messages);
      this.news();
    };
  }
  static async connect(url: string, constructor: WebSocketConstructor): Promise<Speaker> {
    const socket = new constructor(url, ['coedit.v1.json']);
    const speaker = new Speaker(socket);
    await heard<void>((done) => (socket.onopen = () => done()));
    return speaker;
  }
  say(message: Message): void {
    this.socket.send(JSON.stringify({ messages: [message] }));
  }
  sayText(text: string): void {
    this.socket.send(text);
  }
  /** The next so many messages. */
  async take(count: number): Promise<Message[]> {
    while (this.heard.length < count) await heard<void>((done) => (this.news = done));
    return this.heard.splice(0, count);
  }
  /** The next message of this kind; those before it are dropped. */
  async takeOf(kind: string): Promise<Message> {
    for (;;) {
      const [message] = await this.take(1);
      if (message !== undefined && kind in message) return message;
    }
  }
  end(): void {
    this.socket.close();
  }
}

interface Place {
  readonly url: string;
  readonly WebSocket: WebSocketConstructor;
}

/** The whole conversation; the answer is what everyone heard. */
async function conversation({ url, WebSocket }: Place): Promise<unknown[]> {
  const names = new Names();
  const transcript: unknown[] = [];
  const people = new Map<string, Speaker>();
  const step = async (what: string, expected: { readonly [who: string]: number }): Promise<Message[]> => {
    const all: Message[] = [];
    for (const [who, count] of Object.entries(expected)) {
      const messages = await (people.get(who) as Speaker).take(count);
      transcript.push([what, who, messages.map((message) => comparable(names, message))]);
      all.push(...messages);
    }
    return all;
  };
  const come = async (who: string, clientId = who): Promise<void> => {
    const speaker = await Speaker.connect(url, WebSocket);
    people.set(who, speaker);
    speaker.sayText(helloOf(clientId));
    await step(`${who} comes`, { [who]: 1 });
  };
  const say = async (who: string, message: Message, expected: { readonly [who: string]: number }): Promise<Message[]> => {
    people.get(who)?.say(message);
    return step(`${who}: ${JSON.stringify(comparable(names, message))}`, expected);
  };
  for (const who of ['a', 'b', 'c']) await come(who);
  await say('a', { open: { request: 1, document: 'missing' } }, { a: 1 });
  const [opened] = await say('a', { open: { request: 2, document: 'notes', create: 'rich-text' } }, { a: 1 });
  const { channel, epoch } = (opened as Message)['opened'] as { channel: number; epoch: string };
  const submit = (sequence: number, revision: number, ops: unknown[]): Message => ({ submit: { channel, sequence, revision, delta: { ops } } });
  await say('b', { open: { request: 1, document: 'notes' } }, { b: 1, a: 1 });
  await say('a', { open: { request: 3, document: 'notes' } }, { a: 1 });
  await say('b', { open: { request: 2, document: 'notes', create: 'plain-text' } }, { b: 1 });
  await say('a', submit(1, 0, [{ insert: 'Hello 😀' }]), { a: 1, b: 1 });
  await say('b', submit(1, 0, [{ insert: 'Greetings', attributes: { bold: true } }, { retain: 1, attributes: { header: 1 } }]), { b: 1, a: 1 });
  // Again, as after a lost answer; then something else under the same number; then an old number.
  await say('b', submit(1, 0, [{ insert: 'Greetings', attributes: { bold: true } }, { retain: 1, attributes: { header: 1 } }]), { b: 1 });
  await say('b', submit(1, 0, [{ insert: 'other' }]), { b: 1 });
  await say('a', submit(2, 2, [{ retain: 2 }, { delete: 3 }, { insert: { image: 'x' } }]), { a: 1, b: 1 });
  await say('a', submit(1, 3, [{ insert: 'old' }]), { a: 1 });
  // What does not fit: past the end, of the future, through a pair.
  await say('a', submit(3, 3, [{ retain: 99 }, { insert: 'x' }]), { a: 1 });
  await say('a', submit(3, 9, [{ insert: 'x' }]), { a: 1 });
  await say('a', submit(3, 3, [{ retain: 5 }, { insert: 'x' }]), { a: 1 });
  await say('a', { presence: { channel, revision: 3, ranges: [{ anchor: 4, head: 0 }], state: { typing: true } } }, { b: 1 });
  await say('b', submit(2, 1, [{ retain: 1 }, { insert: 'b' }]), { b: 1, a: 1 });
  await say('c', { open: { request: 1, document: 'notes' } }, { c: 1, a: 1, b: 1 });
  await say('c', { signal: { channel, topic: 'wave', payload: [1, { x: null }] } }, { a: 1, b: 1 });
  await say('c', { presence: { channel, revision: 2, ranges: [{ anchor: 9, head: 9 }] } }, { a: 1, b: 1 });
  await say('c', { leave: { channel } }, { a: 1, b: 1 });
  // Back with what it knows; with what is not of this history; with an operation in flight.
  const known = (revision: number, digest: string): object => ({ epoch, revision, digest });
  await say('c', { open: { request: 2, document: 'notes', known: known(0, '00000000') } }, { c: 1, a: 1, b: 1 });
  await say('c', { leave: { channel } }, { a: 1, b: 1 });
  await say('c', { open: { request: 3, document: 'notes', known: known(2, 'ffffffff') } }, { c: 1 });
  await say('c', { open: { request: 4, document: 'notes', known: known(99, 'ffffffff') } }, { c: 1 });
  await say('c', { open: { request: 5, document: 'notes', known: { epoch: 'other', revision: 1, digest: '00000001' } } }, { c: 1, a: 1, b: 1 });
  await come('a again', 'a');
  await say('a again', { open: { request: 1, document: 'notes', known: known(0, '00000000'), inFlight: 2 } }, { 'a again': 1, a: 1, b: 2, c: 2 });
  await say('a again', { leave: { channel } }, { b: 1, c: 1 });
  await say('a again', { open: { request: 2, document: 'notes', known: known(0, '00000000'), inFlight: 3 } }, { 'a again': 1, b: 1, c: 1 });
  const [plain] = await say('b', { open: { request: 3, document: 'plain', create: 'plain-text' } }, { b: 1 });
  const { channel: other } = (plain as Message)['opened'] as { channel: number };
  await say('b', { submit: { channel: other, sequence: 1, revision: 0, delta: { ops: [{ insert: { image: 'x' } }] } } }, { b: 1 });
  await say('b', { submit: { channel: other, sequence: 2, revision: 0, delta: { ops: [{ insert: 'x', attributes: { bold: true } }] } } }, { b: 1 });
  // Nobody has heard anything else.
  for (const who of people.keys()) await say(who, { ping: { nonce: 7 } }, { [who]: 1 });
  for (const speaker of people.values()) speaker.end();
  return transcript;
}

/** Every commit of the document, as a client gets it that knows revision 0. */
async function ledger({ url, WebSocket }: Place, document: string): Promise<unknown> {
  const speaker = await Speaker.connect(url, WebSocket);
  speaker.sayText(helloOf('f'));
  speaker.say({ open: { request: 1, document } });
  // Between the answers it may hear of people who leave.
  const { channel, epoch } = (await speaker.takeOf('opened'))['opened'] as { channel: number; epoch: string };
  speaker.say({ leave: { channel } });
  speaker.say({ open: { request: 2, document, known: { epoch, revision: 0, digest: '00000000' } } });
  const { commits } = (await speaker.takeOf('opened'))['opened'] as { commits: Message[] };
  speaker.end();
  return commits.map(({ revision, author, delta }) => ({ revision, author, delta }));
}

/** Two people edit at once, on bases up to five revisions old; the answer is the text and the ledger. */
async function session(place: Place, seed: number): Promise<{ text: unknown; ledger: unknown }> {
  const random = new Random(seed);
  const document = 'session';
  const [one, two, listener] = (await Promise.all(
    ['1', '2', '3'].map(() => Speaker.connect(place.url, place.WebSocket)),
  )) as [Speaker, Speaker, Speaker];
  let channel: unknown;
  for (const [index, speaker] of [listener, one, two].entries()) {
    speaker.sayText(helloOf(`${index}`));
    speaker.say({ open: { request: 1, document, create: 'rich-text' } });
    channel = (await speaker.take(2))[1]?.['opened']?.['channel'];
  }
  await listener.take(2);
  await one.take(1);
  const texts = [new Delta().insert('\n')];
  const sequences = new Map<Speaker, number>();
  while (texts.length < 120) {
    const author = random.pick([one, two]);
    const revision = Math.max(0, texts.length - 1 - random.below(6));
    const sequence = (sequences.get(author) ?? 0) + 1;
    const delta = randomEdit(random, texts[revision] as Delta);
    if (delta.ops.length === 0) continue;
    sequences.set(author, sequence);
    author.say({ submit: { channel, sequence, revision, delta: { ops: delta.ops } } });
    const [told] = await listener.take(1);
    const { ops } = told?.['committed']?.['delta'] as { ops: Delta['ops'] };
    texts.push((texts.at(-1) as Delta).compose(new Delta(ops)));
    await one.take(1);
    await two.take(1);
  }
  for (const speaker of [one, two, listener]) speaker.end();
  return { text: texts.at(-1)?.ops, ledger: await ledger(place, document) };
}

describe.skipIf(!isBuilt)('as the server’s own program', () => {
  let real: RealServer;
  const placeOf = (server: MemoryServer): Place => server;
  const realPlace = (): Place => ({
    url: `${real.url.replace('http', 'ws')}/v1/ws`,
    WebSocket: WebSocketOfNode as unknown as WebSocketConstructor,
  });
  beforeAll(async () => {
    real = await RealServer.start();
  });
  afterAll(() => real?.stop());

  test('the same conversation', async () => {
    const inMemory = await conversation(placeOf(new MemoryServer()));
    const byProgram = await conversation(realPlace());
    expect(inMemory).toEqual(byProgram);
  });

  test('the same edits give the same ledger', async () => {
    const seed = seedOfRun();
    console.log(`the same ledger: SEED=${seed}`);
    const server = new MemoryServer();
    const inMemory = await session(placeOf(server), seed);
    const byProgram = await session(realPlace(), seed);
    expect(inMemory).toEqual(byProgram);
    expect(server.unexpected).toEqual([]);
    expect(server.document('session').delta.ops).toEqual(byProgram.text);
  });
});
