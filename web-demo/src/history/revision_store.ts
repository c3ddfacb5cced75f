// What is known of a history: texts at some revisions, and operations between them, from which any text
// that lies behind a known one is made by composing. A text is a Delta of inserts; its authors are a second
// one of the same length, whose inserts have the attribute `author` and nothing else, so that one algebra
// carries both. Asks nobody; bounded: what was longest unused is forgotten.
import { Delta, type DeltaLike, type Op } from 'coedit';
import type { BlameSpan, StoredOperation } from 'coedit/http';

export interface RevisionText {
  readonly revision: number;
  readonly document: Delta;
  /** Null: nobody asked who wrote it. */
  readonly authored: Delta | null;
}

/** Operations are kept and fetched in pages: page p leads from revision p·1000 to (p+1)·1000. */
export const pageOperations = 1_000;
const pagesMax = 64;
const textsMax = 64;
/** While folding on, a text is kept every so many revisions, so that stepping back is as quick as forward. */
const keepEvery = 250;
/** A fold over more than this takes longer than a frame; the server is asked for the text instead. */
export const foldMax = 5_000;

/** The same change, of whose text only the author is told. */
export function authoredBy({ ops }: DeltaLike & { readonly ops: readonly Op[] }, author: number): Delta {
  const delta = new Delta();
  for (const { insert, retain, delete: removed } of ops) {
    if (insert !== undefined) delta.insert(insert, { author });
    else if (typeof retain === 'number') delta.retain(retain);
    else if (removed !== undefined) delta.delete(removed);
  }
  return delta.chop();
}

/** A text with the authors a blame tells of it. Text that no span covers is of author 0, spans end with the text. */
export function authoredText(document: Delta, spans: readonly Pick<BlameSpan, 'length' | 'author'>[]): Delta {
  const authors = new Delta();
  let left = document.length();
  for (const { length, author } of spans) {
    authors.retain(Math.min(length, left), { author });
    left -= Math.min(length, left);
  }
  const plain = new Delta();
  for (const { insert } of document.ops) if (insert !== undefined) plain.insert(insert, { author: 0 });
  return plain.compose(authors);
}

/** One delta for all of these, by halves: what was typed and deleted again meets early. */
export function composed(deltas: readonly Delta[]): Delta {
  let level = deltas;
  while (level.length > 1) {
    const next: Delta[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const first = level[i] as Delta;
      const second = level[i + 1];
      next.push(second === undefined ? first : first.compose(second));
    }
    level = next;
  }
  return level[0] ?? new Delta();
}

export function pageOf(revision: number): number {
  return Math.max(0, Math.ceil(revision / pageOperations) - 1);
}

export class RevisionStore {
  /** Both in the order of last use. */
  private readonly pages = new Map<number, (StoredOperation | undefined)[]>();
  private readonly texts = new Map<number, RevisionText>();

  clear(): void {
    this.pages.clear();
    this.texts.clear();
  }

  /** The operation that led to this revision, if it is known. */
  operation(revision: number): StoredOperation | undefined {
    return this.pages.get(pageOf(revision))?.[(revision - 1) % pageOperations];
  }

  addOperations(operations: readonly StoredOperation[]): void {
    for (const operation of operations) {
      const { revision } = operation;
      const number = pageOf(revision);
      let page = this.pages.get(number);
      if (page === undefined) this.pages.set(number, (page = new Array<StoredOperation | undefined>(pageOperations)));
      page[(revision - 1) % pageOperations] = operation;
    }
    forgetOldest(this.pages, pagesMax);
  }

  /** The first revision in (after, to] whose operation is not known; null when all are. */
  missing(after: number, to: number): number | null {
    for (let revision = after + 1; revision <= to; revision++) if (this.operation(revision) === undefined) return revision;
    return null;
  }

  addText(text: RevisionText): void {
    const known = this.texts.get(text.revision);
    this.texts.delete(text.revision);
    this.texts.set(text.revision, text.authored === null && known !== undefined ? known : text);
    forgetOldest(this.texts, textsMax);
  }

  /** The latest known text at or before a revision. */
  base(revision: number, withAuthors: boolean): RevisionText | null {
    let best: RevisionText | null = null;
    for (const text of this.texts.values()) {
      if (text.revision > revision || (withAuthors && text.authored === null)) continue;
      if (best === null || text.revision > best.revision) best = text;
    }
    return best;
  }

  /** The text at a revision; null when too little is known to make it at once. */
  text(revision: number, withAuthors = false): RevisionText | null {
    let at = this.base(revision, withAuthors);
    if (at === null || revision - at.revision > foldMax || this.missing(at.revision, revision) !== null) return null;
    while (at.revision < revision) {
      const stop = Math.min(revision, (Math.floor(at.revision / keepEvery) + 1) * keepEvery);
      at = this.folded(at, stop);
      this.addText(at);
    }
    // Used: it is the last to go.
    this.texts.delete(at.revision);
    this.texts.set(at.revision, at);
    this.touchPage(revision);
    return at;
  }

  /** What leads from one revision to a later one, of each operation what `shown` makes of it; null when one is not known. */
  change(from: number, to: number, shown: (operation: StoredOperation) => Delta): Delta | null {
    const deltas: Delta[] = [];
    for (let revision = from + 1; revision <= to; revision++) {
      const operation = this.operation(revision);
      if (operation === undefined) return null;
      deltas.push(shown(operation));
    }
    return composed(deltas);
  }

  private folded({ revision, document, authored }: RevisionText, to: number): RevisionText {
    const deltas: Delta[] = [];
    const ofAuthors: Delta[] = [];
    for (let next = revision + 1; next <= to; next++) {
      const { delta, author } = this.operation(next) as StoredOperation;
      deltas.push(delta);
      if (authored !== null) ofAuthors.push(authoredBy(delta, author));
    }
    return {
      revision: to,
      document: document.compose(composed(deltas)),
      authored: authored?.compose(composed(ofAuthors)) ?? null,
    };
  }

  private touchPage(revision: number): void {
    const number = pageOf(revision);
    const page = this.pages.get(number);
    if (page === undefined) return;
    this.pages.delete(number);
    this.pages.set(number, page);
  }
}

function forgetOldest(map: Map<number, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}
