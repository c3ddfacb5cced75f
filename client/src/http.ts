// `coedit/http`: the server's HTTP API, one typed method for each call. It needs no connection and no open
// document: for lists of documents, for their past, and for programs that make or read documents.
//
// Every method rejects with RefusedError when the server says no (RejectedError when it says no for good to
// an operation), ConnectionError (`unreachable`) when there was no answer, ProtocolError when the answer is not
// one of this API, EditError (`bad_document_id`) before anything is sent, and with the signal's reason when
// that ends it. Nothing is asked twice by itself.
import { decodeValue } from './codec_json.js';
import { type DeltaLike, opsOf } from './delta.js';
import { checkedDocumentId } from './document_id.js';
import { type CoeditError, ConnectionError, ProtocolError, RefusedError, RejectedError, codes, isCode } from './errors.js';
import {
  type Blame,
  type DocumentInfo,
  type DocumentPage,
  type DocumentSnapshot,
  type NamedVersion,
  type OnlineMember,
  type OperationPage,
  type RevisionDiff,
  type SchemaOf,
  type Submitted,
  type Timeline,
  blame,
  documentInfo,
  documentPage,
  documentSnapshot,
  namedVersion,
  namedVersions,
  onlineMembers,
  operationPage,
  revisionDiff,
  submitted,
  timeline,
} from './http_answers.js';
import type { DocumentType } from './shared_document.js';

export type {
  Author,
  Blame,
  BlameSpan,
  DocumentInfo,
  DocumentPage,
  DocumentSnapshot,
  NamedVersion,
  OnlineMember,
  OperationPage,
  RevisionDiff,
  StoredOperation,
  Submitted,
  Timeline,
  TimelinePoint,
} from './http_answers.js';

/** What `new DocumentsApi` may be told. */
export interface DocumentsApiOptions {
  /** Instead of the platform's own `fetch`. */
  readonly fetch?: typeof fetch;
}

/** What every call may be told. */
export interface CallOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** What a new document is. */
export interface NewDocument {
  /** The server makes one up otherwise. */
  readonly id?: string;
  /** `rich-text` unless told otherwise. */
  readonly type?: DocumentType;
  readonly title?: string;
  /** Its first text: a delta of inserts, or plain text. */
  readonly content?: DeltaLike | string;
}

/** Which documents to list. */
export interface DocumentQuery extends CallOptions {
  /** Their ids begin with this. */
  readonly prefix?: string;
  /** Their id or title holds this, in upper or lower case. */
  readonly search?: string;
  /** Only those after this id. */
  readonly after?: string;
  /** At most so many: 50 unless told otherwise, at most 500. */
  readonly limit?: number;
}

/** Which text of a document: that of a revision, or of a time, or the latest. */
export interface Moment extends CallOptions {
  readonly revision?: number;
  /** Milliseconds since the Unix epoch. Not together with `revision`. */
  readonly atMs?: number;
}

/** What makes a call that edits safe to repeat, and who makes it. */
export interface EditIdentity {
  /** 32 lower-case hex digits, a secret: see `randomClientId`. */
  readonly clientId: string;
  /** Rises with each edit of this client id; a call with the same ids and content gets the same answer. */
  readonly sequence: number;
  /** Shown to others. */
  readonly name?: string;
  /** "#rrggbb". */
  readonly color?: string;
}

/** An operation to submit. */
export interface NewOperation extends EditIdentity {
  /** The text the delta was made on. */
  readonly revision: number;
  readonly delta: DeltaLike;
}

/** What to restore. */
export interface Restoration extends EditIdentity {
  /** The revision whose text shall stand again. */
  readonly revision: number;
}

export { randomClientId } from './random_id.js';

/** Behind `/v1/documents`: nothing, or an id and what follows. */
type Path = readonly [] | readonly [id: string, ...rest: string[]];
type Query = { readonly [name: string]: string | number | undefined };
interface Call extends CallOptions {
  readonly method?: string;
  readonly query?: Query;
  readonly body?: object;
}

/** Beyond this a `Retry-After` is no pause any more. */
const retryAfterSecondsMax = 3_600;

