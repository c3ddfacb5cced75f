// What every editor binding does, whatever the editor: it keeps document and editor on one text, holds
// remote edits while something is composed with an input method, tells the selection, routes undo to
// the document's own history, and follows the right to write. What it needs of an editor is a Surface.
//
//   document's view  =  what the editor shows  +  what is held
//
// An edit by the user stands on what the editor shows. It is carried over what is held before it goes
// to the document, and what is held is carried over it.
import type { CursorGeometry } from './binding_cursors.js';
import { CursorOverlay } from './binding_cursors.js';
import type { HistoryCommand } from './binding_history.js';
import { Delta, isEmpty, overCommitted, overPending, sameDelta } from './delta.js';
import { diffDocuments } from './diff.js';
import { EditError } from './errors.js';
import type { Range } from './messages.js';
import type { Change, DocumentType, SharedDocument } from './shared_document.js';

/** What a binding may be told. */
export interface BindingOptions {
  /** Whether to draw other people's cursors and selections; true unless told otherwise. */
  readonly cursors?: boolean;
}

/** An editor bound to a document. */
export interface Binding {
  /**
   * Resolves when the editor shows the document; rejects when that is not to be: the opening was
   * refused, or the document is of another type (EditError `type_mismatch`).
   */
  readonly ready: Promise<void>;
  /** Takes everything off the editor again and leaves its text. */
  destroy(): void;
}

/** An editor. Positions are UTF-16 units of the text it shows. */
export interface Surface {
  readonly type: DocumentType;
  /** Where cursors are drawn; null for nowhere. */
  readonly cursors: { readonly host: HTMLElement | ShadowRoot; readonly geometry: CursorGeometry } | null;
  /** Length of what it shows. */
  length(): number;
  /** What it shows. */
  contents(): Delta;
  /** How it can show such inserts; of the same length. */
  presentable(delta: Delta): Delta;
  /** Tells (by `edited`) what the user has done and the editor has not noticed yet. */
  takeInput(): void;
  /** Makes a change that is not the user's; the user's own selection and scroll position stay. */
  show(change: Delta): void;
  /** Whether it can take no change just now, because it is in the middle of one. */
  busy(): boolean;
  /** Null where the user is not. */
  selection(): readonly Range[] | null;
  /** Puts the caret or selection there, and in sight. */
  select(ranges: readonly Range[]): void;
  setWritable(writable: boolean): void;
  /** Gives up the focus, which ends a composition. */
  blur(): void;
}

/** Remote edits wait for the end of a composition, but not longer, and not more of them, than this. */
const holdMaxMs = 15_000;
const holdChangesMax = 500;
const rangesMax = 64;

export class BindingCore implements Binding {
  readonly ready: Promise<void>;
  private readonly off: (() => void)[] = [];
  private overlay: CursorOverlay | null = null;
  private bound = false;
  private destroyed = false;
  private composing = false;
  /** Changes of the document's view that the editor has not been shown yet. */
  private held = new Delta();
  private heldChanges = 0;
  private holdTimer: ReturnType<typeof setTimeout> | undefined;
  private endTimer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the editor shows something else than the document's view without what is held. */
  private astray = false;
  private flushQueued = false;
  private selectionQueued = false;
  private travelling = false;
  /** The user's selection when it was last looked at, on what the editor shows. */
  private lastSelection: readonly Range[] | null = null;

  constructor(
    private readonly document: SharedDocument,
    private readonly surface: Surface,
    { cursors = true }: BindingOptions,
  ) {
    surface.setWritable(false);
    this.ready = document.ready.then(() => this.start(cursors));
    // Whoever waits sees the rejection; nobody has to wait.
    this.ready.catch(() => undefined);
  }

  destroy(): void {
    if (this.destroyed) return;
    this.composing = false;
    if (!this.surface.busy()) this.flush();
    this.destroyed = true;
    clearTimeout(this.holdTimer);
    clearTimeout(this.endTimer);
    for (const off of this.off) off();
    this.overlay?.destroy();
  }

  /** Whether the editor shows the document: edits before that are nobody's. */
  get isBound(): boolean {
    return this.bound && !this.destroyed;
  }

  // ---- told by the editor ----

  /** The user's own edit, already shown. `before` is the selection before it; the last one told otherwise. */
  edited(edit: Delta, before: readonly Range[] | null = this.lastSelection): void {
    if (!this.isBound || this.astray) return;
    const carried = overCommitted(edit, this.held);
    try {
      const applied = this.document.apply(carried, {
        origin: this,
        ...(before === null ? {} : { selectionBefore: this.onView(before) }),
      });
      this.held = overPending(this.held, edit);
      if (!sameDelta(applied, carried)) this.realign();
    } catch (error) {
      if (!(error instanceof EditError)) throw error;
      // Not allowed, or not possible: the editor goes back to what the document holds.
      this.realign();
    }
    this.selected();
  }

