// What the core asks of storage for offline work. `coedit/offline` brings it; without it, none of
// that code is loaded and nothing is kept.
import type { CoeditError } from './errors.js';
import type { DocumentType, Role } from './shared_document.js';
import type { Delta } from './delta.js';
import type { InFlight, Known, Stranded } from './state.js';

/**
 * Storage on this device. off: none was asked for. starting: being opened. on: what is pending is
 * kept. failed: it does not work (now); edits go on and are not kept.
 */
export type StorageStatus = 'off' | 'starting' | 'on' | 'failed';

/** A document at rest. */
export interface SavedDocument {
  readonly type: DocumentType;
  readonly role: Role;
  readonly known: Known;
  readonly author: number;
  readonly nextSequence: number;
  readonly confirmed: Delta;
  readonly inFlight: InFlight | null;
  readonly buffer: Delta;
}

/** Keeps one document of one client. */
export interface Journal {
  /** What was kept; null for nothing. Waits for what is being written. */
  load(): Promise<SavedDocument | null>;
  /**
   * The document as it is now, and the changes of its confirmed text since the last call; null when
   * that text is another one altogether. Written in one transaction: soon when something is pending
   * or `soon` says so, else when there is time.
   */
  save(document: SavedDocument, advanced: readonly Delta[] | null, soon: boolean): void;
  /** Forgets the document: there is none on the server. */
  drop(): void;
  /** Resolves when all of the above is on disk, or has failed to get there; true for the former. */
  settled(): Promise<boolean>;
  /** Whether the last state given is on disk. */
  readonly kept: boolean;
}

/** A recovery copy at rest. */
export interface SavedCopy {
  readonly id: string;
  readonly documentId: string;
  readonly stranded: Stranded;
}

/** Keeps the documents of one client; it alone has the client's id. */
export interface Keeper {
  readonly status: StorageStatus;
  readonly error: CoeditError | null;
  /** The id to go by, settled once. */
  readonly clientId: Promise<string>;
  /** The number of the next connection of this id, also counting those of earlier pages. */
  nextAttempt(): Promise<number>;
  journal(documentId: string): Journal;
  /** Documents of this client with edits that wait to be sent. */
  waiting(): Promise<readonly string[]>;
  /** Copies not taken yet; of one document, or of all. */
  copies(documentId?: string): Promise<readonly SavedCopy[]>;
  /** Returns its id. */
  keepCopy(documentId: string, stranded: Stranded): string;
  dropCopy(id: string): void;
  /**
   * Clients that ended with edits waiting, each taken over by its lock. Called now and then: a
   * client is taken over when it was found ended twice in a row, so that a reload is left alone.
   */
  orphans(): Promise<readonly Keeper[]>;
  /** Lets go of the id, when all is written. Of an ended client nothing is kept that is not needed. */
  release(): Promise<void>;
}

/** Storage as given to `connect`; made by `offline` of `coedit/offline`. */
export interface OfflineStorage {
  /** @internal For a client of that server, with that id if one is given. */
  keep(server: string, clientId: string | undefined, changed: () => void): Keeper;
}
