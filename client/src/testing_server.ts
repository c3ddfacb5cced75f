// The server in memory: documents by name and the sessions that use them.
import type { Delta, DeltaLike } from './delta.js';
import type { Limits, ServerMessage } from './messages.js';
import type { DocumentType } from './shared_document.js';
import { MemoryDocument, type Refusal } from './testing_document.js';
import { MemoryNetwork } from './testing_network.js';
import { MemorySession } from './testing_session.js';

/** How a server in memory behaves; all of it may be left out. */
export interface MemoryServerOptions {
  /** `false`: what is accepted becomes durable, and is told, only at `gate()`. */
  readonly immediate?: boolean;
  /** Decides over an operation that is otherwise right, as it stands on the head. */
  readonly refuse?: (delta: Delta, author: number) => Refusal;
  /** Whether to answer a gap with one composed delta where that is allowed. */
  readonly compose?: () => boolean;
  /** Clients that know less than this revision get the whole text. */
  readonly horizon?: () => number;
  /** Sends larger snapshots in parts of so many operations. */
  readonly partOps?: number;
  /** Limits of `welcome` other than the server's own. */
  readonly limits?: Partial<Limits>;
  /** Whether it takes new tokens on a connection, and says so in `capabilities`. It believes any token. */
  readonly authentication?: boolean;
  /** Milliseconds a message takes, each way; 1 unless told otherwise. */
  readonly latencyMs?: number;
}

const defaultLimits: Limits = {
  messageBytes: 262_144,
  deltaComponents: 4_096,
  documentUnits: 4_194_304,
  catchUpRevisions: 5_000,
  presenceBytes: 1_024,
  signalBytes: 4_096,
};

/**
 * A coedit server without a network, for tests of applications: it speaks the protocol through both
 * encodings and keeps documents in memory.
 *
 * ```ts
 * const server = new MemoryServer();
 * const client = connect(server.url, { WebSocket: server.WebSocket });
 * ```
 */
export class MemoryServer {
  /** For `connect`; nothing is ever resolved. */
  readonly url = 'ws://coedit.test/v1/ws';
  /** All documents by name. */
  readonly documents = new Map<string, MemoryDocument>();
  /** What lies between clients and server: it can be cut, silenced and slowed down. */
  readonly network: MemoryNetwork;
  /** For the option `WebSocket` of `connect`. */
  readonly WebSocket: MemoryNetwork['WebSocket'];
  /** What a right client never does, in words; empty unless there is a mistake. */
  readonly unexpected: string[] = [];
  /** How often a client was told that what it knows is of another history. */
  resyncs = 0;
  /** The limits told in `welcome`. */
  readonly limits: Limits;
  /** @internal */
  readonly sessions = new Set<MemorySession>();
  private sessionCount = 0;

  /** Begins with no documents. */
  constructor(
    /** As given. */
    readonly options: MemoryServerOptions = {},
  ) {
    this.limits = { ...defaultLimits, ...options.limits };
    this.network = new MemoryNetwork(this, options.latencyMs);
    this.WebSocket = this.network.WebSocket;
  }

  /** A document with this text at revision 0; without one it is empty, a rich one a single newline. */
  create(id: string, type: DocumentType = 'rich-text', start?: DeltaLike | string): MemoryDocument {
    const empty = type === 'rich-text' ? '\n' : '';
    const document = new MemoryDocument(id, type, this.documents.size + 1, this, start ?? empty);
    this.documents.set(id, document);
    return document;
  }

  /** The document of that name. Throws when there is none. */
  document(id: string): MemoryDocument {
    const document = this.documents.get(id);
    if (document === undefined) throw new Error(`the server in memory has no document ${id}`);
    return document;
  }

  /** Everything accepted becomes durable and is told; needed where `immediate` is `false`. */
  gate(): void {
    for (const document of this.documents.values()) document.gate();
  }

  /** kill -9: what is not durable is gone. Connections stay silent until `network.cut()`. */
  crash(): void {
    for (const session of this.sessions) session.closed = true;
    this.sessions.clear();
    for (const document of this.documents.values()) document.crash();
  }

  /** @internal A connection without a socket, for tests of the protocol itself. */
  connect(deliver: (message: ServerMessage) => void, end?: (closeCode: number) => void): MemorySession {
    const session = new MemorySession(this, `s-${++this.sessionCount}`, deliver, end);
    this.sessions.add(session);
    return session;
  }
}
