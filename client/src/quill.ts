// Binds a shared document to a Quill 2 editor: both always hold one text.
import type Quill from 'quill';
import { type Attributes, Delta, type Op, opLength } from './delta.js';
import { diffDocuments } from './diff.js';
import { type Binding, BindingCore, type BindingOptions, type Surface } from './binding_core.js';
import type { CursorGeometry, Place } from './binding_cursors.js';
import { type HistoryCommand, routeHistory } from './binding_history.js';
import { EditError } from './errors.js';
import type { Range } from './messages.js';
import type { DocumentType, SharedDocument } from './shared_document.js';

export type { Binding, BindingOptions };

/** What is used of Quill's own history: it is switched off. */
interface HistoryModule {
  options?: { maxStack?: number };
  clear(): void;
  undo(): void;
  redo(): void;
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

/** Where a Quill editor shows its text. */
class QuillGeometry implements CursorGeometry {
  constructor(private readonly quill: Quill) {}

  viewport(): Place {
    return this.quill.root.getBoundingClientRect();
  }

  caretMax(): number {
    return Math.max(0, this.quill.getLength() - 1);
  }

  caret(position: number): Place | null {
    const bounds = this.quill.getBounds(position);
    if (bounds === null) return null;
    const origin = this.quill.container.getBoundingClientRect();
    const { left, top, width, height } = bounds;
    return { left: left + origin.left, top: top + origin.top, width, height };
  }

  selection(from: number, to: number): readonly Place[] {
    const { quill } = this;
    const [startBlot, startOffset] = quill.getLeaf(from);
    const [endBlot, endOffset] = quill.getLeaf(Math.min(to, this.caretMax()));
    if (startBlot === null || endBlot === null) return [];
    const places: Place[] = [];
    const range = document.createRange();
    const walker = document.createTreeWalker(quill.root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    walker.currentNode = startBlot.domNode;
    for (let node: Node | null = startBlot.domNode; node !== null; node = walker.nextNode()) {
      if (node instanceof Text || node.childNodes.length === 0) {
        range.selectNode(node);
        if (node instanceof Text) {
          if (node === startBlot.domNode) range.setStart(node, Math.min(startOffset, node.length));
          if (node === endBlot.domNode) range.setEnd(node, Math.min(endOffset, node.length));
        }
        for (const place of range.getClientRects()) if (place.width > 0) places.push(place);
      }
      if (node === endBlot.domNode) break;
    }
    return places;
  }
}

class QuillSurface implements Surface {
  readonly type: DocumentType = 'rich-text';
  readonly cursors: Surface['cursors'];
  private applying = false;

  constructor(private readonly quill: Quill) {
    this.cursors = { host: quill.container, geometry: new QuillGeometry(quill) };
  }

  /** Follows the editor until the function it returns is called. */
  follow(core: BindingCore): () => void {
    const { quill } = this;
    const off: (() => void)[] = [];
    const listen = (event: string, handler: (...values: never[]) => void): void => {
      // Quill's typed overloads name only some of its events.
      const emitter = quill.emitter as unknown as {
        on(event: string, handler: (...values: never[]) => void): void;
        off(event: string, handler: (...values: never[]) => void): void;
      };
      emitter.on(event, handler);
      off.push(() => emitter.off(event, handler));
    };
    listen('text-change', (delta: Delta, before: Delta, source: string) => {
      // What the user typed may come to light only while something else is applied.
      if (this.applying && source !== 'user') return;
      core.edited(keepLastNewline(new Delta(delta.ops), new Delta(before.ops)));
    });
    listen('selection-change', () => core.selected());
    listen('composition-start', () => core.compositionStarted());
    listen('composition-end', () => core.compositionEnded());
    off.push(routeHistory(quill.container, quill.root, (command) => core.travel(command)));
    off.push(this.replaceHistory((command) => core.travel(command)));
    return () => {
      for (const each of off) each();
    };
  }

  length(): number {
    return this.quill.getLength();
  }

  contents(): Delta {
    return new Delta(this.quill.getContents().ops);
  }

  /** An embed this editor has no blot for becomes U+FFFC, of the same length. */
  presentable(delta: Delta): Delta {
    const isUnknown = (op: Op): boolean =>
      typeof op.insert === 'object' && this.quill.scroll.query(Object.keys(op.insert)[0] ?? '') === null;
    if (!delta.ops.some(isUnknown)) return delta;
    return new Delta(delta.ops.map((op: Op) => (isUnknown(op) ? { ...op, insert: '\ufffc' } : op)));
  }

  takeInput(): void {
    this.quill.update('user');
  }

  show(change: Delta): void {
    const outer = this.applying;
    this.applying = true;
    try {
      this.quill.updateContents(change.ops, 'api');
    } finally {
      this.applying = outer;
    }
  }

  busy(): boolean {
    return false;
  }

  selection(): readonly Range[] | null {
    const range = this.quill.getSelection();
    return range === null ? null : [{ anchor: range.index, head: range.index + range.length }];
  }

  select(ranges: readonly Range[]): void {
    const [range] = ranges;
    if (range === undefined) return;
    const from = Math.min(range.anchor, range.head);
    this.quill.setSelection(from, Math.max(range.anchor, range.head) - from, 'api');
  }

  setWritable(writable: boolean): void {
    if (this.quill.isEnabled() !== writable) this.quill.enable(writable);
  }

  blur(): void {
    this.quill.root.blur();
  }

  /** Whoever asks Quill's history, such as a button of a toolbar, gets the document's. */
  private replaceHistory(travel: (command: HistoryCommand) => void): () => void {
    const history = this.quill.getModule('history') as HistoryModule | undefined;
    if (history === undefined) return () => undefined;
    const { options } = history;
    const stackBefore = options?.maxStack;
    history.clear();
    if (options !== undefined) options.maxStack = 0;
    history.undo = () => travel('undo');
    history.redo = () => travel('redo');
    return () => {
      if (options !== undefined && stackBefore !== undefined) options.maxStack = stackBefore;
      // The class's own come to light again.
      delete (history as Partial<HistoryModule>).undo;
      delete (history as Partial<HistoryModule>).redo;
    };
  }
}

/**
 * Shows the document in the editor and sends the user's edits, until `destroy`. The editor is
 * disabled while the document is not open and for those who may not write. Undo, by keys or by
 * Quill's history, is the document's own. Rich-text documents only; throws EditError
 * (`type_mismatch`) for one known to be of another type.
 */
export function bindQuill(document: SharedDocument, quill: Quill, options: BindingOptions = {}): Binding {
  if (document.type === 'plain-text') throw new EditError('type_mismatch', 'Quill needs a rich-text document');
  const surface = new QuillSurface(quill);
  const core = new BindingCore(document, surface, options);
  const stop = surface.follow(core);
  return {
    ready: core.ready,
    destroy: () => {
      core.destroy();
      stop();
    },
  };
}
