// Brings in from the server what the panel wants to show: one request at a time, and always for what is
// wanted now, never for what was wanted meanwhile. A text that is far from all known ones is asked for
// itself; around a place that was rested on, and ahead of playback, operations are fetched in pages, so that
// from then on every revision is made here.
//
// Errors: what the server says can be tried again is, after its pause; anything else stops all asking and
// stands in `failure` until `retry`.
import { CoeditError, type Delta, RefusedError } from 'coedit';
import type { DocumentsApi } from 'coedit/http';
import { type RevisionText, RevisionStore, authoredText, pageOf, pageOperations } from './revision_store.js';

export type HistoryApi = Pick<
  DocumentsApi,
  'get' | 'operations' | 'blame' | 'diff' | 'timeline' | 'versions' | 'addVersion' | 'deleteVersion'
>;

export interface Wanted {
  readonly revision: number;
  readonly authors: boolean;
  /** The changes from there to the head, too. */
  readonly changes: boolean;
  /** `moving`: nothing but the text itself. `resting`: all around it. `playing`: what comes behind it. */
  readonly mode: 'moving' | 'resting' | 'playing';
}

export interface ChangesSince {
  readonly from: number;
  readonly to: number;
  readonly before: Delta;
  readonly delta: Delta;
}

export interface AuthorNames {
  readonly author: number;
  readonly name: string;
  readonly color: string;
}

export interface RevisionSourceOptions {
  readonly api: HistoryApi;
  readonly id: string;
  readonly head: number;
  /** Something came, or failed. */
  readonly changed: () => void;
  /** Authors an answer told of. */
  readonly authors: (authors: readonly AuthorNames[]) => void;
  readonly pause?: (ms: number) => Promise<void>;
}

/** So few operations behind a known text are fetched rather than the text itself. */
const nearOperations = 400;
/** Pages fetched ahead of playback. */
const pagesAhead = 3;
const retryAfterMs = 1_000;
const retriesMax = 5;

type Request = () => Promise<void>;

export class RevisionSource {
  readonly store = new RevisionStore();
  /** Why nothing is asked any more; null while all is well. */
  failure: unknown = null;
  private wanted: Wanted | null = null;
  private since: ChangesSince | null = null;
  private busy = false;
  private retries = 0;
  private generation = 0;
  private readonly ended = new AbortController();
  private headNow: number;

  constructor(private readonly options: RevisionSourceOptions) {
    this.headNow = options.head;
  }

  get head(): number {
    return this.headNow;
  }

  /** Heads only grow. */
  set head(head: number) {
    if (head <= this.headNow) return;
    this.headNow = head;
    void this.pump();
  }

  /** Whether a request is under way. */
  get asking(): boolean {
    return this.busy;
  }

  /** What stands in the document from now on is asked for instead of what was asked for before. */
  want(wanted: Wanted): void {
    this.wanted = wanted;
    void this.pump();
  }

  /** The text, if it can be shown at once. */
  text(revision: number, authors: boolean): RevisionText | null {
    return this.store.text(revision, authors);
  }

  /** The changes since a revision, if they are known up to the head of now. */
  changesSince(revision: number): ChangesSince | null {
    return this.since?.from === revision && this.since.to >= this.headNow ? this.since : null;
  }

  retry(): void {
    this.failure = null;
    this.retries = 0;
    void this.pump();
  }

  /** The document has another history now. */
  reset(head: number): void {
    this.generation++;
    this.store.clear();
    this.since = null;
    this.headNow = head;
    this.retry();
  }

  close(): void {
    this.ended.abort();
  }

  private get closed(): boolean {
    return this.ended.signal.aborted;
  }

  /** The one place that asks. */
  private async pump(): Promise<void> {
    while (!this.busy && this.failure === null && !this.closed) {
      const request = this.next();
      if (request === null) return;
      this.busy = true;
      try {
        await request();
        this.retries = 0;
      } catch (error) {
        await this.failed(error);
      } finally {
        this.busy = false;
      }
      if (!this.closed) this.options.changed();
    }
  }

