// One direction of a connection under conditions: what goes in comes out in order, later, no faster
// than so many bytes a second, or not before it is let go.

export interface PipeConditions {
  readonly delayMs: number;
  /** Null for as fast as it goes. */
  readonly bytesPerSecond: number | null;
  /** Nothing comes out; it waits. */
  readonly held: boolean;
}

/** As a network would, it loses the connection rather than to keep more than this. */
export const waitingBytesMax = 16 * 1024 * 1024;

interface Item<T> {
  readonly item: T;
  readonly bytes: number;
  readonly due: number;
}

export class Pipe<T> {
  private readonly waiting: Item<T>[] = [];
  private waitingBytes = 0;
  private freeAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `overflow` is called when more waits than a pipe may hold. */
  constructor(
    private readonly conditions: () => PipeConditions,
    private readonly deliver: (item: T) => void,
    private readonly overflow: () => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  push(item: T, bytes: number): void {
    const { delayMs, bytesPerSecond, held } = this.conditions();
    if (this.waiting.length === 0 && delayMs === 0 && bytesPerSecond === null && !held) {
      this.deliver(item);
      return;
    }
    const now = this.now();
    this.freeAt = Math.max(this.freeAt, now) + (bytesPerSecond === null ? 0 : (bytes / bytesPerSecond) * 1_000);
    this.waiting.push({ item, bytes, due: this.freeAt + delayMs });
    this.waitingBytes += bytes;
    if (this.waitingBytes > waitingBytesMax) this.overflow();
    else this.plan();
  }

  /** The conditions are others: what waits may go. */
  changed(): void {
    const { bytesPerSecond } = this.conditions();
    if (bytesPerSecond === null) this.freeAt = 0;
    this.plan();
  }

  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting.length = 0;
    this.waitingBytes = 0;
    this.freeAt = 0;
  }

  private plan(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const [first] = this.waiting;
    const { held, bytesPerSecond, delayMs } = this.conditions();
    if (first === undefined || held) return;
    // What was pushed under worse conditions does not wait for them to be over.
    const latest = bytesPerSecond === null ? this.now() + delayMs : first.due;
    const waitMs = Math.min(first.due, latest) - this.now();
    this.timer = setTimeout(() => this.release(), Math.max(0, waitMs));
  }

  private release(): void {
    this.timer = undefined;
    const { bytesPerSecond, delayMs } = this.conditions();
    const now = this.now();
    for (;;) {
      const [first] = this.waiting;
      if (first === undefined || this.conditions().held) return;
      const due = bytesPerSecond === null ? Math.min(first.due, now + delayMs) : first.due;
      if (due > now + 1) break;
      this.waiting.shift();
      this.waitingBytes -= first.bytes;
      this.deliver(first.item);
    }
    this.plan();
  }
}
