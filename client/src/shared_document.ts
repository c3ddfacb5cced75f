// A document as an application sees it.
import type { Json } from './canonical_json.js';
import type { Delta, DeltaLike } from './delta.js';
import type { Listener } from './emitter.js';
import type { CoeditError, RejectedError } from './errors.js';
import type { Range, User } from './messages.js';
import type { RoomMember } from './presence.js';
import type { ChangeSource, Recovery } from './state.js';

export type DocumentType = 'rich-text' | 'plain-text';
export type Role = 'reader' | 'commenter' | 'writer' | 'owner';

/**
 * What is true of the document right now.
 * connecting: not opened yet. saved: every edit is durable on the server. saving: some edit is not,
 * and the connection is up. reconnecting: the connection is down and tried again; edits are kept.
 * offline: as reconnecting, and the device says it has no network. closed: by `close`, or by the
 * server for good (then `error` says why).
 */
export type Status = 'connecting' | 'saved' | 'saving' | 'reconnecting' | 'offline' | 'closed';

export interface Change {
  /** On the text as it was before. */
  readonly delta: Delta;
  /** `rollback`: a refused edit was taken back. `reset`: the document has another history now. */
  readonly source: 'local' | ChangeSource;
  /** Of the text after it. */
  readonly length: number;
  /** What `apply` was told, for a local change. */
  readonly origin?: unknown;
}

export interface Signal {
  readonly sessionId: string;
  readonly author: number;
  readonly user: User;
  readonly topic: string;
  readonly payload: Json;
}

export interface Rejected {
  readonly error: RejectedError;
  /** The refused edit, as it stood on the confirmed text. */
  readonly delta: Delta;
}

export interface DocumentEvents {
  change: Change;
  status: Status;
  /** Someone's cursor, selection or state. */
  presence: RoomMember;
  /** Someone came or went. */
  members: readonly RoomMember[];
  signal: Signal;
  rejected: Rejected;
  /** Edits that left the document and exist nowhere else; keep them or show them. */
  recovery: Recovery;
  role: Role;
  error: CoeditError;
}

export interface PresenceHandle {
  /**
   * Shows ranges of the local view and a JSON state to the others; what is not given stays as it
   * is. Sent at most 20 times a second.
   */
  set(presence: { readonly ranges?: readonly Range[]; readonly state?: Json }): void;
}

/** A document as an application sees it. Positions and lengths are UTF-16 code units. */
export interface SharedDocument {
  readonly id: string;
  /** Null until `ready`. */
  readonly type: DocumentType | null;
  readonly role: Role | null;
  /** The text with all local edits; an embed is one U+FFFC, so positions are the document's. */
  readonly text: string;
  /** The same with formats and embeds: a copy. */
  readonly delta: Delta;
  /** Length of the text. */
  readonly length: number;
  /** The last revision known from the server. */
  readonly revision: number;
  readonly status: Status;
  /** Whether some edit is not durable on the server yet. */
  readonly unsaved: boolean;
  /** Why the document is closed, when the server closed it. */
  readonly error: CoeditError | null;
  readonly members: readonly RoomMember[];
  readonly presence: PresenceHandle;
  /** Resolves at the first opening; rejects when it is refused for good or closed before. */
  readonly ready: Promise<void>;
  /**
   * A local edit on the current text; it is visible at once and sent by itself. Returns it as it
   * was applied: line ends as LF, no U+0000, no cut surrogate pairs. Throws EditError and changes
   * nothing: `not_ready`, `closed`, `forbidden`, `invalid_operation`, `too_big`.
   */
  apply(delta: DeltaLike, options?: { readonly origin?: unknown }): Delta;
  /** Returns the function that takes the listener off. */
  on<K extends keyof DocumentEvents>(kind: K, listener: Listener<DocumentEvents[K]>): () => void;
  /** A message to the others in the room, never stored. False when it could not be sent now. */
  signal(topic: string, payload: Json): boolean;
  /** Resolves when every edit made so far is durable; rejects when one is refused or on closing. */
  flush(): Promise<void>;
  /** Leaves. Edits not durable yet are handed out as a recovery copy: `flush` before to keep them. */
  close(): void;
  /** Takes a document up again that the server closed, e.g. after `replaced`. */
  reopen(): void;
}
