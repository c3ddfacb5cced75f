// Binds a shared document to a Quill 2 editor: both always hold one text.
import type Quill from 'quill';
import { type Attributes, Delta, type Op, opLength, overCommitted, overPending, sameDelta } from './delta.js';
import { diffDocuments } from './diff.js';
import type { Change, SharedDocument } from './shared_document.js';
import { EditError } from './errors.js';
import { CursorLayer } from './quill_cursors.js';

export interface QuillBindingOptions {
  /** Whether to draw other people's cursors and selections; true unless told otherwise. */
  readonly cursors?: boolean;
}

export interface QuillBinding {
  /** Takes everything off the editor again and leaves its text. */
  destroy(): void;
}

/** Remote edits wait for the end of an IME composition, but not longer than this. */
const holdMaxMs = 15_000;

interface HistoryModule {
  options?: { userOnly?: boolean };
  clear(): void;
}

/** Whether an edit takes away the last newline of the editor's text or inserts behind it. */
function touchesEnd(edit: Delta, baseUnits: number): boolean {
  let offset = 0;
  for (const op of edit.ops as Op[]) {
    if (op.insert !== undefined) {
      if (offset >= baseUnits) return true;
      continue;
    }
    offset += opLength(op);
    if (op.delete !== undefined && offset >= baseUnits) return true;
  }
  return false;
}

/** Formats that turn the last newline of one text into another's; undefined for none. */
function newlineFormats(from: Delta, to: Delta): Attributes | undefined {
  const change = diffDocuments(from.slice(from.length() - 1), to.slice(to.length() - 1));
  return change.ops[0]?.retain === 1 ? change.ops[0].attributes : undefined;
}

/**
 * The same effect while the last newline stays: two people who replace everything at once would
 * otherwise leave a text that does not end in one, which no Quill can show.
 */
export function keepLastNewline(edit: Delta, base: Delta): Delta {
  const units = base.length();
  if (!touchesEnd(edit, units)) return edit;
  const target = base.compose(edit);
  const formats = newlineFormats(base, target);
  const removed = edit.ops.at(-1)?.delete;
  const added = edit.ops.at(-2);
  if (removed !== undefined && typeof added?.insert === 'string' && added.insert.endsWith('\n')) {
    // Replaced by another newline: the old one stands for it.
    const kept = new Delta();
    for (const op of edit.ops.slice(0, -2)) kept.push(op);
    if (added.insert.length > 1) kept.push({ ...added, insert: added.insert.slice(0, -1) });
    return kept
      .delete(removed - 1)
      .retain(1, formats)
      .chop();
  }
  const change = diffDocuments(base.slice(0, units - 1), target.slice(0, target.length() - 1));
  return formats === undefined ? change : change.compose(new Delta().retain(target.length() - 1).retain(1, formats));
}

class Binding implements QuillBinding {
  private readonly off: (() => void)[] = [];
  private readonly layer: CursorLayer | null;
  private applying = false;
  private composing = false;
  /** Remote edits the editor has not been shown yet. */
  private held = new Delta();
  private holdTimer: ReturnType<typeof setTimeout> | undefined;
  private selectionQueued = false;
  private destroyed = false;

  constructor(
    private readonly document: SharedDocument,
    private readonly quill: Quill,
    { cursors = true }: QuillBindingOptions,
  ) {
    const history = this.history();
    if (history?.options !== undefined) history.options.userOnly = true;
    quill.enable(false);
    this.layer = cursors ? new CursorLayer(document, quill) : null;
    this.document.ready.then(
      () => this.start(),
      () => undefined, // The application hears of it through the document.
    );
  }

  destroy(): void {
    if (this.destroyed) return;
    this.flushHeld();
    this.destroyed = true;
    clearTimeout(this.holdTimer);
    for (const off of this.off) off();
    this.layer?.destroy();
  }

  private history(): HistoryModule | undefined {
    return this.quill.getModule('history') as HistoryModule | undefined;
  }

  private start(): void {
    if (this.destroyed) return;
    const { document, quill } = this;
    this.quietly(() => quill.setContents(this.shown(document.delta), 'api'));
    this.history()?.clear();
    this.listen('text-change', (delta: Delta, before: Delta, source: string) => this.onTextChange(delta, before, source));
    this.listen('selection-change', () => this.queueSelection());
    this.listen('composition-start', () => {
      this.composing = true;
    });
    this.listen('composition-end', () => {
      this.composing = false;
      // Quill itself is done with the composition one turn later.
      queueMicrotask(() => this.flushHeld());
    });
    this.off.push(
      document.on('change', (change) => this.onChange(change)),
      document.on('status', () => this.enable()),
      document.on('role', () => this.enable()),
    );
    this.enable();
    this.layer?.draw();
  }

