// One bot: a client of its own that types a recorded stretch into the document, with a name, a colour
// and a cursor as anyone has.
import { type Client, Delta, type SharedDocument, connect } from 'coedit';
import { OwnLetters } from './own_letters.js';

export type Patch = readonly [index: number, removed: number, inserted: string, pauseMs: number];

export interface BotOptions {
  readonly url: string;
  readonly documentId: string;
  readonly name: string;
  readonly color: string;
  readonly patches: readonly Patch[];
  /** Where in the document it begins, as a share of its length. */
  readonly share: number;
  /** How much faster than recorded. */
  readonly speed: number;
}

const pauseMinMs = 15;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export class Bot {
  private readonly client: Client;
  private readonly shared: SharedDocument;
  private letters: OwnLetters | null = null;
  private stopped = false;
  private applying = false;

  constructor(private readonly options: BotOptions) {
    const { url, name, color, documentId } = options;
    this.client = connect(url, { name, color, guardUnload: false });
    this.shared = this.client.open(documentId);
    this.shared.on('change', ({ delta }) => {
      if (!this.applying) this.letters?.changed(delta);
    });
  }

  /** Types until the recording is over, `stop`, or the document's end; rejects when it cannot be opened. */
  async type(): Promise<void> {
    const { patches, speed } = this.options;
    const { shared } = this;
    await shared.ready;
    const letters = this.begin();
    let typing = 0;
    for (const [index, removed, inserted, pauseMs] of patches) {
      await pause(Math.max(pauseMinMs, pauseMs / speed));
      if (this.stopped || shared.status === 'closed') return;
      const delta = letters.patch(index, removed, inserted);
      this.apply(delta);
      letters.patched(index, removed, inserted, delta);
      const caret = letters.positionOf(index + inserted.length);
      shared.presence.set({ ranges: [{ anchor: caret, head: caret }], state: { typing: 1 + (typing++ >> 5) } });
    }
    shared.presence.set({ state: { typing: 0 } });
  }

  stop(): void {
    this.stopped = true;
    this.client.close();
  }

  /** A line of its own behind some paragraph, which keeps its formats. */
  private begin(): OwnLetters {
    const { shared, options } = this;
    const { text } = shared;
    // A rich text ends with a line break that stays the last.
    const last = shared.type === 'rich-text' ? text.length - 1 : text.length;
    const next = text.indexOf('\n', Math.floor(last * options.share));
    const found = next >= 0 && next < last ? next : text.slice(0, last).lastIndexOf('\n');
    const behind = found >= 0;
    const place = behind ? found + 1 : last;
    this.apply(new Delta().retain(place).insert('\n'));
    const letters = new OwnLetters(behind ? place : place + 1);
    this.letters = letters;
    return letters;
  }

  private apply(delta: Delta): void {
    this.applying = true;
    try {
      this.shared.apply(delta);
    } finally {
      this.applying = false;
    }
  }
}
