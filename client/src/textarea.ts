// Binds a shared document to a plain text field of the page: a textarea, or an input of one line.
import { type Binding, BindingCore, type BindingOptions, type Surface } from './binding_core.js';
import { routeHistory } from './binding_history.js';
import { Delta, type Op, opLength } from './delta.js';
import { EditError } from './errors.js';
import type { Range } from './messages.js';
import type { DocumentType, SharedDocument } from './shared_document.js';
import { fieldDelta } from './textarea_diff.js';
import { FieldMirror, type TextField } from './textarea_mirror.js';

export type { Binding, BindingOptions, TextField };

/** Inputs that keep any text as it is, and whose selection can be asked. */
const inputTypes = ['text', 'search', 'tel'];

/** What an input shows for a line break: as long, but on the same line. */
const lineBreakShown = ' ';

/** Lines of a field kept around a caret that is brought into sight, of its own height each. */
const linesAround = 1;

/** The text after a change, but only the piece between its first and its last edit. */
interface Replacement {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function replacementOf(change: Delta, text: string): Replacement {
  const ops = change.ops as Op[];
  const first = ops[0];
  const from = first?.retain === undefined ? 0 : opLength(first);
  let at = from;
  let piece = '';
  for (const op of from === 0 ? ops : ops.slice(1)) {
    if (typeof op.insert === 'string') piece += op.insert;
    else if (op.retain !== undefined) piece += text.slice(at, at + opLength(op));
    if (op.insert === undefined) at += opLength(op);
  }
  return { from, to: at, text: piece };
}

class FieldSurface implements Surface {
  readonly type: DocumentType = 'plain-text';
  readonly cursors: Surface['cursors'];
  private readonly mirror: FieldMirror;
  private readonly isLine: boolean;
  /** Read-only by the application's wish. */
  private readonly readOnlyBefore: boolean;
  /** The value as the document knows it. */
  private known: string;
  /** The selection before the input that is under way. */
  private before: readonly Range[] | null = null;
  private core: BindingCore | null = null;

  constructor(private readonly field: TextField) {
    this.isLine = field instanceof HTMLInputElement;
    this.readOnlyBefore = field.readOnly;
    this.known = field.value;
    this.mirror = new FieldMirror(field);
    // In the same box, so that the cursors scroll and go away with the field.
    const host = field.parentNode as HTMLElement | ShadowRoot | null;
    this.cursors = host === null ? null : { host, geometry: this.mirror };
  }

  /** Follows the field until the function it returns is called. */
  follow(core: BindingCore): () => void {
    this.core = core;
    const { field } = this;
    const off: (() => void)[] = [
      routeHistory(field, field, (command) => {
        if (!field.readOnly) core.travel(command);
      }),
    ];
    const listen = (target: EventTarget, event: string, handler: () => void): void => {
      target.addEventListener(event, handler);
      off.push(() => target.removeEventListener(event, handler));
    };
    listen(field, 'beforeinput', () => {
      this.before = this.ranges();
    });
    listen(field, 'input', () => this.takeInput());
    listen(field, 'compositionstart', () => core.compositionStarted());
    listen(field, 'compositionend', () => {
      this.takeInput();
      core.compositionEnded();
    });
    for (const event of ['focus', 'keyup', 'pointerup', 'select']) listen(field, event, () => core.selected());
    listen(field.ownerDocument, 'selectionchange', () => {
      if (this.isFocused) core.selected();
    });
    // The form's reset is told first and then done.
    if (field.form !== null) listen(field.form, 'reset', () => setTimeout(() => this.takeInput()));
    if (typeof ResizeObserver === 'function') {
      const observer = new ResizeObserver(() => core.moved());
      observer.observe(field);
      off.push(() => observer.disconnect());
    }
    return () => {
      for (const each of off) each();
      this.mirror.destroy();
      field.readOnly = this.readOnlyBefore;
    };
  }

  length(): number {
    return this.known.length;
  }

  contents(): Delta {
    return new Delta().insert(this.known);
  }

  presentable(delta: Delta): Delta {
    if (!this.isLine) return delta;
    return new Delta(
      (delta.ops as Op[]).map((op) => (typeof op.insert === 'string' ? { insert: op.insert.replaceAll('\n', lineBreakShown) } : op)),
    );
  }