  private listen(event: string, handler: (...values: never[]) => void): void {
    // Quill's typed overloads name only some of its events.
    const emitter = this.quill.emitter as unknown as {
      on(event: string, handler: (...values: never[]) => void): void;
      off(event: string, handler: (...values: never[]) => void): void;
    };
    emitter.on(event, handler);
    this.off.push(() => emitter.off(event, handler));
  }

  private enable(): void {
    const { role, status } = this.document;
    const writable = status !== 'closed' && role !== 'reader' && role !== 'commenter';
    if (this.quill.isEnabled() !== writable) this.quill.enable(writable);
  }

  /** Runs what must not be taken for the user's edits. */
  private quietly(work: () => void): void {
    const outer = this.applying;
    this.applying = true;
    try {
      work();
    } finally {
      this.applying = outer;
    }
  }

  /** What this editor can show: an embed it has no blot for becomes U+FFFC, of the same length. */
  private shown(delta: Delta): Delta {
    const unknown = (op: Op): boolean =>
      typeof op.insert === 'object' && this.quill.scroll.query(Object.keys(op.insert)[0] ?? '') === null;
    if (!delta.ops.some(unknown)) return delta;
    return new Delta(delta.ops.map((op: Op) => (unknown(op) ? { ...op, insert: '\ufffc' } : op)));
  }

  // ---- from the editor ----

  private onTextChange(delta: Delta, before: Delta, source: string): void {
    // What the user typed may come to light only while something else is applied.
    if (this.applying && source !== 'user') return;
    const mine = keepLastNewline(new Delta(delta.ops), new Delta(before.ops));
    const edit = overCommitted(mine, this.held);
    try {
      const applied = this.document.apply(edit, { origin: this });
      this.held = overPending(this.held, mine);
      if (!sameDelta(applied, edit)) this.realign();
    } catch (error) {
      if (!(error instanceof EditError)) throw error;
      // Not allowed, or not possible: the editor goes back to what the document holds.
      this.realign();
    }
    this.queueSelection();
  }

  private queueSelection(): void {
    if (this.selectionQueued) return;
    this.selectionQueued = true;
    queueMicrotask(() => {
      this.selectionQueued = false;
      if (this.destroyed || this.document.status === 'closed') return;
      const range = this.quill.getSelection();
      // Without focus the cursor stays where it was last seen.
      if (range === null) return;
      const anchor = this.held.transformPosition(range.index, true);
      const head = this.held.transformPosition(range.index + range.length, true);
      this.document.presence.set({ ranges: [{ anchor, head }] });
    });
  }

  // ---- from the document ----

  private onChange({ delta, origin, length }: Change): void {
    if (origin === this) return;
    const latest = length === this.document.length;
    this.held = this.held.compose(delta);
    if (this.composing) {
      this.holdTimer ??= setTimeout(() => this.endComposition(), holdMaxMs);
      return;
    }
    this.flushHeld();
    // Quill may have its own idea of a change; the document's is the one that counts.
    if (latest && this.held.ops.length === 0 && this.quill.getLength() !== this.document.length) this.realign();
  }

  /** Shows the editor what it has not been shown. */
  private flushHeld(): void {
    clearTimeout(this.holdTimer);
    this.holdTimer = undefined;
    if (this.destroyed || this.composing || this.held.ops.length === 0) return;
    // What the user has typed and Quill not yet noticed stands on the text without what is held.
    this.quill.update('user');
    const { held } = this;
    this.held = new Delta();
    this.quietly(() => this.quill.updateContents(this.shown(held), 'api'));
    this.layer?.draw();
  }

  /** A composition that never ends must not keep the others' edits away: the editor lets go of it. */
  private endComposition(): void {
    const range = this.quill.getSelection();
    this.quill.root.blur();
    // The browser's end of the composition comes first, with what was composed.
    setTimeout(() => {
      if (this.destroyed) return;
      this.composing = false;
      const at = range === null ? null : this.held.transformPosition(range.index, true);
      this.flushHeld();
      if (at !== null) this.quill.setSelection(at, 0, 'silent');
    });
  }

  /** Makes the editor hold exactly what the document holds. */
  private realign(): void {
    this.quill.update('user');
    this.held = new Delta();
    const target = this.shown(this.document.delta);
    const change = diffDocuments(new Delta(this.quill.getContents().ops), target);
    if (change.ops.length > 0) this.quietly(() => this.quill.updateContents(change, 'api'));
    this.layer?.draw();
  }
}

/**
 * Shows the document in the editor and sends the user's edits, until `destroy`. The editor is
 * disabled while the document is not open and for those who may not write. Undo is Quill's own
 * history, of this user's edits only. Rich-text documents only; throws EditError for another.
 */
export function bindQuill(document: SharedDocument, quill: Quill, options: QuillBindingOptions = {}): QuillBinding {
  if (document.type === 'plain-text') throw new EditError('type_mismatch', 'Quill needs a rich-text document');
  return new Binding(document, quill, options);
}
