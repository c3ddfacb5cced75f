// The difference of two documents that never cuts a surrogate pair. Each distinct code point (or
// line) and each distinct embed is given one token, and the tokens are compared: a pair is one
// token, so no edge of the result can fall inside it.
import { canonicalJson, isWellFormed } from './canonical_json.js';
import { type Attributes, Delta, type Op, opLength } from './delta.js';
import { tokenRuns } from './myers.js';

/** Beyond so many differing units the comparison goes by lines: it is quadratic at worst. */
const codePointUnitsMax = 8_000;
/** Beyond so many pieces the differing middle is replaced whole; fewer than there are tokens. */
const piecesMax = 16_000;

interface Flat {
  /** The text, one private unit for each embed (U+0000, which no document holds). */
  readonly text: string;
  readonly embeds: readonly string[];
}

function flatten(document: Delta): Flat {
  let text = '';
  const embeds: string[] = [];
  for (const op of document.ops) {
    if (typeof op.insert === 'string') {
      text += op.insert;
    } else {
      text += '\0';
      embeds.push(canonicalJson(op.insert));
    }
  }
  return { text, embeds };
}

/** Pieces of equal identity: a code point, a run of a line, or an embed by its content. */
function pieces(flat: Flat, from: number, to: number, byLines: boolean): { key: string; units: number }[] {
  const result: { key: string; units: number }[] = [];
  let embed = 0;
  for (let i = 0; i < from; i++) if (flat.text.charCodeAt(i) === 0) embed++;
  const pattern = byLines ? /\0|[^\n\0]*\n|[^\n\0]+/gu : /[^]/gu;
  for (const [piece] of flat.text.slice(from, to).matchAll(pattern)) {
    result.push({ key: piece === '\0' ? `\0${flat.embeds[embed++]}` : piece, units: piece.length });
  }
  return result;
}

/** Runs of [kind, units]: -1 only in a, 0 in both, 1 only in b. */
function runs(a: Flat, b: Flat): [number, number][] {
  const isPairMiddle = (text: string, at: number): boolean =>
    (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(at) & 0xfc00) === 0xdc00;
  // Embeds end the common ends: whether two are equal is for the tokens to say.
  let prefix = 0;
  const short = Math.min(a.text.length, b.text.length);
  while (prefix < short && a.text[prefix] === b.text[prefix] && a.text[prefix] !== '\0') prefix++;
  if (isPairMiddle(a.text, prefix) || isPairMiddle(b.text, prefix)) prefix--;
  let suffix = 0;
  while (suffix < short - prefix) {
    const unit = a.text[a.text.length - 1 - suffix];
    if (unit !== b.text[b.text.length - 1 - suffix] || unit === '\0') break;
    suffix++;
  }
  if (isPairMiddle(a.text, a.text.length - suffix) || isPairMiddle(b.text, b.text.length - suffix)) suffix--;
  const aEnd = a.text.length - suffix;
  const bEnd = b.text.length - suffix;

  const result: [number, number][] = [[0, prefix]];
  const byLines = aEnd + bEnd - 2 * prefix > codePointUnitsMax;
  const aPieces = pieces(a, prefix, aEnd, byLines);
  const bPieces = pieces(b, prefix, bEnd, byLines);
  const tokens = new Map<string, number>();
  const tokenOf = ({ key }: { key: string }): number => {
    let token = tokens.get(key);
    if (token === undefined) tokens.set(key, (token = tokens.size));
    return token;
  };
  if (aPieces.length + bPieces.length > piecesMax) {
    result.push([1, bEnd - prefix], [-1, aEnd - prefix]);
  } else {
    let aIndex = 0;
    let bIndex = 0;
    for (const [kind, count] of tokenRuns(Uint16Array.from(aPieces, tokenOf), Uint16Array.from(bPieces, tokenOf))) {
      let units = 0;
      for (let i = 0; i < count; i++) units += (kind === 1 ? bPieces[bIndex + i] : aPieces[aIndex + i])?.units ?? 0;
      if (kind !== 1) aIndex += count;
      if (kind !== -1) bIndex += count;
      result.push([kind, units]);
    }
  }
  result.push([0, suffix]);
  return result;
}

