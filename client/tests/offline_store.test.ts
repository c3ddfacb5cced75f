// Every store keeps the same promises; IndexedDB's own troubles beside that. In real time: neither
// IndexedDB nor its stand-in follows simulated clocks.
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connect } from '../src/client.js';
import { Delta } from '../src/delta.js';
import { type OfflineStore, indexedDbStore, memoryStore, offline } from '../src/offline.js';
import { MemoryServer } from '../src/testing.js';

/** As far as the store uses Web Locks: exclusive, asked for with `ifAvailable`. */
class FakeLocks {
  readonly held = new Set<string>();
  async request(name: string, _: unknown, callback: (lock: object | null) => Promise<void> | undefined): Promise<void> {
    if (this.held.has(name)) return callback(null);
    this.held.add(name);
    await callback({ name });
    this.held.delete(name);
  }
}

let locks: FakeLocks;

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('IDBKeyRange', IDBKeyRange);
  locks = new FakeLocks();
  vi.stubGlobal('navigator', { locks });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe.each<[string, () => OfflineStore]>([
  ['memory', memoryStore],
  ['IndexedDB', () => indexedDbStore({ name: 'test' })],
])('the store in %s', (_, make) => {
  const keys = async (store: OfflineStore, ...prefixes: string[]): Promise<string[]> => (await store.read(prefixes)).map(({ key }) => key);

  test('reads what begins with a prefix, in the order of keys', async () => {
    const store = make();
    await store.write([
      { key: 'b|2', value: 2 },
      { key: 'a|10', value: { ops: [{ insert: 'x\n😀' }] } },
      { key: 'b|1', value: null },
      { key: 'ba', value: 'no' },
    ]);
    expect(await keys(store, 'b|')).toEqual(['b|1', 'b|2']);
    expect(await keys(store, 'a|10')).toEqual(['a|10']);
    expect(await keys(store, 'c')).toEqual([]);
    expect((await keys(store, 'b|', 'a|')).sort()).toEqual(['a|10', 'b|1', 'b|2']);
    expect(await store.read(['a|'])).toEqual([{ key: 'a|10', value: { ops: [{ insert: 'x\n😀' }] } }]);
  });
  test('writes, replaces and removes together', async () => {
    const store = make();
    await store.write([{ key: 'a', value: 1 }, { key: 'b', value: 1 }]);
    await store.write([{ key: 'a', value: 2 }, { key: 'b', remove: true }, { key: 'none', remove: true }]);
    expect(await store.read([''])).toEqual([{ key: 'a', value: 2 }]);
  });
  test('writes all of it or nothing', async () => {
    const store = make();
    await expect(store.write([{ key: 'a', value: 1 }, { key: 'b', value: () => undefined }])).rejects.toThrow();
    expect(await keys(store, '')).toEqual([]);
  });
  test('what is read and written is a copy', async () => {
    const store = make();
    const value = { list: [1] };
    await store.write([{ key: 'a', value }]);
    value.list.push(2);
    const [read] = await store.read(['a']);
    (read?.value as { list: number[] }).list.push(3);
    expect(await store.read(['a'])).toEqual([{ key: 'a', value: { list: [1] } }]);
  });
  test('a lock is one holder’s until it is given back, and giving it back twice takes it from nobody', async () => {
    const store = make();
    const unlock = await store.lock('tab');
    expect(unlock).not.toBeNull();
    expect(await store.lock('tab')).toBeNull();
    expect(await store.lock('other')).not.toBeNull();
    unlock?.();
    await new Promise((resolve) => setTimeout(resolve));
    expect(await store.lock('tab')).not.toBeNull();
    unlock?.();
    await new Promise((resolve) => setTimeout(resolve));
    expect(await store.lock('tab')).toBeNull();
  });
});

describe('IndexedDB', () => {
  test.each([
    ['no IndexedDB', 'indexedDB', undefined],
    ['no Web Locks', 'navigator', {}],
  ])('%s: it says so', async (_, name, value) => {
    vi.stubGlobal(name, value);
    await expect(indexedDbStore().read([''])).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
  test('a browser that forbids it', async () => {
    vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('not here', 'SecurityError');
    });
    const client = connect('http://h', { WebSocket: new MemoryServer().WebSocket, offline: offline() });
    await vi.waitFor(() => expect(client.storage).toBe('failed'));
    expect(client.storageError).toMatchObject({ name: 'StorageError', code: 'storage_failed' });
    client.close();
  });
  test('lets another page upgrade it, and then says that it cannot read it any more', async () => {
    const store = indexedDbStore();
    await store.write([{ key: 'a', value: 1 }]);
    await new Promise((resolve, reject) => {
      const request = indexedDB.open('coedit', 2);
      request.onerror = reject;
      request.onsuccess = () => {
        request.result.close();
        resolve(undefined);
      };
    });
    // A later version is not ours to read: it fails in words, and does not hang.
    await expect(store.read([''])).rejects.toMatchObject({ name: 'VersionError' });
  });
  test('two databases do not know one another', async () => {
    await indexedDbStore({ name: 'one' }).write([{ key: 'a', value: 1 }]);
    expect(await indexedDbStore({ name: 'two' }).read([''])).toEqual([]);
    expect(await indexedDbStore({ name: 'one' }).read([''])).toHaveLength(1);
  });

  test('a page that ends without a network, and the next one', async () => {
    const server = new MemoryServer();
    const page = () => connect(server.url, { WebSocket: server.WebSocket, offline: offline(), guardUnload: false });
    const first = page();
    const a = first.open('notes', { create: 'rich-text' });
    await a.ready;
    a.apply(new Delta().insert('One ', { bold: true }));
    await a.flush();
    server.network.up = false;
    server.network.cut();
    a.apply(new Delta().retain(4).insert('two 😀'));
    await vi.waitFor(() => expect(a.kept).toBe(true));
    expect(a.unsaved).toBe(true);
    first.close();
    await vi.waitFor(() => expect(locks.held.size).toBe(0));
    const second = page();
    const b = second.open('notes');
    await b.ready;
    expect([b.text, b.unsaved, b.delta.ops[0]]).toEqual(['One two 😀\n', true, { insert: 'One ', attributes: { bold: true } }]);
    server.network.up = true;
    second.reconnect();
    await b.flush();
    expect([server.document('notes').text, server.unexpected]).toEqual(['One two 😀\n', []]);
    second.close();
  });
});
