// Binds a shared document to a CodeMirror 6 editor, as an extension of it.
import {
  Annotation,
  type ChangeSet,
  type ChangeSpec,
  EditorSelection,
  EditorState,
  type Extension,
  Prec,
  StateEffect,
  StateField,
  Text,
  Transaction,
} from '@codemirror/state';
import { Direction, EditorView, RectangleMarker, ViewPlugin, type ViewUpdate } from '@codemirror/view';
import { BindingCore, type BindingOptions, type Surface } from './binding_core.js';
import type { CursorGeometry, Place } from './binding_cursors.js';
import { routeHistory } from './binding_history.js';
import { Delta, type Op, opLength } from './delta.js';
import { EditError } from './errors.js';
import type { Range } from './messages.js';
import type { DocumentType, SharedDocument } from './shared_document.js';

export type { BindingOptions };

/** Of a transaction that comes from the document: others' edits, and undo and redo. */
const fromDocument = Annotation.define<boolean>();

const setWritable = StateEffect.define<boolean>();

const writableField = StateField.define<boolean>({
  create: () => false,
  update: (writable, transaction) =>
    transaction.effects.reduce((value, effect) => (effect.is(setWritable) ? effect.value : value), writable),
  // Says nothing while one may write: the application's own `readOnly` counts then.
  provide: (field) =>
    Prec.highest(EditorState.readOnly.computeN([field], (state) => (state.field(field) ? [] : [true]))),
});

/** The same change, in UTF-16 units: a line break is one LF, however the editor would write it. */
export function deltaOfChanges(changes: ChangeSet): Delta {
  const delta = new Delta();
  let at = 0;
  changes.iterChanges((from, to, _fromAfter, _toAfter, inserted) => {
    delta.retain(from - at).insert(inserted.sliceString(0, inserted.length, '\n')).delete(to - from);
    at = to;
  }, true);
  return delta;
}

/** The same change for the editor; formats are not asked of plain text. */
export function changesOfDelta(delta: Delta): ChangeSpec[] {
  const changes: { from: number; to: number; insert: Text }[] = [];
  let at = 0;
  for (const op of delta.ops as Op[]) {
    if (typeof op.insert === 'string') changes.push({ from: at, to: at, insert: Text.of(op.insert.split('\n')) });
    else if (op.delete !== undefined) changes.push({ from: at, to: at + op.delete, insert: Text.empty });
    if (op.insert === undefined) at += opLength(op);
  }
  return changes;
}

function rangesOf(selection: EditorSelection): Range[] {
  return selection.ranges.map(({ anchor, head }) => ({ anchor, head }));
}

/** Where a CodeMirror editor shows its text. */
class CodeMirrorGeometry implements CursorGeometry {
  constructor(private readonly view: EditorView) {}

  viewport(): Place {
    const { scrollDOM, dom } = this.view;
    const { left, right, top, bottom } = scrollDOM.getBoundingClientRect();
    // Line numbers stay where they are while the text moves under them.
    const gutter = dom.querySelector('.cm-gutters:not(.cm-gutters-after)')?.getBoundingClientRect().right ?? left;
    const from = Math.min(Math.max(left, gutter), right);
    return { left: from, top, width: right - from, height: bottom - top };
  }

  caretMax(): number {
    return this.view.state.doc.length;
  }

  caret(position: number): Place | null {
    const at = this.view.coordsAtPos(position, 1) ?? this.view.coordsAtPos(position, -1);
    return at === null ? null : { left: at.left, top: at.top, width: 0, height: at.bottom - at.top };
  }

  selection(from: number, to: number): readonly Place[] {
    const { view } = this;
    const { scrollDOM } = view;
    const scroller = scrollDOM.getBoundingClientRect();
    // Markers are placed on the text that scrolls.
    const start = view.textDirection === Direction.LTR ? scroller.left : scroller.right - scrollDOM.clientWidth * view.scaleX;
    const markers = RectangleMarker.forRange(view, '', EditorSelection.range(from, Math.min(to, this.caretMax())));
    return markers.map(({ left, top, width, height }) => ({
      left: left + start - scrollDOM.scrollLeft * view.scaleX,
      top: top + scroller.top - scrollDOM.scrollTop * view.scaleY,
      width: width ?? 0,
      height,
    }));
  }
}

class CodeMirrorSurface implements Surface {
  readonly type: DocumentType = 'plain-text';
  readonly cursors: Surface['cursors'];
  /** The editor is being built, taken down, or is in the middle of an update. */
  locked = true;
  /** The editor will scroll back to what one reads, once it has measured. */
  private willScroll = false;

  constructor(private readonly view: EditorView) {
    this.cursors = { host: view.dom, geometry: new CodeMirrorGeometry(view) };
  }

  length(): number {
    return this.view.state.doc.length;
  }

  contents(): Delta {
    const { doc } = this.view.state;
    return new Delta().insert(doc.sliceString(0, doc.length, '\n'));
  }

  presentable(delta: Delta): Delta {
    return delta;
  }

  takeInput(): void {
    // CodeMirror looks at its own page right after the browser has changed it.
  }

