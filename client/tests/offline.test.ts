// Tabs that end, and what becomes of their edits: on one store, against the model server, in
// simulated time.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Client, ConnectOptions } from '../src/client.js';
import { Delta } from '../src/delta.js';
import { StorageError } from '../src/errors.js';
import { type OfflineStore, memoryStore } from '../src/offline.js';
import type { Recovery, SharedDocument } from '../src/shared_document.js';
import { Random, seedOfRun } from './support/random.js';
import { Tab } from './support/tab.js';
import { type MemoryNetwork, MemoryServer, type MemoryServerOptions } from '../src/testing.js';

let network: MemoryNetwork;
let server: MemoryServer;
let store: OfflineStore;
const tabs: Tab[] = [];
/** Of the random worlds; `ROUNDS=500` for a long run. */
const rounds = Number(process.env['ROUNDS'] ?? 6);

function world(options: MemoryServerOptions = { immediate: true }): void {
  server = new MemoryServer(options);
  network = server.network;
  store = memoryStore();
}
function tab(options: ConnectOptions & { readonly user?: string } = {}): Tab {
  const made = new Tab(store, network, options);
  tabs.push(made);
  return made;
}
const open = (client: Client, id = 'notes'): SharedDocument => client.open(id, { create: 'rich-text' });
const pass = (ms = 50): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
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
const onServer = (id = 'notes'): string =>
  server.documents.get(id)?.delta.ops.map(({ insert: text }) => (typeof text === 'string' ? text : '*')).join('') ?? '';
