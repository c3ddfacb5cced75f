// Every message of the wire as one table of fields. The types, the JSON codec and the protobuf
// codec all follow from it; `docs/protocol.md` says what the fields mean. Kinds and fields stand in
// the order of their numbers in proto/coedit.proto.
import {
  type Infer,
  bareDelta,
  delta,
  digest,
  flag,
  integer,
  json,
  list,
  listMessage,
  optional,
  record,
  small,
  text,
} from './schema.js';

const user = record({ id: text, name: text, color: text });
const range = record({ anchor: integer, head: integer });
const known = record({ epoch: text, revision: integer, digest });
const limits = record({
  messageBytes: integer,
  deltaComponents: integer,
  documentUnits: integer,
  catchUpRevisions: integer,
  presenceBytes: integer,
  signalBytes: integer,
});
// A Committed without its channel, which is field 1. The sequence stands where it is one's own.
const commit = record({ revision: integer, author: integer, sequence: optional(integer), delta: bareDelta }, 2);
const member = record({
  sessionId: text,
  author: integer,
  revision: optional(integer),
  ranges: list(range),
  state: optional(json),
});

/** Client to server. */
export const clientTable = {
  hello: record({
    protocol: small,
    clientId: text,
    attempt: integer,
    sdk: text,
    name: optional(text),
    color: optional(text),
    token: optional(text),
    capabilities: list(text),
  }),
  open: record({
    request: integer,
    document: text,
    create: optional(text),
    known: optional(known),
    inFlight: optional(integer),
    composed: optional(flag),
  }),
  submit: record({ channel: small, sequence: integer, revision: integer, delta }),
  presence: record({
    channel: small,
    revision: integer,
    after: optional(integer),
    ranges: list(range),
    state: optional(json),
  }),
  signal: record({ channel: small, topic: text, payload: json }),
  leave: record({ channel: small }),
  authenticate: record({ token: text }),
  ping: record({ nonce: integer }),
} as const;

/** Server to client. */
export const serverTable = {
  committed: record({
    channel: small,
    revision: integer,
    author: integer,
    sequence: optional(integer),
    delta: bareDelta,
  }),
  ack: record({ channel: small, sequence: integer, revision: integer }),
  presence: record({
    channel: small,
    sessionId: text,
    author: integer,
    revision: integer,
    ranges: list(range),
    state: optional(json),
  }),
  welcome: record({
    sessionId: text,
    user,
    limits,
    heartbeatSeconds: small,
    server: text,
    capabilities: list(text),
  }),
  opened: record({
    request: integer,
    channel: small,
    document: text,
    type: text,
    epoch: text,
    revision: integer,
    digest,
    role: text,
    author: integer,
    lastSequence: integer,
    authors: list(record({ author: integer, user })),
    members: list(member),
    inFlight: optional(record({ sequence: integer, committed: flag, revision: optional(integer) })),
    snapshot: optional(delta),
    commits: optional(listMessage('commits', commit)),
    composed: optional(delta),
    more: optional(flag),
  }),
  part: record({ channel: small, ops: delta, last: flag }),
  refused: record({ request: integer, code: text, text, retry: flag, afterMs: optional(small) }),
  rejected: record({ channel: small, sequence: integer, code: text, text }),
  joined: record({ channel: small, sessionId: text, author: integer, user }),
  left: record({ channel: small, sessionId: text, author: integer, user }),
  signal: record({ channel: small, sessionId: text, author: integer, topic: text, payload: json }),
  role: record({ channel: small, role: text }),
  closed: record({ channel: small, code: text, text, retry: flag, afterMs: optional(small) }),
  error: record({ code: text, text }),
  goAway: record({ afterMs: small, reason: text }),
  pong: record({ nonce: integer }),
} as const;

type Table = { readonly [kind: string]: unknown };
type MessageOf<T extends Table> = { [K in keyof T]: { kind: K; value: Infer<T[K]> } }[keyof T];

export type ClientMessage = MessageOf<typeof clientTable>;
export type ServerMessage = MessageOf<typeof serverTable>;
export type ServerValue<K extends keyof typeof serverTable> = Infer<(typeof serverTable)[K]>;
export type ClientValue<K extends keyof typeof clientTable> = Infer<(typeof clientTable)[K]>;

/** Who someone is. */
export interface User {
  id: string;
  name: string;
  /** "#rrggbb". */
  color: string;
}
/** Positions in UTF-16 code units from the start of the text. */
export interface Range {
  /** Where the selection began. */
  anchor: number;
  /** Where the caret is. */
  head: number;
}
/** In `welcome` 0 says that there is no such limit; see `limitOf`. */
export type Limits = Infer<typeof limits>;
export type Commit = Infer<typeof commit>;
export type Member = Infer<typeof member>;
export type Opened = ServerValue<'opened'>;
export type Welcome = ServerValue<'welcome'>;

/** A limit of `welcome` to compare with: infinite where there is none, or nothing is known yet. */
export function limitOf(limits: Limits | null, name: keyof Limits): number {
  return limits?.[name] || Number.POSITIVE_INFINITY;
}

/** The two encodings of the wire. */
export type Encoding = 'protobuf' | 'json';

/** What the client does with bytes; one implementation for each encoding. */
export interface Codec {
  readonly encoding: Encoding;
  /** The WebSocket subprotocol. */
  readonly subprotocol: string;
  /** One message, ready to be joined with others into a frame. */
  encode(message: ClientMessage): Piece;
  /** A frame of these pieces, as the socket takes it. */
  frame(pieces: readonly Piece[]): Uint8Array<ArrayBuffer> | string;
  /** The messages of a frame. Throws ProtocolError. */
  decode(data: ArrayBuffer | string): ServerMessage[];
}

/** One encoded message; `bytes` is what a frame with it alone weighs. */
export interface Piece {
  readonly data: Uint8Array<ArrayBuffer> | string;
  readonly bytes: number;
}