  private async failed(error: unknown): Promise<void> {
    if (this.closed) return;
    if (error instanceof RefusedError && error.retry && this.retries < retriesMax) {
      this.retries++;
      const { pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms)) } = this.options;
      await pause(error.afterMs ?? retryAfterMs);
      return;
    }
    this.failure = error instanceof CoeditError ? error : new CoeditError('bug', String(error));
  }

  private next(): Request | null {
    const { wanted, store, headNow: head } = this;
    if (wanted === null) return null;
    const { authors, mode } = wanted;
    const revision = Math.min(wanted.revision, head);
    if (store.text(revision, false) === null) return this.toReach(revision);
    const page = pageOf(revision);
    const start = page * pageOperations;
    if (authors && store.text(revision, true) === null) {
      // Where the page is here already, the blame of its beginning does for all of it.
      const whole = store.text(start, false) !== null && store.missing(start, revision) === null;
      return this.blame(whole ? start : revision);
    }
    if (mode === 'moving') return null;
    if (wanted.changes && mode === 'resting' && this.changesSince(revision) === null) return this.diff(revision);
    const missing = this.missingOf(page);
    if (missing !== null) return this.operations(missing);
    if (mode === 'playing') {
      for (let ahead = 1; ahead <= pagesAhead; ahead++) {
        const later = this.missingOf(page + ahead);
        if (later !== null) return this.operations(later);
      }
      return null;
    }
    if (store.text(start, false) === null) return this.snapshot(start);
    if (authors && store.text(start, true) === null) return this.blame(start);
    return null;
  }

  private missingOf(page: number): number | null {
    const start = page * pageOperations;
    return this.store.missing(start, Math.min(start + pageOperations, this.headNow));
  }

  /** A few operations where they do, else the text. */
  private toReach(revision: number): Request {
    const base = this.store.base(revision, false);
    if (base !== null && revision - base.revision <= nearOperations) {
      const missing = this.store.missing(base.revision, revision);
      if (missing !== null) return this.operations(missing);
    }
    return this.snapshot(revision);
  }

  private get call(): { readonly signal: AbortSignal } {
    return { signal: this.ended.signal };
  }

  private snapshot(revision: number): Request {
    const { generation } = this;
    return async () => {
      const { delta, headRevision } = await this.options.api.get(this.options.id, { revision, ...this.call });
      if (generation !== this.generation) return;
      this.store.addText({ revision, document: delta, authored: null });
      this.headNow = Math.max(this.headNow, headRevision);
    };
  }

  /** From the first missing one to the end of its page. */
  private operations(missing: number): Request {
    const { generation } = this;
    return async () => {
      const after = missing - 1;
      const limit = (pageOf(missing) + 1) * pageOperations - after;
      const page = await this.options.api.operations(this.options.id, { after, limit, ...this.call });
      if (generation !== this.generation) return;
      if (page.operations[0]?.revision !== missing) {
        throw new CoeditError('bad_message', `operation ${missing} was asked for and did not come`);
      }
      this.options.authors(page.authors);
      this.store.addOperations(page.operations);
      this.headNow = Math.max(this.headNow, page.headRevision);
    };
  }

  /** Of a text that is known. */
  private blame(revision: number): Request {
    const { generation } = this;
    return async () => {
      const { spans, authors } = await this.options.api.blame(this.options.id, { revision, ...this.call });
      if (generation !== this.generation) return;
      this.options.authors(authors);
      const text = this.store.text(revision, false);
      if (text !== null) this.store.addText({ ...text, authored: authoredText(text.document, spans) });
    };
  }

  private diff(from: number): Request {
    const { generation } = this;
    return async () => {
      const answer = await this.options.api.diff(this.options.id, { from, ...this.call });
      if (generation !== this.generation) return;
      this.since = answer;
      this.headNow = Math.max(this.headNow, answer.to);
    };
  }
}
