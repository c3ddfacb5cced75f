// What the tests use of the demo page, from inside the browser.
import type { Client, SharedDocument } from 'coedit';

interface QuillInPage {
  readonly root: HTMLElement;
  getContents(): { readonly ops: readonly unknown[] };
  getText(): string;
  getLength(): number;
  getBounds(index: number): { readonly left: number; readonly top: number } | null;
  setSelection(index: number, length?: number, source?: 'user'): void;
}

interface CodeMirrorInPage {
  readonly state: { readonly doc: { readonly length: number; toString(): string }; readonly selection: { readonly main: { readonly anchor: number; readonly head: number } } };
  readonly scrollDOM: HTMLElement;
  focus(): void;
  dispatch(change: unknown): void;
  coordsAtPos(position: number): { readonly left: number; readonly top: number } | null;
}

/** An editor of the page in `pages`, whichever it is. */
export interface EditorInPage {
  focus(): void;
  /** The text it shows, without what nobody typed. */
  shown(): string;
  /** What stands in the page, which is more than the editor knows while something is composed. */
  onScreen(): string;
  /** The text with formats. */
  contents(): readonly unknown[];
  isWritable(): boolean;
  select(anchor: number, head: number): void;
  selection(): readonly [number, number];
  /** Where a character stands in the window; null where that cannot be known. */
  place(position: number): { readonly left: number; readonly top: number } | null;
  scroller(): HTMLElement;
  destroy(): void;
}

declare global {
  interface Window {
    coedit?: { readonly client: Client; readonly document: SharedDocument; readonly quill?: QuillInPage; readonly codemirror?: CodeMirrorInPage };
    editor?: EditorInPage;
    /** Types a recorded session with letters from that code point on; see `pages/bot.ts`. */
    playSession?: (base: number, patches: readonly (readonly [number, number, string])[], pauseMs: number) => Promise<void>;
    /** Every status the page showed, in order. */
    shownStatuses: string[];
    /** How often the page said "Saved" while some edit was not. */
    lies: number;
    /** Tags by what is certain of them: see the crash test. */
    ledger: { readonly acked: string[]; readonly removed: string[]; readonly failed: string[] };
  }
}

/** Runs in each page before anything else: a witness of its statuses and of what its policy blocked. */
export function installWitness(): void {
  window.shownStatuses = [];
  window.lies = 0;
  window.ledger = { acked: [], removed: [], failed: [] };
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
    console.error(`content security policy: ${violatedDirective} blocked ${blockedURI}`);
  });
  let parts: Window['coedit'];
  const look = (): void => {
    const words = document.querySelector('.status-words')?.textContent ?? '';
    if (words === 'Saved' && parts?.document.unsaved === true) window.lies++;
    if (words !== '' && window.shownStatuses.at(-1) !== words) window.shownStatuses.push(words);
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  // Not only when the words change: also when they should have.
  Object.defineProperty(window, 'coedit', {
    get: () => parts,
    set: (value: NonNullable<Window['coedit']>) => {
      parts = value;
      value.document.on('change', look);
      value.document.on('status', look);
    },
  });
}
