// Undo and redo of one's own edits in one document. Each stack holds inverses: the top one applies to
// the text as it is now, each below it to the text that the one above leaves. What others do is carried
// down the stack and every inverse over it, the same diamond as in state.ts, the committed side left. An
// inverse therefore always fits, deletes only what is one's own to delete, and is an ordinary edit.
import { Delta, type Op, baseLength, emptyDelta, isEmpty, opLength, overCommitted, overPending, sameDelta } from './delta.js';
import { diffDocuments } from './diff.js';
import { Emitter, type Listener } from './emitter.js';
import type { Range } from './messages.js';

/** What `history.on` tells. */
export interface HistoryEvents {
  /** `canUndo` or `canRedo` is another than before. */
  change: { readonly canUndo: boolean; readonly canRedo: boolean };
}

/** Undo and redo of this client's own edits in one document, shared by all that is bound to it. */
export interface History {
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /**
   * Takes back the last group of own edits, wherever others have edited since; nothing where there is
   * none. An edit like any other, heard as a `change` with the source `undo`. Throws what `apply` throws,
   * and then nothing has changed.
   */
  undo(): void;
  /** Does again what was undone last; a new edit of one's own ends that. */
  redo(): void;
  /** The next edit begins a group of its own: after a jump of the caret, before and after a paste. */
  boundary(): void;
  /** Forgets everything, for edits that nobody should take back, such as filling in a template. */
  clear(): void;
  /** Returns the function that takes the listener off. */
  on<K extends keyof HistoryEvents>(kind: K, listener: Listener<HistoryEvents[K]>): () => void;
}

/** Which edit of one's own it is. */
export type EditSource = 'local' | 'undo' | 'redo';

export interface UndoOptions {
  /** A pause of so many milliseconds ends a group. */
  readonly pauseMs?: number;
  /** Groups kept; the oldest goes. */
  readonly groupsMax?: number;
  /** Units of text kept in all groups together; the oldest goes. */
  readonly unitsMax?: number;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
}

/** An inverse that could be applied, with the selection on both of its sides. */
interface Group {
  readonly delta: Delta;
  /** On the text the inverse applies to; null when nobody told one. */
  readonly here: readonly Range[] | null;
  /** On the text it leaves. */
  readonly there: readonly Range[] | null;
  /** Number of the latest own edit in it. */
  readonly edit: number;
}

type Intent = 'typing' | 'deleting' | 'other';

/** An edit of one place, as far as grouping goes. */
interface Shape {
  readonly intent: Intent;
  /** The place on the text before it, and the units deleted there. */
  readonly at: number;
  readonly deleted: number;
  readonly inserted: number;
}

/** A longer insert is a paste, a longer delete a cut, however they came. */
const typedUnitsMax = 40;
const deletedUnitsMax = 16;

function moved(ranges: readonly Range[] | null, delta: Delta, own: boolean): readonly Range[] | null {
  if (ranges === null) return null;
  return ranges.map(({ anchor, head }) => ({
    anchor: delta.transformPosition(anchor, !own),
    head: delta.transformPosition(head, !own),
  }));
}

/** An edit of one place is one retain and then only text and deletes. */
function shapeOf(edit: Delta): Shape {
  let at = 0;
  let deleted = 0;
  let inserted = 0;
  let simple = true;
  edit.ops.forEach((op: Op, index) => {
    if (op.delete !== undefined) deleted += op.delete;
    else if (typeof op.insert === 'string' && op.insert.length <= typedUnitsMax) inserted += op.insert.length;
    else if (index === 0 && op.retain !== undefined && op.attributes === undefined) at = opLength(op);
    else simple = false;
  });
  const cut = inserted === 0 && deleted > deletedUnitsMax;
  const intent = !simple || cut ? 'other' : inserted > 0 ? 'typing' : 'deleting';
  return { intent, at, deleted, inserted };
}

/** Where a caret goes that nobody placed: behind the last thing the delta changed. */
function caretAfter(delta: Delta): readonly Range[] {
  let at = 0;
  let caret = 0;
  for (const op of delta.ops) {
    if (op.delete === undefined) at += opLength(op);
    if (op.retain === undefined || op.attributes !== undefined) caret = at;
  }
  return [{ anchor: caret, head: caret }];
}

function insertedUnits(delta: Delta): number {
  return delta.ops.reduce((sum: number, op: Op) => sum + (op.insert === undefined ? 0 : opLength(op)), 0);
}