  takeInput(): void {
    const { value } = this.field;
    if (value === this.known) return;
    const edit = fieldDelta(this.known, value, this.field.selectionEnd ?? value.length);
    const { before } = this;
    this.known = value;
    this.before = null;
    if (before === null) this.core?.edited(edit);
    else this.core?.edited(edit, before);
  }

  show(change: Delta): void {
    const { field } = this;
    const { from, to, text } = replacementOf(change, this.known);
    const { selectionStart, selectionEnd, selectionDirection } = field;
    const moved = (at: number | null): number => change.transformPosition(at ?? 0, true);
    const settle = this.holdScroll(moved);
    field.setRangeText(text, from, to, 'preserve');
    field.setSelectionRange(moved(selectionStart), moved(selectionEnd), selectionDirection ?? 'none');
    this.known = field.value;
    settle();
  }

  busy(): boolean {
    return false;
  }

  selection(): readonly Range[] | null {
    return this.isFocused ? this.ranges() : null;
  }

  select(ranges: readonly Range[]): void {
    const [range] = ranges;
    if (range === undefined) return;
    const { anchor, head } = range;
    const { field } = this;
    field.focus({ preventScroll: true });
    field.setSelectionRange(Math.min(anchor, head), Math.max(anchor, head), head < anchor ? 'backward' : 'forward');
    const caret = this.mirror.caret(head);
    if (caret === null) return;
    const { left, top, width, height } = this.mirror.viewport();
    const margin = caret.height * linesAround;
    if (caret.top < top) field.scrollTop -= top - caret.top + margin;
    if (caret.top + caret.height > top + height) field.scrollTop += caret.top + caret.height - top - height + margin;
    if (caret.left < left) field.scrollLeft -= left - caret.left + margin;
    if (caret.left > left + width) field.scrollLeft += caret.left - left - width + margin;
  }

  setWritable(writable: boolean): void {
    this.field.readOnly = this.readOnlyBefore || !writable;
  }

  blur(): void {
    this.field.blur();
  }

  private get isFocused(): boolean {
    return (this.field.getRootNode() as Document | ShadowRoot).activeElement === this.field;
  }

  private ranges(): readonly Range[] {
    const { selectionStart, selectionEnd, selectionDirection } = this.field;
    const [start, end] = [selectionStart ?? 0, selectionEnd ?? 0];
    return [selectionDirection === 'backward' ? { anchor: end, head: start } : { anchor: start, head: end }];
  }

  /**
   * Before a change: remembers what the user looks at. The function it returns scrolls there again,
   * so that lines that others write above do not move it.
   */
  private holdScroll(moved: (at: number) => number): () => void {
    const { field, mirror } = this;
    const { scrollLeft, scrollTop } = field;
    const back = (): void => {
      if (field.scrollLeft !== scrollLeft) field.scrollLeft = scrollLeft;
      if (field.scrollTop !== scrollTop) field.scrollTop = scrollTop;
    };
    if (this.isLine || scrollTop === 0) return back;
    const anchor = mirror.firstVisible();
    const before = mirror.caret(anchor);
    return () => {
      back();
      const after = mirror.caret(moved(anchor));
      if (before !== null && after !== null) field.scrollTop += after.top - before.top;
    };
  }
}

/**
 * Shows the document in a textarea, or in an input of one line, and sends the user's edits, until
 * `destroy`. The field is read-only while the document is not open and for those who may not write.
 * Undo, by keys or the browser's menu, is the document's own. An input shows the document's line
 * breaks as spaces and makes none. Plain-text documents only; throws EditError: `type_mismatch` for
 * one known to be of another type, `bad_field` for an input that holds no free text.
 */
export function bindTextarea(document: SharedDocument, field: TextField, options: BindingOptions = {}): Binding {
  if (document.type === 'rich-text') throw new EditError('type_mismatch', 'a text field needs a plain-text document');
  if (field instanceof HTMLInputElement && !inputTypes.includes(field.type)) {
    throw new EditError('bad_field', `an input of type ${field.type} holds no free text`);
  }
  const surface = new FieldSurface(field);
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