function cut(): void {
  network.up = false;
  network.cut();
}
const clientIds = (): string[] => [...new Set(network.messagesSeen.filter(({ kind }) => kind === 'hello').map(({ clientId }) => clientId))];
const attempts = (): number[] =>
  network.messagesSeen.flatMap(({ kind, value }) => (kind === 'hello' ? [(value as { attempt: number }).attempt] : []));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  for (const { client } of tabs.splice(0)) client.close();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('one tab', () => {
  test('edits made without a network survive the end of the page', async () => {
    world();
    const first = tab();
    const a = open(first.client);
    await done(a.ready);
    a.apply(insert(0, 'before '));
    await done(a.flush());
    cut();
    a.apply(insert(7, 'train '));
    a.apply(insert(13, 'ride'));
    await pass(1_000);
    expect([a.unsaved, a.kept, first.client.storage]).toEqual([true, true, 'on']);
    first.kill();
    const second = tab();
    const b = open(second.client);
    await pass();
    // Without a network, from what is kept: readable and writable.
    expect([b.text, b.status, b.unsaved, b.type, b.role, second.client.status]).toEqual([
      'before train ride\n',
      'connecting',
      true,
      'rich-text',
      'writer',
      'connecting',
    ]);
    b.apply(insert(17, '!'));
    network.up = true;
    await done(b.flush());
    expect([b.text, b.status, onServer()]).toEqual(['before train ride!\n', 'saved', 'before train ride!\n']);
    expect(server.unexpected).toEqual([]);
    // The same client, in a row of rising attempts.
    expect(clientIds()).toHaveLength(1);
    expect(attempts()).toEqual([...attempts()].sort((x, y) => x - y));
    expect(new Set(attempts()).size).toBe(attempts().length);
  });

  test.each([
    ['was committed, the answer lost', true],
    ['never came to be', false],
  ])('an operation in flight at the end %s: exactly once', async (_, committed) => {
    world({ immediate: false });
    const first = tab();
    const a = open(first.client);
    await done(a.ready);
    a.apply(insert(0, 'X'));
    await pass();
    a.apply(insert(1, 'Y'));
    await pass();
    first.kill();
    if (committed) server.gate();
    else server.crash();
    const b = open(tab().client);
    await done(b.ready);
    for (let i = 0; i < 5; i++) {
      await pass();
      server.gate();
    }
    await done(b.flush());
    expect([b.text, onServer(), b.status]).toEqual(['XY\n', 'XY\n', 'synchronised']);
    expect(server.unexpected).toEqual([]);
  });

  test('nothing is sent before it is written', async () => {
    world();
    const first = tab();
    const a = open(first.client);
    await done(a.ready);
    await pass(2_000);
    let release: () => void = () => undefined;
    const { write } = store;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    store.write = async (changes) => {
      await held;
      return write(changes);
    };
    a.apply(insert(0, 'x'));
    a.presence.set({ ranges: [{ anchor: 0, head: 1 }] });
    await pass(1_000);
    expect([a.kept, network.messagesSeen.filter(({ kind }) => kind === 'submit' || kind === 'presence')]).toEqual([false, []]);
    release();
    await done(a.flush());
    await pass();
    expect(network.messagesSeen.filter(({ kind }) => kind === 'submit' || kind === 'presence').map(({ kind }) => kind)).toEqual(['submit', 'presence']);
    expect(onServer()).toBe('x\n');
  });

  test('a document that was read before can be opened without a network, also by another tab', async () => {
    world();
    const first = tab();
    const a = open(first.client);
    await done(a.ready);
    a.apply(insert(0, 'read me'));
    await done(a.flush());
    await pass(2_000);
    cut();
    // The first tab lives on: the second has an id of its own and starts from what the first read.
    const second = tab();
    const b = open(second.client);
    await pass();
    expect([b.text, b.unsaved]).toEqual(['read me\n', false]);
    a.apply(insert(0, 'A'));
    b.apply(insert(0, 'B'));
    network.up = true;
    await done(Promise.all([a.flush(), b.flush()]));
    await pass();
    expect(a.text).toBe(b.text);
    expect([...a.text].sort().join('')).toBe([...'ABread me\n'].sort().join(''));
    expect(clientIds()).toHaveLength(2);
  });

  test('what was never read is not there', async () => {
    world();
    cut();
    const a = open(tab().client);
    await pass(5_000);
    expect([a.status, a.text]).toEqual(['connecting', '']);
    network.up = true;
    await done(a.ready);
    expect(a.status).toBe('synchronised');
  });

  test('a closed document is brought in from the store, and found there when it is opened again', async () => {
    world();
    const { client } = tab();
    const a = open(client);
    await done(a.ready);
    const copies: Recovery[] = [];
    client.on('recovery', (recovery) => copies.push(recovery));
    cut();
    a.apply(insert(0, 'x'));
    a.close();
    await pass(100);
    const again = open(client);
    await done(again.ready);
    expect([again.text, again.unsaved]).toEqual(['x\n', true]);
    again.close();
    network.up = true;
    await pass(60_000);
    expect([onServer(), copies, server.unexpected]).toEqual(['x\n', [], []]);
  });

  test('documents nobody asks for are brought in too', async () => {
    world();
    const first = tab();
    const documents = ['one', 'two', 'three'].map((id) => open(first.client, id));
    await done(Promise.all(documents.map(({ ready }) => ready)));
    cut();
    for (const document of documents) document.apply(insert(0, document.id));
    await pass(1_000);
    first.kill();
    network.up = true;
    const second = tab();
    const one = open(second.client, 'one');
    await pass(5_000);
    expect(['one', 'two', 'three'].map(onServer)).toEqual(['one\n', 'two\n', 'three\n']);
    expect([one.status, server.unexpected]).toEqual(['synchronised', []]);
    // And are left: only one member each but for the one asked for.
    expect(server.documents.get('two')?.members.length).toBe(0);
  });

  test('another user of the browser neither sees nor sends it', async () => {
    world();
    const first = tab({ user: 'ada' });
    const a = open(first.client);
    await done(a.ready);
    cut();
    a.apply(insert(0, 'secret'));
    await pass(1_000);
    first.kill();
    const b = open(tab({ user: 'bob' }).client);
    await pass();
    expect(b.text).toBe('');
    network.up = true;
    await pass(60_000);
    expect(onServer()).toBe('\n');
    open(tab({ user: 'ada' }).client);
    await pass(5_000);
    expect([onServer(), b.text]).toEqual(['secret\n', 'secret\n']);
  });

  test('what is written stays small beside a large text, and the text is put together again', async () => {
    world();
    const base = new Delta().insert(`${'lorem ipsum '.repeat(50_000)}\n`);
    server.create('big', 'rich-text', base);
    const first = tab();
    const a = first.client.open('big');
    await done(a.ready);
    await pass(2_000);
    const bytes = async (): Promise<number> => JSON.stringify(await store.read([''])).length;
    const before = await bytes();
    for (let i = 0; i < 60; i++) {
      a.apply(insert(i * 100, `edit ${i} `));
      await done(a.flush());
    }
    await pass(2_000);
    expect((await bytes()) - before).toBeLessThan(20_000);
    // Enough edits, and they are folded into the text.
    for (let i = 0; i < 40; i++) {
      a.apply(insert(0, 'x'.repeat(10_000)));
      await done(a.flush());
    }
    await pass(2_000);
    const records = await store.read(['']);
    expect(records.filter(({ key }) => key.includes('|step|')).length).toBeLessThan(40);
    cut();
    a.apply(insert(3, 'pending'));
    await pass(1_000);
    const { text } = a;
    first.kill();
    const b = tab().client.open('big');
    await done(b.ready);
    expect([b.text === text, b.unsaved]).toEqual([true, true]);
    network.up = true;
    await done(b.flush());
    expect(onServer('big')).toBe(text);
  });
});

