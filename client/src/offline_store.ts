// What storage for offline work has to be able to do: little, so that it can be anything from
// IndexedDB to a file.
import { StorageError } from './errors.js';

/** A value under a key; plain data that can be cloned. */
export interface OfflineRecord {
  readonly key: string;
  readonly value: unknown;
}

/** What `OfflineStore.write` does with one key: a value is put there, none removes what is there. */
export type OfflineChange = OfflineRecord | { readonly key: string; readonly remove: true };

/** Keys and values on this device. Every method may reject; the client then goes on without. */
export interface OfflineStore {
  /** Every record whose key begins with one of these, all as of one moment, in the order of keys. */
  read(prefixes: readonly string[]): Promise<readonly OfflineRecord[]>;
  /** All of it or nothing; what a crash of the page or the browser cannot undo once it resolves. */
  write(changes: readonly OfflineChange[]): Promise<void>;
  /**
   * Takes the lock of that name until the function is called or the page ends, or gives null at once
   * when somebody else has it. Holds across all pages that share the store.
   */
  lock(name: string): Promise<(() => void) | null>;
}

/** A store in memory: for tests, and for programs that only want a client to be closed and opened again. */
export function memoryStore(): OfflineStore {
  const records = new Map<string, unknown>();
  const locks = new Map<string, symbol>();
  return {
    read: async (prefixes) =>
      [...records]
        .filter(([key]) => prefixes.some((prefix) => key.startsWith(prefix)))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => ({ key, value: structuredClone(value) })),
    write: async (changes) => {
      const copies = structuredClone(changes);
      for (const change of copies) {
        if ('remove' in change) records.delete(change.key);
        else records.set(change.key, change.value);
      }
    },
    lock: async (name) => {
      if (locks.has(name)) return null;
      const own = Symbol(name);
      locks.set(name, own);
      return () => {
        if (locks.get(name) === own) locks.delete(name);
      };
    },
  };
}

const openTimeoutMs = 2_000;
const table = 'records';

/** A failure of the platform as one of ours. */
export function storageErrorOf(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const { name = '', message = String(error) } = (error ?? {}) as { readonly name?: string; readonly message?: string };
  return new StorageError(name === 'QuotaExceededError' ? 'storage_quota' : 'storage_failed', `${name} ${message}`.trim());
}

function settled(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new StorageError('storage_failed', 'a transaction was aborted'));
  });
}

/**
 * The browser's IndexedDB, with Web Locks to tell pages apart. Needs both, so a page served without
 * TLS (other than from localhost) has none. `name` is that of the database.
 */
export function indexedDbStore({ name = 'coedit' }: { readonly name?: string } = {}): OfflineStore {
  let opened: Promise<IDBDatabase> | null = null;

  function open(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const { indexedDB, navigator } = globalThis as Partial<Pick<Window, 'indexedDB' | 'navigator'>>;
      if (indexedDB === undefined || navigator?.locks === undefined) {
        throw new StorageError('storage_unavailable', 'this page has no IndexedDB or no Web Locks');
      }
      const request = indexedDB.open(name, 1);
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        reject(new StorageError('storage_unavailable', 'IndexedDB does not answer'));
      }, openTimeoutMs);
      request.onupgradeneeded = () => void request.result.createObjectStore(table);
      request.onblocked = () => reject(new StorageError('storage_unavailable', 'another page holds IndexedDB'));
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        clearTimeout(timer);
        const database = request.result;
        if (late) return database.close();
        const forget = (): void => {
          database.close();
          opened = null;
        };
        // The browser may take it away (the user clears data), or another page may want to delete it.
        database.onclose = database.onversionchange = forget;
        resolve(database);
      };
    });
  }

  async function begin(mode: IDBTransactionMode): Promise<IDBTransaction> {
    opened ??= open();
    try {
      // Relaxed: what is written survives the browser's end, not the loss of power.
      return (await opened).transaction(table, mode, { durability: 'relaxed' });
    } catch (error) {
      opened = null;
      throw error;
    }
  }

  return {
    async read(prefixes) {
      const transaction = await begin('readonly');
      const done = settled(transaction);
      const store = transaction.objectStore(table);
      const requests = prefixes.map((prefix) => {
        const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
        return { keys: store.getAllKeys(range), values: store.getAll(range) };
      });
      await done;
      return requests.flatMap(({ keys, values }) =>
        keys.result.map((key, index) => ({ key: String(key), value: values.result[index] as unknown })),
      );
    },
    async write(changes) {
      const transaction = await begin('readwrite');
      const done = settled(transaction);
      const store = transaction.objectStore(table);
      try {
        for (const change of changes) {
          if ('remove' in change) store.delete(change.key);
          else store.put(change.value, change.key);
        }
      } catch (error) {
        // What cannot be cloned: without this, what came before it would be written.
        transaction.abort();
        await done.catch(() => undefined);
        throw error;
      }
      await done;
    },
    lock(lockName) {
      return new Promise((resolve, reject) => {
        const { locks } = globalThis.navigator;
        locks
          .request(`${name}/${lockName}`, { ifAvailable: true }, (lock) => {
            if (lock !== null) return new Promise<void>((release) => resolve(release));
            resolve(null);
            return undefined;
          })
          .catch(reject);
      });
    },
  };
}
