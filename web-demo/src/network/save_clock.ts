// How long an edit takes from the key to the server's disk and back: measured on edits that are sent
// at once, because what waits for an earlier one measures that, too.
import type { SharedDocument } from 'coedit';

const samplesMax = 40;

export class SaveClock {
  /** Milliseconds; null before the first. */
  last: number | null = null;
  private readonly samples: number[] = [];
  private running = false;

  constructor(shared: SharedDocument) {
    shared.on('change', ({ source }) => {
      if (this.running || (source !== 'local' && source !== 'undo' && source !== 'redo') || shared.status !== 'saving') return;
      const { inFlight, buffer } = shared.pending;
      if (inFlight === null || buffer.ops.length > 0) return;
      this.running = true;
      const begun = performance.now();
      // Settles with this edit alone: what is made later is another's.
      shared.flush().then(
        () => this.take(performance.now() - begun),
        () => {
          this.running = false;
        },
      );
    });
  }

  /** Of the last forty; null before the first. */
  get median(): number | null {
    const sorted = [...this.samples].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? null;
  }

  private take(ms: number): void {
    this.running = false;
    this.last = ms;
    this.samples.push(ms);
    if (this.samples.length > samplesMax) this.samples.shift();
  }
}