function attributeChange(from: Attributes = {}, to: Attributes = {}): Attributes | undefined {
  const change: Attributes = {};
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) change[key] = null;
  for (const key of Object.keys(to)) {
    if (!Object.hasOwn(from, key) || canonicalJson(from[key]) !== canonicalJson(to[key])) change[key] = to[key];
  }
  return Object.keys(change).length === 0 ? undefined : change;
}

/** Walks a document's inserts; `take` gives at most so many units of the one at hand. */
class Reader {
  private index = 0;
  private offset = 0;
  constructor(private readonly ops: readonly Op[]) {}

  take(units: number): Op {
    const op = this.ops[this.index];
    if (op === undefined) throw new RangeError('read past the end of a document');
    const length = opLength(op);
    const from = this.offset;
    const to = Math.min(length, from + units);
    this.offset = to;
    if (to === length) {
      this.index++;
      this.offset = 0;
    }
    return typeof op.insert === 'string' ? { ...op, insert: op.insert.slice(from, to) } : op;
  }

  /** Units left in the insert at hand. */
  left(): number {
    const op = this.ops[this.index];
    return op === undefined ? 0 : opLength(op) - this.offset;
  }
}

/** The delta that turns document `a` into document `b`; both well formed. */
export function diffDocuments(a: Delta, b: Delta): Delta {
  const delta = new Delta();
  const from = new Reader(a.ops);
  const to = new Reader(b.ops);
  for (const [kind, total] of runs(flatten(a), flatten(b))) {
    let units = total;
    while (units > 0) {
      if (kind === 1) {
        const op = to.take(units);
        delta.push(op);
        units -= opLength(op);
      } else if (kind === -1) {
        const length = opLength(from.take(units));
        delta.delete(length);
        units -= length;
      } else {
        const length = Math.min(units, from.left(), to.left());
        const before = from.take(length);
        const after = to.take(length);
        delta.retain(length, attributeChange(before.attributes, after.attributes));
        units -= length;
      }
    }
  }
  return delta.chop();
}

/** Whether an edge of `edit` falls inside a surrogate pair of `document`, or it inserts half of one. */
export function cutsPair(edit: Delta, document: Delta): boolean {
  let offset = 0;
  let index = 0;
  let start = 0;
  const unitAt = (at: number): number => {
    for (; index < document.ops.length; index++) {
      const op = document.ops[index] as Op;
      const length = opLength(op);
      if (at < start + length) return typeof op.insert === 'string' ? op.insert.charCodeAt(at - start) : 0;
      start += length;
    }
    return 0;
  };
  for (const op of edit.ops) {
    // A low surrogate at an edge says that its high half stands before the edge.
    if ((unitAt(offset) & 0xfc00) === 0xdc00) return true;
    if (typeof op.insert === 'string') {
      if (!isWellFormed(op.insert)) return true;
    } else if (op.insert === undefined) {
      offset += opLength(op);
    }
  }
  return (unitAt(offset) & 0xfc00) === 0xdc00;
}

/**
 * The same effect without cutting a pair of `document`: an editor that compares by units may say
 * that half of an emoji stayed. Halves that stay alone become U+FFFD. The edit must fit.
 */
export function alignPairs(edit: Delta, document: Delta): Delta {
  if (!cutsPair(edit, document)) return edit;
  const target = new Delta();
  // Merge first: two halves may meet across components that differ in nothing.
  for (const op of document.compose(edit).ops) target.push(op);
  for (const op of target.ops) {
    if (typeof op.insert === 'string' && !isWellFormed(op.insert)) {
      op.insert = op.insert.replace(/\p{Surrogate}/gu, '\ufffd');
    }
  }
  return diffDocuments(document, target);
}