function apiUrl(url: string): URL {
  const page = (globalThis as { location?: { href: string } }).location?.href;
  let base: URL;
  try {
    base = new URL(url, page?.startsWith('http') === true ? page : undefined);
  } catch {
    throw new ConnectionError('bad_url', `${url} is no address`);
  }
  if (base.protocol !== 'http:' && base.protocol !== 'https:') {
    throw new ConnectionError('bad_url', `${url} is no HTTP address`);
  }
  base.search = base.hash = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return new URL('v1/documents', base);
}

function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return seconds >= 0 ? Math.min(seconds, retryAfterSecondsMax) * 1_000 : undefined;
}

/** The documents of a server, over HTTP. */
export class DocumentsApi {
  private readonly base: URL;
  private readonly fetch: typeof fetch;

  /** `url`: the server's, such as `location.origin`. Throws ConnectionError (`bad_url`). */
  constructor(url: string, options: DocumentsApiOptions = {}) {
    this.base = apiUrl(url);
    // Browsers want their own as `this`.
    this.fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  /** Makes a document; refused with `already_exists` where there is one of that id. */
  create(document: NewDocument = {}, { signal }: CallOptions = {}): Promise<DocumentInfo> {
    const { content, ...rest } = document;
    const body = content === undefined ? rest : { ...rest, content: typeof content === 'string' ? content : { ops: opsOf(content) } };
    return this.json(documentInfo, [], { method: 'POST', body, ...(signal && { signal }) });
  }

  /** Some of the documents, by id. */
  list({ signal, ...query }: DocumentQuery = {}): Promise<DocumentPage> {
    return this.json(documentPage, [], { query, ...(signal && { signal }) });
  }

  /** A document with its text. */
  get(id: string, moment: Moment = {}): Promise<DocumentSnapshot> {
    return this.json(documentSnapshot, [id], ofMoment(moment));
  }

  /** The text alone, without formats and embeds. */
  text(id: string, moment: Moment = {}): Promise<string> {
    return this.written(id, moment, 'text/plain');
  }

  /** The text as HTML, safe to put into a page. */
  html(id: string, moment: Moment = {}): Promise<string> {
    return this.written(id, moment, 'text/html');
  }

  /** The text as Markdown. */
  markdown(id: string, moment: Moment = {}): Promise<string> {
    return this.written(id, moment, 'text/markdown');
  }

  /** Gives a document a title, or takes it away. */
  rename(id: string, title: string | null, { signal }: CallOptions = {}): Promise<DocumentInfo> {
    return this.json(documentInfo, [id], { method: 'PATCH', body: { title }, ...(signal && { signal }) });
  }

  /** Deletes a document with its history, for everyone. */
  async delete(id: string, { signal }: CallOptions = {}): Promise<void> {
    await this.ask([id], { method: 'DELETE', ...(signal && { signal }) });
  }

  /** Makes a new document that begins with the text of this one, at the head or an earlier revision. */
  copy(
    id: string,
    copy: { readonly id?: string; readonly title?: string; readonly revision?: number } = {},
    { signal }: CallOptions = {},
  ): Promise<DocumentInfo> {
    return this.json(documentInfo, [id, 'copy'], { method: 'POST', body: copy, ...(signal && { signal }) });
  }

  /** Edits a document; the answer comes when the edit is durable. */
  submit(id: string, operation: NewOperation, { signal }: CallOptions = {}): Promise<Submitted> {
    const body = { ...operation, delta: { ops: opsOf(operation.delta) } };
    return this.json(submitted, [id, 'operations'], { method: 'POST', body, ...(signal && { signal }) });
  }

  /** The history after a revision, at most 1,000 operations at once (100 unless told otherwise). */
  operations(
    id: string,
    { signal, ...query }: CallOptions & { readonly after?: number; readonly limit?: number } = {},
  ): Promise<OperationPage> {
    return this.json(operationPage, [id, 'operations'], { query, ...(signal && { signal }) });
  }

  /** Who wrote which part of the text, at the head or an earlier revision. */
  blame(id: string, { signal, revision }: CallOptions & { readonly revision?: number } = {}): Promise<Blame> {
    return this.json(blame, [id, 'blame'], { query: { revision }, ...(signal && { signal }) });
  }

  /** What changed between two revisions, or between one and the head. */
  diff(id: string, { signal, from, to }: CallOptions & { readonly from: number; readonly to?: number }): Promise<RevisionDiff> {
    return this.json(revisionDiff, [id, 'diff'], { query: { from, to }, ...(signal && { signal }) });
  }

  /** The revisions that have names, in order. */
  async versions(id: string, options: CallOptions = {}): Promise<readonly NamedVersion[]> {
    return (await this.json(namedVersions, [id, 'versions'], options)).versions;
  }

  /** Gives a revision a name, the head unless told otherwise. */
  addVersion(
    id: string,
    version: { readonly name: string; readonly revision?: number; readonly by?: string },
    { signal }: CallOptions = {},
  ): Promise<NamedVersion> {
    return this.json(namedVersion, [id, 'versions'], { method: 'POST', body: version, ...(signal && { signal }) });
  }

  /** Takes a name away; the revision stays. */
  async deleteVersion(id: string, version: number, { signal }: CallOptions = {}): Promise<void> {
    await this.ask([id, 'versions', String(version)], { method: 'DELETE', ...(signal && { signal }) });
  }

  /** An ordinary edit that brings back the text of a revision. */
  restore(id: string, restoration: Restoration, { signal }: CallOptions = {}): Promise<Submitted> {
    return this.json(submitted, [id, 'restore'], { method: 'POST', body: restoration, ...(signal && { signal }) });
  }

  /** Who has the document open. */
  async members(id: string, options: CallOptions = {}): Promise<readonly OnlineMember[]> {
    return (await this.json(onlineMembers, [id, 'members'], options)).members;
  }

  /** Revisions evenly spread over the history with time and author: 100 unless told otherwise, at most 1,000. */
  timeline(id: string, { signal, points }: CallOptions & { readonly points?: number } = {}): Promise<Timeline> {
    return this.json(timeline, [id, 'timeline'], { query: { points }, ...(signal && { signal }) });
  }

  // ---- asking ----

  private async json<T>({ schema }: SchemaOf<T>, where: Path, call: Call): Promise<T> {
    const text = await this.ask(where, call, 'application/json');
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new ProtocolError('an answer is not JSON');
    }
    return decodeValue(schema, value, 'an answer') as T;
  }