/** The same effect on `base` without deleting and inserting the same, or setting what is set. */
export function simplified(delta: Delta, base: Delta): Delta {
  const result = new Delta();
  let at = 0;
  let hunk = new Delta();
  let hunkUnits = 0;
  const close = (): void => {
    if (isEmpty(hunk)) return;
    const before = base.slice(at, at + hunkUnits);
    const after = before.compose(hunk);
    const change = diffDocuments(before, after);
    for (const op of change.ops) result.push(op);
    const rest = hunkUnits - baseLength(change);
    if (rest > 0) result.retain(rest);
    at += hunkUnits;
    hunk = new Delta();
    hunkUnits = 0;
  };
  for (const op of delta.ops) {
    if (op.retain !== undefined && op.attributes === undefined) {
      close();
      result.push(op);
      at += opLength(op);
    } else {
      hunk.push(op);
      if (op.insert === undefined) hunkUnits += opLength(op);
    }
  }
  close();
  return result.chop();
}

/** Carries what others did down a stack, top first. */
function carryOver(stack: Group[], delta: Delta): void {
  let change = delta;
  for (let index = stack.length - 1; index >= 0 && !isEmpty(change); index--) {
    const group = stack[index] as Group;
    const here = moved(group.here, change, false);
    const inverse = overCommitted(group.delta, change);
    change = overPending(change, group.delta);
    stack[index] = { ...group, delta: inverse, here, there: moved(group.there, change, false) };
    // Others have taken away what there was to undo.
    if (isEmpty(inverse)) stack.splice(index, 1);
  }
}

/** Makes an own edit in the document; comes back to `record` before anyone hears of it. */
export type Performer = (delta: Delta, source: EditSource, selection: readonly Range[]) => void;

/** The history of one document; `document.ts` tells it everything that happens to the view. */
export class UndoHistory implements History {
  private readonly emitter = new Emitter<HistoryEvents>();
  private readonly undoStack: Group[] = [];
  private readonly redoStack: Group[] = [];
  private told = { canUndo: false, canRedo: false };
  /** What the top group is about while it may still grow; its place is kept on the view. */
  private open: { edit: number; intent: Intent; at: number; time: number } | null = null;
  /** Own edits so far; those up to `settled` are durable, those from `unsent` on not sent. */
  private edits = 0;
  private settled = 0;
  private unsent = 1;
  /** Whether edits are pending that this history has never seen. */
  private strangers = false;
  private readonly pauseMs: number;
  private readonly groupsMax: number;
  private readonly unitsMax: number;
  private readonly now: () => number;

  constructor(
    private readonly perform: Performer,
    { pauseMs = 1_000, groupsMax = 200, unitsMax = 16_000_000, now = () => performance.now() }: UndoOptions = {},
  ) {
    this.pauseMs = pauseMs;
    this.groupsMax = groupsMax;
    this.unitsMax = unitsMax;
    this.now = now;
  }

  get canUndo(): boolean {
    return this.undoStack.length > 0;
  }
  get canRedo(): boolean {
    return this.redoStack.length > 0;
  }

  undo(): void {
    this.take(this.undoStack, 'undo');
  }
  redo(): void {
    this.take(this.redoStack, 'redo');
  }
  boundary(): void {
    this.open = null;
  }
  clear(): void {
    this.undoStack.length = 0;
    this.redoStack.length = 0;
    this.open = null;
    this.tell();
  }
  on<K extends keyof HistoryEvents>(kind: K, listener: Listener<HistoryEvents[K]>): () => void {
    return this.emitter.on(kind, listener);
  }

  private take(stack: readonly Group[], source: EditSource): void {
    const group = stack.at(-1);
    if (group !== undefined) this.perform(group.delta, source, group.there ?? caretAfter(group.delta));
  }

  // ---- called by the document ----

  /** An own edit on the view `before`; throws nothing. */
  record(source: EditSource, edit: Delta, before: Delta, selectionBefore: readonly Range[] | null): void {
    const inverse = edit.invert(before);
    this.edits++;
    if (source === 'local') {
      this.redoStack.length = 0;
      this.push(edit, inverse, selectionBefore);
      return;
    }
    this.open = null;
    const [from, to] = source === 'undo' ? [this.undoStack, this.redoStack] : [this.redoStack, this.undoStack];
    const taken = from.pop();
    if (taken === undefined) return;
    // The document cuts no pair of surrogates; what is below stands on the inverse as it was kept.
    if (!sameDelta(taken.delta, edit)) from.length = 0;
    if (!isEmpty(inverse)) to.push({ delta: inverse, here: taken.there, there: taken.here, edit: this.edits });
  }

