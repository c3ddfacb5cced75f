// Where the letters of one bot stand in a document that others edit, too: its recording counts
// positions among its own letters. Others may write between them and remove them.
//
// Law: applied to the document, the deltas this makes change the bot's own letters alone, as the
// recording says; and if nobody removes any of them, they read as recorded.
import { Delta, type Op } from 'coedit';

interface Letter {
  /** Position in the document; for one that is gone, where it would stand. */
  at: number;
  gone: boolean;
}

export class OwnLetters {
  private readonly letters: Letter[] = [];

  /** `place`: where the first one goes. */
  constructor(private place: number) {}

  /** Where the bot's caret is before the letter `index`. */
  positionOf(index: number): number {
    const before = this.letters[Math.min(index, this.letters.length) - 1];
    if (before !== undefined) return before.at + (before.gone ? 0 : 1);
    return this.letters[0]?.at ?? this.place;
  }

  /** Removes own letters and inserts others in their place; not applied to the document yet. */
  patch(index: number, removed: number, inserted: string): Delta {
    const delta = new Delta();
    let at = 0;
    const position = this.positionOf(index);
    const retainTo = (to: number): void => {
      delta.retain(to - at);
      at = to;
    };
    retainTo(position);
    delta.insert(inserted);
    for (const letter of this.letters.slice(index, index + removed)) {
      if (letter.gone) continue;
      retainTo(letter.at);
      delta.delete(1);
      at++;
    }
    return delta.chop();
  }

  /** The patch was applied to the document. */
  patched(index: number, removed: number, inserted: string, delta: Delta): void {
    const position = this.positionOf(index);
    this.letters.splice(index, removed);
    const start = Math.min(index, this.letters.length);
    this.carry(delta, start);
    const units = inserted.length;
    const typed = Array.from({ length: units }, (_, unit): Letter => ({ at: position + unit, gone: false }));
    this.letters.splice(start, 0, ...typed);
  }

  /** Somebody else changed the document. */
  changed(delta: Delta): void {
    this.carry(delta, null);
  }

  /** `own`: it inserts before the own letter of that index; null for others' changes. */
  private carry(delta: Delta, own: number | null): void {
    let at = 0; // In the text before.
    let shift = 0;
    let next = 0;
    const { letters } = this;
    const passTo = (end: number): void => {
      for (; next < letters.length && (letters[next] as Letter).at < end; next++) (letters[next] as Letter).at += shift;
    };
    let { place } = this;
    for (const op of delta.ops as Op[]) {
      if (op.insert !== undefined) {
        const units = typeof op.insert === 'string' ? op.insert.length : 1;
        // Letters that are gone stand where others do: among them the index tells.
        if (own === null) passTo(at);
        else for (; next < own; next++) (letters[next] as Letter).at += shift;
        shift += units;
        if (at < this.place || (at === this.place && own === null)) place += units;
      } else if (op.delete !== undefined) {
        passTo(at);
        const end = at + op.delete;
        for (; next < letters.length && (letters[next] as Letter).at < end; next++) {
          const letter = letters[next] as Letter;
          letter.gone = true;
          letter.at = at + shift;
        }
        if (at < this.place) place -= Math.min(end, this.place) - at;
        shift -= op.delete;
        at = end;
      } else {
        at += typeof op.retain === 'number' ? op.retain : 0;
        passTo(at);
      }
    }
    passTo(Number.POSITIVE_INFINITY);
    this.place = place;
  }
}