  /** The user's selection may be another. */
  selected(): void {
    if (this.selectionQueued) return;
    this.selectionQueued = true;
    // Once for all that one event brings.
    queueMicrotask(() => {
      this.selectionQueued = false;
      if (!this.isBound) return;
      const ranges = this.surface.selection();
      // Without focus the cursor stays where it was last seen.
      if (ranges === null) return;
      this.lastSelection = ranges;
      if (this.document.status !== 'closed') this.document.presence.set({ ranges: this.onView(ranges).slice(0, rangesMax) });
    });
  }

  compositionStarted(): void {
    clearTimeout(this.endTimer);
    this.composing = true;
  }

  /** The composition is over; what came of it may be noticed a little later, as browsers differ. */
  compositionEnded(): void {
    clearTimeout(this.endTimer);
    this.endTimer = setTimeout(() => {
      this.composing = false;
      this.flush();
    });
  }

  /** Undo or redo; during a composition the keys belong to the input method. */
  travel(command: HistoryCommand): void {
    if (!this.isBound || this.composing || !this.isWritable) return;
    this.surface.takeInput();
    this.travelling = true;
    try {
      this.document.history[command]();
    } finally {
      this.travelling = false;
    }
  }

  /** The editor's layout is another: cursors are drawn anew. */
  moved(): void {
    this.overlay?.draw();
  }

  // ---- between the two ----

  private start(cursors: boolean): void {
    if (this.destroyed) return;
    const { document, surface } = this;
    if (document.type !== surface.type) {
      throw new EditError('type_mismatch', `this editor is for ${surface.type}, the document is ${document.type}`);
    }
    this.bound = true;
    this.realign();
    this.off.push(
      document.on('change', (change) => this.onChange(change)),
      document.on('status', () => this.follow()),
      document.on('role', () => this.follow()),
    );
    this.follow();
    if (!cursors || surface.cursors === null) return;
    const { host, geometry } = surface.cursors;
    this.overlay = new CursorOverlay(document, host, geometry, () => isEmpty(this.held));
  }

  private get isWritable(): boolean {
    const { role, status } = this.document;
    return status !== 'closed' && role !== 'reader' && role !== 'commenter';
  }

  private follow(): void {
    this.surface.setWritable(this.isWritable);
  }

  /** From what the editor shows to the document's view. */
  private onView(ranges: readonly Range[]): Range[] {
    return ranges.map(({ anchor, head }) => ({
      anchor: this.held.transformPosition(anchor, true),
      head: this.held.transformPosition(head, true),
    }));
  }

  private onChange({ delta, origin, length, selection }: Change): void {
    if (origin === this || this.destroyed) return;
    const latest = length === this.document.length;
    this.held = this.held.compose(delta);
    this.heldChanges++;
    if (this.composing) {
      if (this.heldChanges > holdChangesMax) this.interrupt();
      else this.holdTimer ??= setTimeout(() => this.interrupt(), holdMaxMs);
      return;
    }
    if (this.surface.busy()) return this.flushSoon();
    this.flush();
    // An editor may have its own idea of a change; the document's is the one that counts.
    if (latest && isEmpty(this.held) && this.surface.length() !== this.document.length) this.realign();
    // Of several editors on one document, only the user's own takes the caret.
    if (selection !== undefined && (this.travelling || this.surface.selection() !== null)) this.surface.select(selection);
  }

  private flushSoon(): void {
    if (this.flushQueued) return;
    this.flushQueued = true;
    queueMicrotask(() => {
      this.flushQueued = false;
      this.flush();
    });
  }

  /** Shows the editor what it has not been shown. */
  private flush(): void {
    if (!this.isBound || this.composing) return;
    clearTimeout(this.holdTimer);
    this.holdTimer = undefined;
    // What the user has typed and the editor not yet noticed stands on the text without what is held.
    this.surface.takeInput();
    if (this.astray) return this.realign();
    const { held } = this;
    this.held = new Delta();
    this.heldChanges = 0;
    if (isEmpty(held)) return;
    if (this.lastSelection !== null) {
      this.lastSelection = this.lastSelection.map(({ anchor, head }) => ({
        anchor: held.transformPosition(anchor, true),
        head: held.transformPosition(head, true),
      }));
    }
    this.surface.show(this.surface.presentable(held));
    this.overlay?.draw();
  }

  /** A composition that never ends must not keep the others' edits away: the editor lets go of it. */
  private interrupt(): void {
    clearTimeout(this.holdTimer);
    this.holdTimer = undefined;
    this.surface.blur();
    // The browser's end of the composition comes first, with what was composed.
    setTimeout(() => {
      if (this.destroyed) return;
      this.composing = false;
      this.flush();
      if (this.lastSelection !== null) this.surface.select(this.lastSelection);
    });
  }

  /** Makes the editor show exactly what the document holds. */
  private realign(): void {
    this.astray = true;
    if (this.composing) return;
    if (this.surface.busy()) return this.flushSoon();
    this.surface.takeInput();
    this.astray = false;
    this.held = new Delta();
    this.heldChanges = 0;
    const change = diffDocuments(this.surface.contents(), this.surface.presentable(this.document.delta));
    if (!isEmpty(change)) this.surface.show(change);
    this.overlay?.draw();
  }
}
