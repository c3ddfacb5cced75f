// What the page asks of an editor, whichever kind of document it shows. Positions are UTF-16 units,
// places are pixels of the window.
import type { DocumentType, SharedDocument } from 'coedit';

export interface Place {
  readonly left: number;
  readonly top: number;
  readonly height: number;
}

export interface EditorContext {
  readonly shared: SharedDocument;
  /** The title, whenever it is another: its extension tells a language. */
  readonly followTitle: (listener: (title: string) => void) => void;
}

export interface MountedEditor {
  readonly kind: DocumentType;
  /** Takes the focus without moving what is in sight. */
  focus(): void;
  /** Where a caret there stands; null when that place is not laid out. */
  caretPlace(position: number): Place | null;
  /** Brings that position into sight and leaves caret and focus alone. */
  reveal(position: number): void;
  /** The part of the window in which text is in sight. */
  view(): { readonly top: number; readonly bottom: number };
  destroy(): void;
}
