// What the server answers over HTTP: the types an application sees, and the schemas the answers are
// checked against before it does. `docs/protocol.md` says what revisions, units and deltas are. Times
// are milliseconds since the Unix epoch.
import type { Delta } from './delta.js';
import { type Schema, delta, integer, list, optional, record, text } from './schema.js';
import type { DocumentType } from './shared_document.js';

/** A document as lists show it. */
export interface DocumentInfo {
  readonly id: string;
  readonly type: DocumentType;
  /** Absent: it has none. */
  readonly title?: string;
  /** The head. */
  readonly revision: number;
  readonly createdMs: number;
  readonly changedMs: number;
}

/** Some of the documents, by id. */
export interface DocumentPage {
  readonly documents: readonly DocumentInfo[];
  /** What to ask for as `after` to get more; absent: that was all. */
  readonly next?: string;
}

/** A document with its text at one revision. */
export interface DocumentSnapshot extends DocumentInfo {
  /** Whose text `delta` is; of the head or an earlier one. */
  readonly revision: number;
  readonly headRevision: number;
  /** Inserts only. */
  readonly delta: Delta;
  /** When that revision came into being. */
  readonly atMs?: number;
}

/** Where an operation came to stand. */
export interface Submitted {
  readonly revision: number;
  readonly digest: string;
  readonly author: number;
}

/** Who an author number stands for, as last heard of; neither name nor colour is safe to show as it is. */
export interface Author {
  readonly author: number;
  /** See `displayName`. */
  readonly name: string;
  /** See `displayColor`. */
  readonly color: string;
}

/** One operation at its place in the history: it leads from `revision - 1` to `revision`. */
export interface StoredOperation {
  readonly revision: number;
  readonly author: number;
  readonly sequence: number;
  readonly atMs: number;
  readonly delta: Delta;
}

/** Some of the operations of a document, in order. */
export interface OperationPage {
  readonly operations: readonly StoredOperation[];
  /** Of these operations. */
  readonly authors: readonly Author[];
  readonly headRevision: number;
  /** What to ask for as `after` to get more; absent: that was all. */
  readonly next?: number;
}

/** Text of one author. */
export interface BlameSpan {
  readonly length: number;
  /** 0: content the document came into being with. */
  readonly author: number;
  /** The latest of the span. */
  readonly revision: number;
  readonly atMs: number;
}

/** Who wrote what of the text at a revision; the spans cover it. */
export interface Blame {
  readonly revision: number;
  readonly spans: readonly BlameSpan[];
  readonly authors: readonly Author[];
}

/** `before.compose(delta)` is the text at `to`. */
export interface RevisionDiff {
  readonly from: number;
  readonly to: number;
  /** From the text at `from` to that at `to`. */
  readonly delta: Delta;
  /** The text at `from`. */
  readonly before: Delta;
}

/** A revision with a name. */
export interface NamedVersion {
  readonly version: number;
  readonly name: string;
  readonly revision: number;
  readonly createdMs: number;
  /** Who named it. */
  readonly by?: string;
}

/** Someone who has the document open. */
export interface OnlineMember {
  readonly sessionId: string;
  readonly author: number;
  readonly name: string;
  readonly color: string;
}

/** A revision with its time and author. */
export interface TimelinePoint {
  readonly revision: number;
  readonly atMs: number;
  readonly author: number;
}

/** Revisions evenly spread over a history. */
export interface Timeline {
  readonly headRevision: number;
  readonly createdMs: number;
  readonly changedMs: number;
  readonly points: readonly TimelinePoint[];
  readonly authors: readonly Author[];
}

/** A schema whose values are `T`s. */
export interface SchemaOf<T> {
  readonly schema: Schema;
  /** Only a carrier of the type; no value is ever there. */
  readonly type?: T;
}
const answer = <T>(fields: { readonly [K in keyof T]-?: Schema }): SchemaOf<T> => ({ schema: record(fields) });
const of = ({ schema }: SchemaOf<unknown>): Schema => schema;

const info = {
  id: text,
  type: text,
  title: optional(text),
  revision: integer,
  createdMs: integer,
  changedMs: integer,
} as const;
const author = answer<Author>({ author: integer, name: text, color: text });
const authors = list(of(author));

export const documentInfo = answer<DocumentInfo>(info);
export const documentPage = answer<DocumentPage>({ documents: list(of(documentInfo)), next: optional(text) });
export const documentSnapshot = answer<DocumentSnapshot>({ ...info, headRevision: integer, delta, atMs: optional(integer) });
export const submitted = answer<Submitted>({ revision: integer, digest: text, author: integer });
export const operationPage = answer<OperationPage>({
  operations: list(
    of(answer<StoredOperation>({ revision: integer, author: integer, sequence: integer, atMs: integer, delta })),
  ),
  authors,
  headRevision: integer,
  next: optional(integer),
});
export const blame = answer<Blame>({
  revision: integer,
  spans: list(of(answer<BlameSpan>({ length: integer, author: integer, revision: integer, atMs: integer }))),
  authors,
});
export const revisionDiff = answer<RevisionDiff>({ from: integer, to: integer, delta, before: delta });
export const namedVersion = answer<NamedVersion>({
  version: integer,
  name: text,
  revision: integer,
  createdMs: integer,
  by: optional(text),
});
export const namedVersions = answer<{ readonly versions: readonly NamedVersion[] }>({ versions: list(of(namedVersion)) });
export const onlineMembers = answer<{ readonly members: readonly OnlineMember[] }>({
  members: list(of(answer<OnlineMember>({ sessionId: text, author: integer, name: text, color: text }))),
});
export const timeline = answer<Timeline>({
  headRevision: integer,
  createdMs: integer,
  changedMs: integer,
  points: list(of(answer<TimelinePoint>({ revision: integer, atMs: integer, author: integer }))),
  authors,
});
