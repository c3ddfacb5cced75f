// What a document needs of the client it belongs to.
import type { ConnectionStatus } from './connection.js';
import type { Delta } from './delta.js';
import type { DocumentSession } from './document.js';
import type { Journal, SavedCopy } from './keeper.js';
import type { ClientMessage, Limits } from './messages.js';
import type { Recovery } from './shared_document.js';
import type { Stranded } from './state.js';

/** What a document needs of its client. */
export interface DocumentHost {
  send(message: ClientMessage): boolean;
  /** Bytes of a submit with this delta in the encoding in use. */
  measure(channel: number, delta: Delta): number;
  readonly limits: Limits | null;
  readonly connectionStatus: ConnectionStatus;
  readonly sessionId: string | null;
  /** Keeps the document beyond the end of the page; null where nothing does. */
  journal(id: string): Journal | null;
  /** Recovery copies of this document that nobody took yet. */
  copies(id: string): Promise<readonly SavedCopy[]>;
  /** The copy as the application gets it: kept until it is taken, and told to the client's listeners. */
  recovery(document: DocumentSession, stranded: Stranded | SavedCopy, resumable: boolean): Recovery;
  /** Whether something is unsaved may have changed. */
  pendingChanged(): void;
  /** A number for an `open`, whose answer comes to this document. */
  request(document: DocumentSession): number;
  attach(channel: number, document: DocumentSession): void;
  detach(channel: number, document: DocumentSession): void;
  closed(document: DocumentSession): void;
  /** Takes a document back that had ended. False when another object has its place. */
  reopened(document: DocumentSession): boolean;
}