describe('several tabs', () => {
  test('a tab that ends is taken over by another that is open, under its own id', async () => {
    world();
    const [first, second] = [tab(), tab()];
    const [a, b] = [open(first.client), open(second.client)];
    await done(Promise.all([a.ready, b.ready]));
    await pass(20_000);
    cut();
    a.apply(insert(0, 'left behind'));
    await pass(1_000);
    first.kill();
    network.up = true;
    await pass(5_000);
    expect(b.status).toBe('synchronised');
    // Not at once: it might be a reload.
    expect(b.text).toBe('\n');
    await pass(40_000);
    expect([b.text, onServer(), b.unsaved]).toEqual(['left behind\n', 'left behind\n', false]);
    expect(clientIds()).toHaveLength(2);
    expect(server.unexpected).toEqual([]);
    // Nothing of it is left.
    const records = await store.read(['']);
    expect(new Set(records.filter(({ key }) => key.includes('|client|')).map(({ key }) => key)).size).toBe(1);
  });

  test('exactly once, also when the submit of the ended tab was committed', async () => {
    world({ immediate: false });
    const [first, second] = [tab(), tab()];
    const [a, b] = [open(first.client), open(second.client)];
    await done(Promise.all([a.ready, b.ready]));
    await pass(20_000);
    a.apply(insert(0, 'X'));
    await pass();
    a.apply(insert(1, 'Y'));
    await pass(100);
    first.kill();
    server.gate();
    for (let i = 0; i < 60; i++) {
      await pass(1_000);
      server.gate();
    }
    await pass();
    expect([b.text, onServer(), server.unexpected]).toEqual(['XY\n', 'XY\n', []]);
  });

  test('two tabs end, one comes: it goes on as one of them and brings in the other', async () => {
    world();
    const [first, second] = [tab(), tab()];
    const [a, b] = [open(first.client), open(second.client)];
    await done(Promise.all([a.ready, b.ready]));
    cut();
    a.apply(insert(0, 'Ada '));
    b.apply(insert(0, 'Bob '));
    await pass(1_000);
    first.kill();
    second.kill();
    const third = tab();
    const c = open(third.client);
    await pass();
    expect(['Ada \n', 'Bob \n']).toContain(c.text);
    network.up = true;
    await pass(60_000);
    expect(['Ada Bob \n', 'Bob Ada \n']).toContain(c.text);
    expect([onServer(), c.status, server.unexpected]).toEqual([c.text, 'synchronised', []]);
    expect(clientIds()).toHaveLength(2);
  });

  test.each([
    ['killed', (each: Tab) => each.kill()],
    ['closed', (each: Tab) => each.client.close()],
  ])('whoever brings it in is itself %s', async (_, end) => {
    world();
    const [first, second] = [tab(), tab()];
    const [a, b] = [open(first.client), open(second.client)];
    await done(Promise.all([a.ready, b.ready]));
    cut();
    a.apply(insert(0, 'Ada '));
    b.apply(insert(0, 'Bob '));
    await pass(1_000);
    first.kill();
    second.kill();
    network.up = true;
    for (let i = 0; i < 12; i++) {
      const next = tab();
      open(next.client);
      await pass(2 + i);
      end(next);
      await pass(1);
    }
    const last = open(tab().client);
    await pass(60_000);
    expect(['Ada Bob \n', 'Bob Ada \n']).toContain(last.text);
    expect([onServer(), server.unexpected]).toEqual([last.text, []]);
  });

  test('tabs that come and go at random, with and without a network: every edit once, all on one text', async () => {
    const seed = seedOfRun();
    console.log(`offline tabs: SEED=${seed}`);
    for (let round = 0; round < rounds; round++) {
      const random = new Random(seed + round);
      const jitter = new Random(seed + round + 1);
      vi.spyOn(Math, 'random').mockImplementation(() => jitter.next());
      world({ immediate: false, compose: () => random.chance(0.5) });
      const living: { readonly tab: Tab; readonly document: SharedDocument }[] = [];
      let words = 0;
      for (let turn = 0; turn < 120; turn++) {
        const dice = random.below(20);
        const one = living.length > 0 ? random.pick(living) : undefined;
        if ((dice === 0 && living.length < 3) || one === undefined) {
          const fresh = tab();
          living.push({ tab: fresh, document: open(fresh.client) });
        } else if (dice === 1) {
          if (random.chance(0.5)) one.tab.kill();
          else one.tab.client.close();
          living.splice(living.indexOf(one), 1);
        } else if (dice === 2) {
          cut();
        } else if (dice < 5) {
          network.up = true;
        } else if (dice === 5) {
          server.crash();
          network.cut();
        } else if (one.document.status === 'closed') {
          throw new Error(`closed: ${one.document.error?.code} ${one.document.error?.message} turn ${turn} round ${round} SEED=${seed + round}`);
        } else if (dice < 12 && one.document.length > 0) {
          // A word of its own for each edit, in a place where no other edit can part it.
          one.document.apply(insert(0, `<${++words}>`));
          // What is on disk survives; a tab killed sooner may take its last words with it.
          while (!one.document.kept) await pass(1);
        } else if (dice < 14 && one.document.length > 0) {
          one.document.apply(randomFormat(random, one.document));
        }
        server.gate();
        await pass(random.below(2_000));
      }
      network.up = true;
      for (const { tab: each } of living) each.kill();
      const last = open(tab().client);
      for (let i = 0; i < 120; i++) {
        await pass(1_000);
        server.gate();
      }
      await pass();
      const found = (onServer().match(/<\d+>/g) ?? []).map((word) => Number(word.slice(1, -1))).sort((x, y) => x - y);
      expect(found, `SEED=${seed + round}`).toEqual(Array.from({ length: words }, (_, i) => i + 1));
      expect([last.text, last.status, server.unexpected], `SEED=${seed + round}`).toEqual([onServer(), 'synchronised', []]);
      for (const { client } of tabs.splice(0)) client.close();
    }
  });
});

