// A document as an application sees it.
import type { Json } from './canonical_json.js';
import type { Delta, DeltaLike } from './delta.js';
import type { Listener } from './emitter.js';
import type { CoeditError, RejectedError } from './errors.js';
import type { Range, User } from './messages.js';
import type { RoomMember } from './presence.js';
import type { ChangeSource, Stranded } from './state.js';
import type { EditSource, History } from './undo.js';

/** `rich-text` has formats and embeds, `plain-text` neither. Fixed when a document comes into being. */
export type DocumentType = 'rich-text' | 'plain-text';
/** What the server lets this client do: a `reader` or `commenter` may not edit. */
export type Role = 'reader' | 'commenter' | 'writer' | 'owner';

/**
 * What is true of the document right now.
 *
 * - `connecting`: the server was not reached yet. With a store for offline work the text may be
 *   there already, and edits are taken.
 * - `synchronised`: open, and nothing of one's own waits; no own edit was made since the opening.
 * - `saving`: some own edit is not durable on the server yet, and the connection is up.
 * - `saved`: every own edit is durable on the server.
 * - `read-only`: open, and one's role does not allow edits.
 * - `rejected`: the server refused an own edit, which left the text; until the application takes
 *   the `recovery` copy or the user edits on.
 * - `reconnecting`: the connection is down and tried again; edits are kept.
 * - `offline`: as reconnecting, and the device says it has no network.
 * - `closed`: by `close`, or by the server for good (then `error` says why).
 */
export type Status =
  | 'connecting'
  | 'synchronised'
  | 'saving'
  | 'saved'
  | 'read-only'
  | 'rejected'
  | 'reconnecting'
  | 'offline'
  | 'closed';

/**
 * Edits the server did not take, or of which nobody knows whether it will: keep them or show them.
 * With a store for offline work a copy is handed out again, at each opening, until it is taken.
 */
export interface Recovery extends Stranded {
  /** The document's id. */
  readonly documentId: string;
  /** Whether the edits are still in the document and sent when it is opened again. */
  readonly resumable: boolean;
  /** Says that the application has the copy, or the user wants none. */
  taken(): void;
}

/** The text of the document has changed. */
export interface Change {
  /** On the text as it was before. */
  readonly delta: Delta;
  /**
   * `local`: by `apply`. `undo`, `redo`: by `history`. `remote`: by others. `rollback`: a refused edit
   * was taken back. `reset`: the document has another history now.
   */
  readonly source: EditSource | ChangeSource;
  /** Of the text after it. */
  readonly length: number;
  /** What `apply` was told, for a local change. */
  readonly origin?: unknown;
  /** Where undo and redo put the caret or selection, on the text after the change. */
  readonly selection?: readonly Range[];
}

/** Own edits that are not durable on the server yet. */
export interface Pending {
  /** The edit that was sent and not answered, as it stands now; null for none. */
  readonly inFlight: Delta | null;
  /** What was edited since, as one change; empty for nothing. */
  readonly buffer: Delta;
}

/** What `apply` may be told. */
export interface ApplyOptions {
  /** Comes back in the `change` of this edit, so that an editor knows its own. */
  readonly origin?: unknown;
  /** The caret or selection before the edit, on the text before it: undo restores it. */
  readonly selectionBefore?: readonly Range[];
}

/** A message from another member of the room. */
export interface Signal {
  readonly sessionId: string;
  readonly author: number;
  readonly user: User;
  readonly topic: string;
  readonly payload: Json;
}

/** The server refused an own edit for good. */
export interface Rejected {
  readonly error: RejectedError;
  /** The refused edit, as it stood on the confirmed text. */
  readonly delta: Delta;
}

/** What `on` of a document tells, by name. */
export interface DocumentEvents {
  change: Change;
  status: Status;
  /** Someone's cursor, selection or state. */
  presence: RoomMember;
  /** Someone came or went. */
  members: readonly RoomMember[];
  signal: Signal;
  rejected: Rejected;
  /** Edits that may exist nowhere else. */
  recovery: Recovery;
  role: Role;
  error: CoeditError;
}

/** How this client shows itself to the others. */
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
  /** What is unsaved, for who shows how it travels: copies. */
  readonly pending: Pending;
  /** Whether what is unsaved would survive the end of the page: always false without a store. */
  readonly kept: boolean;
  /** Why the document is closed, when the server closed it. */
  readonly error: CoeditError | null;
  readonly members: readonly RoomMember[];
  readonly presence: PresenceHandle;
  /** Undo and redo of this client's own edits. */
  readonly history: History;
  /**
   * Resolves when there is a text: from the server, or from the store for offline work. Rejects when
   * the opening is refused for good, or the document closed before.
   */
  readonly ready: Promise<void>;
  /**
   * A local edit on the current text; it is visible at once and sent by itself. Returns it as it
   * was applied: line ends as LF, no U+0000, no cut surrogate pairs. Throws EditError and changes
   * nothing: `not_ready`, `closed`, `forbidden`, `invalid_operation`, `too_big`.
   */
  apply(delta: DeltaLike, options?: ApplyOptions): Delta;
  /** Returns the function that takes the listener off. */
  on<K extends keyof DocumentEvents>(kind: K, listener: Listener<DocumentEvents[K]>): () => void;
  /** A message to the others in the room, never stored. False when it could not be sent now. */
  signal(topic: string, payload: Json): boolean;
  /** Resolves when every edit made so far is durable; rejects when one is refused or on closing. */
  flush(): Promise<void>;
  /**
   * Leaves. Edits not durable yet are sent later from the store for offline work; without one they
   * are handed out as a recovery copy: `flush` before.
   */
  close(): void;
  /** Takes a document up again that the server closed, e.g. after `replaced`. */
  reopen(): void;
}
