// A text of the past as it is shown: only formats this page knows, and beside them the marks of this panel,
// who wrote it (`history-author`, a number), what became of it (`history-change`: ins, del or mark), and which of
// these changes one looks at (`history-current`).
import { Delta, type Op } from 'coedit';

export const authorMark = 'history-author';
export const changeMark = 'history-change';
export const currentMark = 'history-current';

/** A stretch of the shown text that differs from now. */
export interface ShownChange {
  readonly from: number;
  readonly to: number;
}

export interface MarkedText {
  readonly shown: Delta;
  readonly changes: readonly ShownChange[];
}

function kept(attributes: Op['attributes'], formats: ReadonlySet<string>): Op['attributes'] {
  if (attributes === undefined) return undefined;
  const entries = Object.entries(attributes).filter(([name]) => formats.has(name));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Without formats that are not shown, and with U+FFFC for each embed: nothing here draws one. */
export function shownText(document: Delta, formats: ReadonlySet<string>): Delta {
  const shown = new Delta();
  for (const { insert, attributes } of document.ops) {
    if (insert !== undefined) shown.insert(typeof insert === 'string' ? insert : '\ufffc', kept(attributes, formats));
  }
  return shown;
}

/** A change of such a text; with an author, what it inserts is marked as theirs. */
export function shownChange(delta: Delta, formats: ReadonlySet<string>, author: number | null): Delta {
  const mark = author === null ? {} : { [authorMark]: author };
  const shown = new Delta();
  for (const { insert, retain, delete: removed, attributes } of delta.ops) {
    if (insert !== undefined) shown.insert(typeof insert === 'string' ? insert : '\ufffc', { ...kept(attributes, formats), ...mark });
    else if (removed !== undefined) shown.delete(removed);
    else if (typeof retain === 'number') shown.retain(retain, kept(attributes, formats));
  }
  return shown.chop();
}

/** The text with its authors as marks. Both have one length. */
export function withAuthors(shown: Delta, authored: Delta): Delta {
  const marks = new Delta();
  for (const { insert, attributes } of authored.ops) {
    marks.retain(typeof insert === 'string' ? insert.length : 1, { [authorMark]: attributes?.['author'] });
  }
  return shown.compose(marks);
}

/** A stretch of both texts: what stood there, and what stands there now; `kept` where that is the same text. */
interface Stretch {
  readonly kept: boolean;
  readonly before: Delta;
  readonly after: Delta;
}

/** Both texts in one: what was added since, what went, and what only looks different now. */
export function withChanges(before: Delta, delta: Delta, formats: ReadonlySet<string>): MarkedText {
  const shown = new Delta();
  for (const stretch of wholeWords(stretches(shownText(before, formats), shownChange(delta, formats, null)))) {
    if (stretch.kept) {
      for (const op of kinds(stretch.before, stretch.after)) shown.push(op);
    } else {
      // What went stands before what came in its place.
      for (const op of stretch.before.ops) shown.push(marked(op, 'del'));
      for (const op of stretch.after.ops) shown.push(marked(op, 'ins'));
    }
  }
  const visibly = visible(shown);
  return { shown: visibly, changes: changesIn(visibly) };
}

function marked({ insert, attributes }: Op, change: 'ins' | 'del' | 'mark'): Op {
  return { insert: insert as string, attributes: { ...attributes, [changeMark]: change } };
}

/** The pieces of a text that stayed, marked where they look different now. */
function kinds(before: Delta, after: Delta): readonly Op[] {
  if (before === after) return before.ops;
  const ops: Op[] = [];
  let at = 0;
  for (const op of after.ops) {
    const units = (op.insert as string).length;
    for (const was of before.slice(at, at + units).ops) {
      const now = { ...op, insert: was.insert as string };
      ops.push(sameFormats(was.attributes, op.attributes) ? now : marked(now, 'mark'));
    }
    at += units;
  }
  return ops;
}

/** A change beside the text it is made on, stretch by stretch, kept and changed ones by turns. */
function stretches(before: Delta, delta: Delta): Stretch[] {
  const result: Stretch[] = [];
  let at = 0;
  let [removed, added] = [new Delta(), new Delta()];
  const flush = (): void => {
    if (removed.ops.length + added.ops.length > 0) result.push({ kept: false, before: removed, after: added });
    [removed, added] = [new Delta(), new Delta()];
  };
  const keep = (units: number, attributes: Op['attributes']): void => {
    const text = before.slice(at, at + units);
    const after = attributes === undefined ? text : text.compose(new Delta().retain(units, attributes));
    const last = result.at(-1);
    if (removed.ops.length + added.ops.length === 0 && last?.kept === true) {
      result[result.length - 1] = { kept: true, before: last.before.concat(text), after: last.after.concat(after) };
    } else {
      flush();
      result.push({ kept: true, before: text, after });
    }
    at += units;
  };
  for (const { insert, retain, delete: gone, attributes } of delta.ops) {
    if (insert !== undefined) added.insert(insert, attributes);
    else if (gone !== undefined) {
      removed = removed.concat(before.slice(at, at + gone));
      at += gone;
    } else if (typeof retain === 'number') keep(retain, attributes);
  }
  const rest = before.length() - at;
  if (rest > 0) keep(rest, undefined);
  flush();
  return result;
}

const wordUnitsMax = 40;

function textOf({ ops }: Delta): string {
  return ops.map(({ insert }) => insert as string).join('');
}

/** What may stand between two changes that are one: letters of a word, or what joins two parts of one. */
const withinWord = /^(?:[\p{L}\p{M}\p{N}_]+|[:.,'’-])$/u;

/** The part of a word a text ends with (begins with). */
const wordAtEnd = (text: string): string => /[\p{L}\p{M}\p{N}_]*$/u.exec(text.slice(-wordUnitsMax))?.[0] ?? '';
const wordAtStart = (text: string): string => /^[\p{L}\p{M}\p{N}_]*/u.exec(text.slice(0, wordUnitsMax))?.[0] ?? '';

/**
 * Letters that two words happen to share say nothing: where a word became another, all of it went and all
 * of the other came. Words that only grew or shrank stay as they are.
 */
function wholeWords(all: readonly Stretch[]): Stretch[] {
  const result: Stretch[] = [];
  for (const stretch of all) {
    const last = result.at(-1);
    const beforeLast = result.at(-2);
    if (stretch.kept || last?.kept !== true || beforeLast?.kept !== false) {
      result.push(stretch);
      continue;
    }
    // Two changes with a kept text between them.
    const between = textOf(last.before);
    const one = between.length <= 2 * wordUnitsMax && withinWord.test(between) && endsInWord(beforeLast) && startsInWord(stretch);
    if (!one) {
      result.push(stretch);
      continue;
    }
    result.splice(-2, 2, joined(joined(beforeLast, last), stretch));
  }
  // Of each kept stretch, the units that the changes before and behind it take.
  const shares = result.map((stretch, index) => (stretch.kept ? sharesOf(stretch, result[index - 1], result[index + 1]) : [0, 0]));
  return result.flatMap((stretch, index) => {
    const units = stretch.before.length();
    if (stretch.kept) {
      const [first, last] = shares[index] as Share;
      if (first + last === 0) return [stretch];
      return first + last < units ? [cut(stretch, first, units - last)] : [];
    }
    const [previous, next] = [result[index - 1], result[index + 1]];
    const left = shares[index - 1]?.[1] ?? 0;
    const right = shares[index + 1]?.[0] ?? 0;
    let whole = stretch;
    if (previous !== undefined && left > 0) whole = joined(cut(previous, previous.before.length() - left, previous.before.length()), whole);
    if (next !== undefined && right > 0) whole = joined(whole, cut(next, 0, right));
    return [whole];
  });
}

type Share = readonly [first: number, last: number];

/** Rests of words that stand at the edges of what was replaced. */
function sharesOf(kept: Stretch, previous: Stretch | undefined, next: Stretch | undefined): Share {
  const text = textOf(kept.before);
  const first = previous !== undefined && replaces(previous) && endsInWord(previous) ? wordAtStart(text).length : 0;
  const last = next !== undefined && replaces(next) && startsInWord(next) ? wordAtEnd(text.slice(first)).length : 0;
  return [first, last];
}

const startsInWord = ({ before, after }: Stretch): boolean => [before, after].some((text) => wordAtStart(textOf(text)) !== '');
const endsInWord = ({ before, after }: Stretch): boolean => [before, after].some((text) => wordAtEnd(textOf(text)) !== '');

/** Whether something went and something came in its place. */
function replaces({ before, after }: Stretch): boolean {
  return before.ops.length > 0 && after.ops.length > 0;
}

function joined(a: Stretch, b: Stretch): Stretch {
  return { kept: false, before: a.before.concat(b.before), after: a.after.concat(b.after) };
}

function cut({ before, after }: Stretch, from: number, to: number): Stretch {
  return { kept: true, before: before.slice(from, to), after: after.slice(from, to) };
}

/** Where nothing but ends of lines changed, they are drawn. */
function visible({ ops }: Delta): Delta {
  return new Delta(
    ops.map((op, index) => {
      const change = op.attributes?.[changeMark];
      const bare = change !== undefined && change !== ops[index - 1]?.attributes?.[changeMark] && /^\n+$/.test(op.insert as string);
      return bare ? { ...op, insert: (op.insert as string).replaceAll('\n', '¶\n') } : op;
    }),
  );
}

/** With one of its changes marked as the one that is looked at. */
export function withCurrent(shown: Delta, { from, to }: ShownChange): Delta {
  return shown.compose(new Delta().retain(from).retain(to - from, { [currentMark]: true }));
}

/** Neighbours are one change. */
function changesIn(shown: Delta): ShownChange[] {
  const changes: { from: number; to: number }[] = [];
  let at = 0;
  for (const { insert, attributes } of shown.ops) {
    const to = at + (typeof insert === 'string' ? insert.length : 1);
    if (attributes?.[changeMark] !== undefined) {
      const last = changes.at(-1);
      if (last?.to === at) last.to = to;
      else changes.push({ from: at, to });
    }
    at = to;
  }
  return changes;
}

/** The part in which two texts differ, by what they have in common at both ends. */
export interface Replacement {
  readonly from: number;
  readonly removed: number;
  readonly inserted: readonly Op[];
}

const sameFormats = (a: Op['attributes'], b: Op['attributes']): boolean => {
  if (a === b) return true;
  const [left, right] = [Object.entries(a ?? {}), Object.entries(b ?? {})];
  return left.length === right.length && left.every(([name, value]) => JSON.stringify(b?.[name]) === JSON.stringify(value));
};

/** Units two texts without embeds share at their beginning (step 1) or end (step -1). */
function shared(a: readonly Op[], b: readonly Op[], step: 1 | -1, max: number): number {
  let [i, j] = step === 1 ? [0, 0] : [a.length - 1, b.length - 1];
  let [usedA, usedB] = [0, 0];
  let count = 0;
  while (count < max) {
    const [opA, opB] = [a[i], b[j]];
    if (opA === undefined || opB === undefined || !sameFormats(opA.attributes, opB.attributes)) break;
    const [textA, textB] = [opA.insert as string, opB.insert as string];
    const limit = Math.min(textA.length - usedA, textB.length - usedB, max - count);
    let same = 0;
    if (textA === textB && usedA === usedB) same = limit;
    else if (step === 1) while (same < limit && textA.charCodeAt(usedA + same) === textB.charCodeAt(usedB + same)) same++;
    else {
      const [endA, endB] = [textA.length - usedA - 1, textB.length - usedB - 1];
      while (same < limit && textA.charCodeAt(endA - same) === textB.charCodeAt(endB - same)) same++;
    }
    count += same;
    if (same < limit) break;
    usedA += same;
    usedB += same;
    if (usedA === textA.length) [i, usedA] = [i + step, 0];
    if (usedB === textB.length) [j, usedB] = [j + step, 0];
  }
  return count;
}

/** What turns one shown text into another, in one place; null when they are the same. */
export function replacement(from: Delta, to: Delta): Replacement | null {
  const [lengthFrom, lengthTo] = [from.length(), to.length()];
  const short = Math.min(lengthFrom, lengthTo);
  // The end first: the last newline of a rich text stays where it can.
  let suffix = shared(from.ops, to.ops, -1, short);
  let prefix = shared(from.ops, to.ops, 1, short - suffix);
  const splits = (text: Delta, at: number): boolean => /^[\udc00-\udfff]/.test((text.slice(at, at + 1).ops[0]?.insert as string | undefined) ?? '');
  if (prefix > 0 && (splits(from, prefix) || splits(to, prefix))) prefix--;
  if (suffix > 0 && (splits(from, lengthFrom - suffix) || splits(to, lengthTo - suffix))) suffix--;
  const inserted = to.slice(prefix, lengthTo - suffix).ops;
  const removed = lengthFrom - suffix - prefix;
  return removed === 0 && inserted.length === 0 ? null : { from: prefix, removed, inserted };
}
