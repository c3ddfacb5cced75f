// Types a recorded session into the editor of this page, through the browser's own input. Each bot has
// letters of its own, so that in a text of many it is seen whose every letter is; a patch counts its
// positions among the bot's own letters. A line break is a letter, too, followed by a real one.
import type { EditorInPage } from '../support/window.js';

export type Patch = readonly [position: number, deleted: number, inserted: string];

const lineBreakCode = '\n'.charCodeAt(0);

/** Letters that wait to be typed in one go, as a paste would; a recorded session has single ones mostly. */
const pieceUnitsMax = 200;

function turn(ms = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export class Bot {
  /** `base`: the code point of the bot's letter for U+0000. */
  constructor(
    private readonly editor: EditorInPage,
    private readonly base: number,
  ) {}

  async play(patches: readonly Patch[], pauseMs: number): Promise<void> {
    let units = 0;
    for (const [position, deleted, inserted] of patches) {
      for (let left = deleted; left > 0; ) left -= await this.remove(position, left);
      let at = position;
      for (const piece of inserted.match(new RegExp(`\\n|[^\\n]{1,${pieceUnitsMax}}`, 'g')) ?? []) {
        await this.insert(at, piece);
        at += piece.length;
      }
      units += inserted.length - deleted;
      await turn(pauseMs);
      const own = this.own().length;
      if (own !== units) throw new Error(`${own} letters of ${units} after [${position}, ${deleted}, ${JSON.stringify(inserted)}]`);
    }
  }

  /** Where the bot's own letters stand. */
  private own(): readonly { readonly at: number; readonly units: number }[] {
    const letters: { at: number; units: number }[] = [];
    let at = 0;
    const text = this.editor.shown();
    for (const letter of text) {
      const code = (letter.codePointAt(0) ?? 0) - this.base;
      if (code >= 0 && code < 0x80) {
        const breaks = code === lineBreakCode && text[at + letter.length] === '\n';
        letters.push({ at, units: letter.length + (breaks ? 1 : 0) });
      }
      at += letter.length;
    }
    return letters;
  }

  /** Removes own letters that stand side by side; returns how many of `count` these were. */
  private async remove(position: number, count: number): Promise<number> {
    const letters = this.own().slice(position, position + count);
    const [first] = letters;
    if (first === undefined) throw new Error(`no letter ${position} to remove`);
    let end = first.at + first.units;
    let removed = 1;
    for (const { at, units } of letters.slice(1)) {
      if (at !== end) break;
      end += units;
      removed++;
    }
    this.editor.select(first.at, end);
    document.execCommand('delete');
    await turn();
    return removed;
  }

  private async insert(position: number, piece: string): Promise<void> {
    const letters = this.own();
    const before = letters[position - 1];
    const at = before !== undefined ? before.at + before.units : (letters[0]?.at ?? this.editor.shown().length);
    this.editor.select(at, at);
    const marked = [...piece].map((letter) => String.fromCodePoint(this.base + Math.min(letter.charCodeAt(0), 0x7f))).join('');
    document.execCommand('insertText', false, marked);
    await turn();
    if (piece !== '\n') return;
    const mark = this.own()[position];
    if (mark === undefined) throw new Error('the letter of a line break is not there');
    this.editor.select(mark.at + marked.length, mark.at + marked.length);
    if (this.editor.scroller() instanceof HTMLTextAreaElement) document.execCommand('insertText', false, '\n');
    else document.execCommand('insertParagraph');
    await turn();
  }
}
