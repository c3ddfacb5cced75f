// When to try again: full jitter over a doubling ceiling, so that many clients do not come back as
// one herd; and a circuit breaker, so that a server that is gone for long is left in peace.

const firstCeilingMs = 500;
const ceilingMaxMs = 30_000;
const stableMs = 60_000;
/** After a planned restart every client of the server is thrown out at once: spread them wider. */
const restartSpreadMs = 2_000;
/** After so many failures in a row the circuit is open: no try comes sooner than the pause. */
const failuresMax = 10;
const openPauseMs = 30_000;
/** A server may ask for a pause; an absurd one is cut to this. */
const askedMaxMs = 600_000;

export class Backoff {
  private failures = 0;
  private upSince: number | null = null;

  constructor(
    private readonly random: () => number = Math.random,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** It works now; after a minute of that the pauses start small again. */
  succeeded(): void {
    this.upSince ??= this.now();
  }

  /** Start small again, because the user or the network asked for it. */
  reset(): void {
    this.failures = 0;
  }

  /** Milliseconds to wait before the next try; never less than `afterMs`, which the server asked for. */
  nextMs({ planned = false, afterMs = 0 }: { planned?: boolean; afterMs?: number } = {}): number {
    if (this.upSince !== null && this.now() - this.upSince >= stableMs) this.failures = 0;
    this.upSince = null;
    const ceiling =
      planned && this.failures === 0
        ? restartSpreadMs
        : Math.min(ceilingMaxMs, firstCeilingMs * 2 ** Math.min(this.failures, 16));
    const pauseMs = this.failures >= failuresMax ? openPauseMs : 0;
    this.failures++;
    return Math.max(pauseMs, Math.min(afterMs, askedMaxMs)) + Math.floor(this.random() * ceiling);
  }
}