function randomFormat(random: Random, document: SharedDocument): Delta {
  const from = random.below(document.length);
  return new Delta().retain(from).retain(1 + random.below(document.length - from), { bold: random.chance(0.5) ? true : null });
}

describe('recovery copies', () => {
  test('are handed out at each opening until they are taken', async () => {
    world({ immediate: true, refuse: (delta) => (JSON.stringify(delta).includes('BAD') ? { code: 'document_limit', text: 'full' } : null) });
    const first = tab();
    const a = open(first.client);
    await done(a.ready);
    const copies: Recovery[] = [];
    a.on('recovery', (recovery) => copies.push(recovery));
    a.apply(insert(0, 'BAD'));
    await pass();
    expect([copies.length, a.status, a.unsaved]).toEqual([1, 'rejected', false]);
    first.kill();
    const second = tab();
    const b = open(second.client);
    b.on('recovery', (recovery) => copies.push(recovery));
    await done(b.ready);
    await pass();
    expect(copies[1]).toMatchObject({ reason: 'document_limit', documentId: 'notes', pending: insert(0, 'BAD'), resumable: false });
    copies[1]?.taken();
    await pass();
    second.kill();
    const c = open(tab().client);
    c.on('recovery', (recovery) => copies.push(recovery));
    await done(c.ready);
    await pass(1_000);
    expect(copies).toHaveLength(2);
  });

  test('are on disk before the edits leave the queue', async () => {
    world({ immediate: true, refuse: () => ({ code: 'too_complex', text: 'no' }) });
    const { client } = tab();
    const a = open(client);
    await done(a.ready);
    await pass(2_000);
    const { write } = store;
    const written: string[] = [];
    store.write = async (changes) => {
      const isCopy = changes.some(({ key }) => key.includes('|copy|'));
      // A slow disk, for these alone.
      if (isCopy) await new Promise((resolve) => setTimeout(resolve, 500));
      await write(changes);
      for (const change of changes) {
        if (isCopy) written.push('copy');
        if ('value' in change && change.key.includes('|queue|')) {
          written.push((change.value as { waiting: boolean }).waiting ? 'waiting' : 'nothing waits');
        }
      }
    };
    a.apply(insert(0, 'x'));
    await pass(5_000);
    expect(written).toEqual(['waiting', 'copy', 'nothing waits']);
  });

  test('do not stand in the way of a document that is not kept itself', async () => {
    world({ immediate: true, refuse: (delta) => (JSON.stringify(delta).includes('BAD') ? { code: 'too_complex', text: 'no' } : null) });
    const first = tab();
    const a = open(first.client);
    await done(a.ready);
    a.apply(insert(0, 'BAD'));
    await pass(1_000);
    first.kill();
    for (const { key } of await store.read([''])) if (!key.includes('|copy|')) await store.write([{ key, remove: true }]);
    const b = open(tab().client);
    const copies: Recovery[] = [];
    b.on('recovery', (recovery) => copies.push(recovery));
    await done(b.ready);
    await pass();
    expect([b.text, copies.length]).toEqual(['\n', 1]);
  });

  test('of a history that is gone, found at the next start', async () => {
    world();
    const first = tab();
    const a = open(first.client);
    await done(a.ready);
    a.apply(insert(0, 'kept '));
    await done(a.flush());
    cut();
    a.apply(insert(5, 'pending'));
    await pass(1_000);
    first.kill();
    server.documents.get('notes')?.restore(0);
    network.up = true;
    const b = open(tab().client);
    const copies: Recovery[] = [];
    b.on('recovery', (recovery) => copies.push(recovery));
    await done(b.ready);
    await pass(1_000);
    expect(copies).toMatchObject([{ reason: 'epoch', pending: insert(5, 'pending'), document: new Delta().insert('kept pending\n') }]);
    expect([b.text, b.unsaved, onServer()]).toEqual(['\n', false, '\n']);
  });

  test('of a client that ended reach whoever brings its edits in', async () => {
    world({ immediate: true, refuse: (delta) => (JSON.stringify(delta).includes('BAD') ? { code: 'too_complex', text: 'no' } : null) });
    const [first, second] = [tab(), tab()];
    const [a, b] = [open(first.client), open(second.client)];
    await done(Promise.all([a.ready, b.ready]));
    const [ofDocument, ofClient]: Recovery[][] = [[], []];
    b.on('recovery', (recovery) => ofDocument?.push(recovery));
    second.client.on('recovery', (recovery) => ofClient?.push(recovery));
    await pass(20_000);
    cut();
    a.apply(insert(0, 'BAD'));
    await pass(1_000);
    first.kill();
    network.up = true;
    await pass(60_000);
    expect(ofDocument).toMatchObject([{ reason: 'too_complex', pending: insert(0, 'BAD') }]);
    expect(ofClient).toEqual(ofDocument);
    expect(onServer()).toBe('\n');
  });

  test('of a document that is gone', async () => {
    world();
    const first = tab();
    const a = open(first.client);
    await done(a.ready);
    cut();
    a.apply(insert(0, 'x'));
    await pass(1_000);
    first.kill();
    network.up = true;
    server.documents.delete('notes');
    const { client } = tab();
    const copies: Recovery[] = [];
    client.on('recovery', (recovery) => copies.push(recovery));
    await pass(5_000);
    expect(copies).toMatchObject([{ reason: 'no_such_document', documentId: 'notes', pending: insert(0, 'x'), resumable: false }]);
    await pass(60_000);
    const records = await store.read(['']);
    expect(records.map(({ key }) => key.split('|')[2])).toEqual(['client', 'copy']);
  });
});

