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

/** Both texts in one: what was added since, what went, and what only looks different now. */
export function withChanges(before: Delta, delta: Delta, formats: ReadonlySet<string>): MarkedText {
  const marks = new Delta();
  let added: Op[] = [];
  // What went stands before what came in its place.
  const flush = (): void => {
    for (const op of added) marks.push(op);
    added = [];
  };
  for (const { insert, retain, delete: removed, attributes } of delta.ops) {
    if (insert !== undefined) {
      const text = typeof insert === 'string' ? insert : '\ufffc';
      added.push({ insert: text, attributes: { ...kept(attributes, formats), [changeMark]: 'ins' } });
    } else if (removed !== undefined) {
      marks.retain(removed, { [changeMark]: 'del' });
    } else if (typeof retain === 'number') {
      flush();
      const change = kept(attributes, formats);
      marks.retain(retain, change === undefined ? undefined : { ...change, [changeMark]: 'mark' });
    }
  }
  flush();
  const shown = visible(shownText(before, formats).compose(marks));
  return { shown, changes: changesIn(shown) };
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