  private written(id: string, moment: Moment, accept: string): Promise<string> {
    return this.ask([id], ofMoment(moment), accept);
  }

  /** The body of a good answer. */
  private async ask(where: Path, { method = 'GET', query = {}, body, signal }: Call, accept?: string): Promise<string> {
    const [id, ...rest] = where;
    const parts = id === undefined ? [] : [checkedDocumentId(id), ...rest];
    const url = new URL([this.base.href, ...parts].join('/'));
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    let response: Response;
    let text: string;
    try {
      response = await this.fetch(url.href, {
        method,
        headers: {
          ...(accept === undefined ? {} : { accept }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
      text = await response.text();
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw new ConnectionError('unreachable', `${method} ${url.pathname}: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (!response.ok) throw refusal(response, text);
    return text;
  }
}

function ofMoment({ revision, atMs, signal }: Moment): Call {
  return { query: { revision, at: atMs }, ...(signal && { signal }) };
}

/** The error an answer stands for. */
function refusal(response: Response, text: string): CoeditError {
  const afterMs = retryAfterMs(response);
  let body: { readonly error?: { readonly code?: unknown; readonly text?: unknown; readonly retry?: unknown } } | null;
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    body = null;
  }
  const { code, text: words, retry } = body?.error ?? {};
  if (typeof code === 'string' && typeof words === 'string') {
    if (isCode(code) && codes[code].action === 'rollback') return new RejectedError(code, words);
    return new RefusedError(code, words, retry === true, afterMs);
  }
  // A proxy's words, not the server's.
  const { status } = response;
  if (status === 429) return new RefusedError('rate', `HTTP ${status}`, true, afterMs);
  if (status >= 500) return new RefusedError('unavailable', `HTTP ${status}`, true, afterMs);
  return new ProtocolError(`HTTP ${status} without a reason`);
}