describe('storage that fails', () => {
  test('full: editing goes on, and the status says so, until there is room', async () => {
    world();
    const first = tab();
    const a = open(first.client);
    await done(a.ready);
    await pass(2_000);
    const statuses: string[] = [];
    first.client.on('storage', (status) => statuses.push(status));
    first.failure = new DOMException('full', 'QuotaExceededError');
    a.apply(insert(0, 'x'));
    await done(a.flush());
    expect([onServer(), a.kept, first.client.storage, first.client.storageError?.code]).toEqual(['x\n', false, 'failed', 'storage_quota']);
    expect(first.client.storageError).toBeInstanceOf(StorageError);
    first.failure = null;
    await pass(10_000);
    expect([first.client.storage, a.kept, statuses]).toEqual(['on', true, ['failed', 'on']]);
    cut();
    a.apply(insert(1, 'y'));
    await pass(1_000);
    first.kill();
    const b = open(tab().client);
    await done(b.ready);
    expect([b.text, b.unsaved]).toEqual(['xy\n', true]);
  });

  test('silent: nothing waits for it for ever', async () => {
    world();
    const first = tab();
    const a = open(first.client);
    await done(a.ready);
    await pass(2_000);
    store.write = () => new Promise(() => undefined);
    store.read = () => new Promise(() => undefined);
    a.apply(insert(0, 'x'));
    await pass(1_000);
    expect([a.status, onServer()]).toEqual(['saving', '\n']);
    await done(a.flush());
    expect([onServer(), a.kept, first.client.storage]).toEqual(['x\n', false, 'failed']);
    const b = open(tab().client);
    await done(b.ready);
    expect(b.text).toBe('x\n');
  });

  test('absent: everything works but nothing is kept', async () => {
    world();
    const first = tab();
    first.failure = new StorageError('storage_unavailable', 'no IndexedDB');
    const a = open(first.client);
    await done(a.ready);
    a.apply(insert(0, 'x'));
    await done(a.flush());
    expect([onServer(), first.client.storage, a.kept, a.status]).toEqual(['x\n', 'failed', false, 'saved']);
  });

  test('a store that stopped being written doubles nothing', async () => {
    world();
    const first = tab();
    const a = open(first.client);
    await done(a.ready);
    cut();
    a.apply(insert(0, 'one '));
    await pass(1_000);
    // From here on the disk says yes and forgets.
    const { write } = store;
    store.write = async () => undefined;
    network.up = true;
    await done(a.flush());
    a.apply(insert(4, 'two '));
    await done(a.flush());
    first.kill();
    store.write = write;
    const b = open(tab().client);
    const copies: Recovery[] = [];
    b.on('recovery', (recovery) => copies.push(recovery));
    await done(b.ready);
    await pass(2_000);
    expect([b.text, onServer()]).toEqual(['one two \n', 'one two \n']);
    expect(copies).toMatchObject([{ reason: 'stale', pending: insert(0, 'one ') }]);
    expect(server.unexpected).toEqual([]);
  });

  test('a client id that another page goes by is used, and nothing kept under it', async () => {
    world();
    const clientId = 'ab'.repeat(16);
    const first = tab({ clientId });
    await done(open(first.client).ready);
    const second = tab({ clientId });
    const b = open(second.client);
    await done(b.ready);
    b.apply(insert(0, 'x'));
    await done(b.flush());
    expect([second.client.storage, b.kept]).toEqual(['failed', false]);
  });
});