  show(change: Delta): void {
    const changes = this.view.state.changes(changesOfDelta(change));
    const above = !this.willScroll && this.isAboveWhatIsRead(changes);
    const place = above ? this.view.scrollSnapshot().map(changes) : undefined;
    this.view.dispatch({
      changes,
      effects: place ?? [],
      annotations: [fromDocument.of(true), Transaction.remote.of(true)],
      // The document has it already: no filter can keep it out.
      filter: false,
    });
    if (!above) return;
    this.willScroll = true;
    this.view.requestMeasure({
      key: this,
      read: () => {
        this.willScroll = false;
      },
    });
  }

  /**
   * The editor keeps the place by itself, but loses lines when several changes come before it measures.
   * One snapshot before the first of them does not: the editor carries it along until then.
   */
  private isAboveWhatIsRead(changes: ChangeSet): boolean {
    const { scrollTop } = this.view.scrollDOM;
    if (scrollTop === 0) return false;
    const top = this.view.lineBlockAtHeight(scrollTop).from;
    let above = false;
    changes.iterChangedRanges((from) => {
      above ||= from < top;
    });
    return above;
  }

  busy(): boolean {
    return this.locked;
  }

  selection(): readonly Range[] | null {
    if (!this.view.hasFocus) return null;
    const { selection } = this.view.state;
    const ranges = rangesOf(selection);
    // The main one first: not all may be told.
    return [...ranges.splice(selection.mainIndex, 1), ...ranges];
  }

  select(ranges: readonly Range[]): void {
    if (ranges.length === 0) return;
    const last = this.length();
    const selection = EditorSelection.create(
      ranges.map(({ anchor, head }) => EditorSelection.range(Math.min(anchor, last), Math.min(head, last))),
    );
    this.view.focus();
    this.view.dispatch({ selection, scrollIntoView: true });
  }

  setWritable(writable: boolean): void {
    if (this.view.state.field(writableField) === writable) return;
    const tell = (): void => {
      if (!this.locked) this.view.dispatch({ effects: setWritable.of(writable) });
    };
    if (this.locked) queueMicrotask(tell);
    else tell();
  }

  blur(): void {
    this.view.contentDOM.blur();
  }
}

class CodeMirrorPlugin {
  private readonly surface: CodeMirrorSurface;
  private readonly core: BindingCore;
  private readonly off: (() => void)[] = [];

  constructor(
    view: EditorView,
    shared: SharedDocument,
    options: BindingOptions,
  ) {
    const surface = new CodeMirrorSurface(view);
    // The editor can be changed once it is built: before the document can be ready for it.
    queueMicrotask(() => {
      surface.locked = false;
    });
    const core = new BindingCore(shared, surface, options);
    this.surface = surface;
    this.core = core;
    const { contentDOM } = view;
    const onStart = (): void => core.compositionStarted();
    const onEnd = (): void => core.compositionEnded();
    contentDOM.addEventListener('compositionstart', onStart);
    contentDOM.addEventListener('compositionend', onEnd);
    this.off.push(
      routeHistory(view.dom, contentDOM, (command) => {
        if (!view.state.readOnly) core.travel(command);
      }),
      () => contentDOM.removeEventListener('compositionstart', onStart),
      () => contentDOM.removeEventListener('compositionend', onEnd),
    );
  }

  update(update: ViewUpdate): void {
    const outer = this.surface.locked;
    this.surface.locked = true;
    try {
      for (const transaction of update.transactions) {
        if (!transaction.docChanged || transaction.annotation(fromDocument) === true) continue;
        this.core.edited(deltaOfChanges(transaction.changes), rangesOf(transaction.startState.selection));
      }
    } finally {
      this.surface.locked = outer;
    }
    if (update.docChanged || update.selectionSet || update.focusChanged) this.core.selected();
    if (update.docChanged || update.geometryChanged || update.viewportChanged) this.core.moved();
  }

  destroy(): void {
    this.surface.locked = true;
    this.core.destroy();
    for (const off of this.off) off();
  }
}

/**
 * The extension that shows the document in the editor it is given to and sends the user's edits, until
 * it is taken out of the configuration or the editor is destroyed. The editor is read-only while the
 * document is not open and for those who may not write. Undo, by keys or the browser's menu, is the
 * document's own; an editor's `history()` is left with nothing to undo. Plain-text documents only;
 * throws EditError (`type_mismatch`) for one known to be of another type. Under a policy of
 * `style-src 'self'`, CodeMirror itself asks for a nonce (`EditorView.cspNonce`) or a shadow tree; what
 * this extension draws needs neither.
 */
export function coedit(document: SharedDocument, options: BindingOptions = {}): Extension {
  if (document.type === 'rich-text') throw new EditError('type_mismatch', 'CodeMirror needs a plain-text document');
  return [
    writableField,
    EditorState.transactionExtender.of(() => ({ annotations: Transaction.addToHistory.of(false) })),
    ViewPlugin.define((view) => new CodeMirrorPlugin(view, document, options)),
  ];
}
