// Everything that can go wrong, as typed errors that carry the server's codes, and the one table
// that says what this client does about each code.

/** What the client does when the server names a code. */
export type CodeAction =
  /** Try again by itself, with jitter and growing pauses. */
  | 'retry'
  /** The operation is terminal: roll it back and hand it to the application. */
  | 'rollback'
  /** Give up until the application or the user does something. */
  | 'stop';

interface CodeRow {
  /** The WebSocket close code that goes with it; absent where no connection ends for it. */
  readonly close?: number;
  readonly action: CodeAction;
}

/** Every code of the protocol; `replaced` stops because only the user may take the place back. */
export const codes = {
  bad_message: { close: 4400, action: 'stop' },
  unauthenticated: { close: 4401, action: 'stop' },
  forbidden: { close: 4403, action: 'stop' },
  no_such_document: { close: 4404, action: 'stop' },
  type_mismatch: { action: 'stop' },
  already_open: { action: 'retry' },
  already_exists: { action: 'stop' },
  version: { close: 4406, action: 'stop' },
  too_slow: { close: 4408, action: 'retry' },
  replaced: { close: 4409, action: 'stop' },
  resync: { close: 4410, action: 'retry' },
  document_limit: { close: 4413, action: 'rollback' },
  invalid_operation: { close: 4422, action: 'rollback' },
  sequence_conflict: { close: 4422, action: 'rollback' },
  stale_sequence: { close: 4422, action: 'rollback' },
  revision_too_old: { close: 4422, action: 'rollback' },
  too_complex: { close: 4422, action: 'rollback' },
  rate: { close: 4429, action: 'retry' },
  unavailable: { close: 4503, action: 'retry' },
  storage_full: { close: 4507, action: 'retry' },
} as const satisfies Record<string, CodeRow>;

/** One of the protocol's codes. */
export type Code = keyof typeof codes;

/** True for a code this version knows. */
export function isCode(code: string): code is Code {
  return Object.hasOwn(codes, code);
}

/**
 * Whether a connection that ended with this close code is tried again. Application codes follow
 * the table; of WebSocket's own, only 1003, 1007 and 1009 say that this client sent something the
 * server will never take.
 */
export function retriesAfterClose(closeCode: number): boolean {
  if (closeCode === 1003 || closeCode === 1007 || closeCode === 1009) return false;
  for (const row of Object.values(codes) as readonly CodeRow[]) {
    if (row.close === closeCode) return row.action === 'retry';
  }
  return true;
}

/** Base of all errors of this package. `code` is the server's code, or one of the client's own. */
export class CoeditError extends Error {
  override readonly name: string = 'CoeditError';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** An `open` the server refused for good, or a request over HTTP. */
export class RefusedError extends CoeditError {
  override readonly name = 'RefusedError';
  constructor(
    code: string,
    message: string,
    /** Whether asking again can help; ... */
    readonly retry = false,
    /** ... not before so many milliseconds, where the server said that. */
    readonly afterMs?: number,
  ) {
    super(code, message);
  }
}

/** An operation the server refused for good; it has been rolled back. */
export class RejectedError extends CoeditError {
  override readonly name = 'RejectedError';
}

/** The document is closed: by the application (`closed`) or by the server (its code). */
export class ClosedError extends CoeditError {
  override readonly name = 'ClosedError';
}

/** The connection ended for a reason that trying again does not mend. */
export class ConnectionError extends CoeditError {
  override readonly name = 'ConnectionError';
}

/** Bytes that do not follow the protocol. */
export class ProtocolError extends CoeditError {
  override readonly name = 'ProtocolError';
  constructor(message: string) {
    super('bad_message', message);
  }
}

/**
 * Storage on this device that does not work: `storage_unavailable` (there is none, or another page
 * holds it), `storage_quota` (it is full), `storage_failed`. Editing goes on without.
 */
export class StorageError extends CoeditError {
  override readonly name = 'StorageError';
}

/** A call this document cannot serve: a wrong delta, not ready yet, no right to write, too big. */
export class EditError extends CoeditError {
  override readonly name = 'EditError';
}
