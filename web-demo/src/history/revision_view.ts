// Where the text of a revision is shown, whichever kind of document it is: read-only, and changed by no
// more than what differs from the text shown before, so that what is in sight stays there.
import type { Delta } from 'coedit';

export interface RevisionView {
  /** Fills its parent and scrolls by itself. */
  readonly node: HTMLElement;
  /** The formats it can show; others are to be left out before. */
  readonly formats: ReadonlySet<string>;
  /** A text with marks (marked_text.ts), without embeds; of the one shown before, one stretch is replaced. */
  show(shown: Delta): void;
  /** What leads from the text that is shown to the next: only that much is changed. */
  apply(change: Delta): void;
  /** Brings these units into sight, from the first on. */
  reveal(from: number, to: number): void;
  /** Rules for the marks that only the panel knows, such as the colours of authors. */
  adopt(sheet: CSSStyleSheet): void;
  /** Said to screen readers as the name of the text. */
  label(words: string): void;
  destroy(): void;
}