  /** The view changed by something else: what others did, or a refused edit that was taken back. */
  changed(delta: Delta, source: 'remote' | 'rollback' | 'reset', before: () => Delta): void {
    if (source === 'reset' || (source === 'rollback' && this.strangers)) {
      this.undoStack.length = 0;
      this.redoStack.length = 0;
      this.open = null;
    } else if (source === 'rollback') {
      this.rolledBack(delta, before());
    } else {
      carryOver(this.undoStack, delta);
      carryOver(this.redoStack, delta);
      // A group that has vanished grows no more.
      if (this.undoStack.at(-1)?.edit !== this.open?.edit) this.open = null;
      if (this.open !== null) this.open = { ...this.open, at: delta.transformPosition(this.open.at, true) };
    }
  }

  /** What was pending has been sent; `whole` when nothing was left behind. */
  sent(whole: boolean): void {
    this.settled = this.unsent - 1;
    if (whole) this.unsent = this.edits + 1;
  }

  /** Nothing is pending any more. */
  allDurable(): void {
    this.settled = this.edits;
    this.unsent = this.edits + 1;
    this.strangers = false;
  }

  /** The document was opened: what was in flight may have to be sent again with the rest. */
  opened(): void {
    this.unsent = this.settled + 1;
  }

  /** Edits from before this history are pending, such as those kept through a reload. */
  adopted(): void {
    this.strangers = true;
  }

  /** Tells the listeners when there is news. */
  tell(): void {
    const { canUndo, canRedo, told } = this;
    if (told.canUndo === canUndo && told.canRedo === canRedo) return;
    this.told = { canUndo, canRedo };
    this.emitter.emit('change', this.told);
  }

  // ---- grouping ----

  private push(edit: Delta, inverse: Delta, selectionBefore: readonly Range[] | null): void {
    // Setting a format that is set leaves nothing to undo.
    if (isEmpty(inverse)) return;
    const shape = shapeOf(edit);
    const time = this.now();
    const top = this.undoStack.at(-1);
    const here = moved(selectionBefore, edit, true);
    if (top !== undefined && this.joins(shape, time)) {
      const delta = inverse.compose(top.delta);
      this.undoStack.pop();
      // What was typed and taken back at once leaves nothing to undo.
      if (!isEmpty(delta)) this.undoStack.push({ delta, here, there: top.there, edit: this.edits });
    } else {
      this.undoStack.push({ delta: inverse, here, there: selectionBefore, edit: this.edits });
    }
    const grows = this.undoStack.at(-1)?.edit === this.edits;
    this.open = grows ? { edit: this.edits, intent: shape.intent, at: shape.at + shape.inserted, time } : null;
    this.bound();
  }

  /** Whether an edit goes on where the last one stopped, soon enough and with the same intent. */
  private joins(shape: Shape, time: number): boolean {
    const { open } = this;
    if (open === null || shape.intent === 'other' || shape.intent !== open.intent) return false;
    if (time - open.time >= this.pauseMs) return false;
    // Backspace and delete; typing may replace what was just typed, as input methods do.
    if (shape.intent === 'deleting') return open.at === shape.at || open.at === shape.at + shape.deleted;
    return open.at === shape.at + shape.deleted;
  }

  private bound(): void {
    const stack = this.undoStack;
    let units = 0;
    let first = stack.length;
    while (first > 0 && stack.length - first < this.groupsMax) {
      units += insertedUnits((stack[first - 1] as Group).delta);
      if (units > this.unitsMax && first < stack.length) break;
      first--;
    }
    stack.splice(0, first);
  }

  // ---- refusals ----

  /**
   * A refused edit has left the view. The groups that may hold some of it become one, which leads from
   * the view as it is now to where they led: what was refused is no longer in it.
   */
  private rolledBack(delta: Delta, before: Delta): void {
    this.open = null;
    this.redoStack.length = 0;
    const firstPending = this.undoStack.findIndex((group) => group.edit > this.settled);
    const pending = firstPending < 0 ? [] : this.undoStack.splice(firstPending);
    const back = pending.reduceRight((all, group) => all.compose(group.delta), emptyDelta);
    const inverse = simplified(delta.invert(before).compose(back), before.compose(delta));
    if (isEmpty(inverse)) return;
    this.undoStack.push({ delta: inverse, here: null, there: pending[0]?.there ?? null, edit: this.edits });
  }
}
