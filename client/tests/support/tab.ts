// A browser tab for tests: a view of a store that several tabs share, which ends like one: its
// locks are free at once, and nothing it still wanted to write is written.
import { type Client, type ConnectOptions, connect } from '../../src/client.js';
import { type OfflineStore, offline } from '../../src/offline.js';
import { type MemoryNetwork, MemorySocket } from '../../src/testing.js';

export class Tab {
  readonly client: Client;
  private ended = false;
  private readonly locks = new Set<() => void>();
  private readonly sockets: MemorySocket[] = [];
  /** Writes fail with this. */
  failure: Error | null = null;
  /** What was written, as of each write: the number of records in it. */
  readonly writes: number[] = [];

  constructor(
    readonly store: OfflineStore,
    network: MemoryNetwork,
    options: ConnectOptions & { readonly user?: string } = {},
  ) {
    const { user, ...rest } = options;
    const guarded: OfflineStore = {
      read: (prefixes) => this.alive(() => store.read(prefixes)),
      write: (changes) =>
        this.alive(async () => {
          await store.write(changes);
          this.writes.push(changes.length);
        }),
      lock: (name) =>
        this.alive(async () => {
          const unlock = await store.lock(name);
          if (unlock !== null) this.locks.add(unlock);
          return unlock;
        }),
    };
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const tab = this;
    const Live = network.WebSocket as new (url: string, protocols: string[]) => MemorySocket;
    const OfTab = function (url: string, protocols: string[]): MemorySocket {
      const socket = tab.ended ? new MemorySocket(url, protocols) : new Live(url, protocols);
      tab.sockets.push(socket);
      return socket;
    };
    this.client = connect('http://example.org', {
      WebSocket: OfTab,
      offline: offline(user === undefined ? { store: guarded } : { store: guarded, user }),
      ...rest,
    });
  }

  private alive<T>(work: () => Promise<T>): Promise<T> {
    if (this.ended) return new Promise(() => undefined);
    if (this.failure !== null) return Promise.reject(this.failure);
    return work();
  }

  /** The tab is gone, as when its process is killed. */
  kill(): void {
    this.ended = true;
    for (const socket of this.sockets) {
      socket.onmessage = socket.onclose = null;
      socket.end();
    }
    for (const unlock of this.locks) unlock();
  }
}
