// Sub-path `coedit/offline`: keeps documents and unsent edits on this device, over reloads, crashes
// and days without a network.
import type { OfflineStorage } from './keeper.js';
import { KeptClients } from './offline_keeper.js';
import { type OfflineStore, indexedDbStore } from './offline_store.js';

export type { OfflineStorage } from './keeper.js';
export { type OfflineChange, type OfflineRecord, type OfflineStore, indexedDbStore, memoryStore } from './offline_store.js';

/** What `offline` may be told. */
export interface OfflineOptions {
  /** Where to keep things: the browser's IndexedDB unless told otherwise. */
  readonly store?: OfflineStore;
  /**
   * Whose documents these are, where more than one person uses this browser: what one left is not
   * shown to, nor sent by, another.
   */
  readonly user?: string;
}

/**
 * Storage for `connect(url, { offline: offline() })`. Documents opened before can be opened and edited
 * without a network; edits are on disk before they are sent, and sent exactly once: by this page,
 * by the next one, or by another page that is open.
 */
export function offline({ store = indexedDbStore(), user = '' }: OfflineOptions = {}): OfflineStorage {
  return {
    keep: (server, clientId, changed) => new KeptClients(store, [user, server], changed).own(clientId),
  };
}
