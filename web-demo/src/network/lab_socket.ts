// A worse network than the one there is, for demonstrations: WebSockets that are cut, slow, narrow,
// or swallow everything, as the panel says. Bytes are neither lost nor reordered within a connection,
// because TCP does neither; what a network can do is to end it.
import { Pipe } from './pipe.js';

/** open: bytes flow. cut: connections end and no new one comes up. silent: nothing arrives, nothing ends. */
export type Way = 'open' | 'cut' | 'silent';

export interface Conditions {
  readonly way: Way;
  /** One way. */
  readonly delayMs: number;
  /** Each way; null for as fast as it goes. */
  readonly bytesPerSecond: number | null;
  /** The connection is dropped after a random time, on average this; null for never. */
  readonly dropEveryMs: number | null;
}

export const goodConditions: Conditions = { way: 'open', delayMs: 0, bytesPerSecond: null, dropEveryMs: null };

/** A connection that cannot be made fails after this; at once would look like an error of the page. */
const refusedAfterMs = 60;
const abnormalClosure = 1006;
const closedState = 3;
const connectingState = 0;

type Data = string | ArrayBuffer | Blob;
type Sendable = string | Uint8Array<ArrayBuffer>;

function bytesOf(data: Data | Sendable): number {
  if (typeof data === 'string') return data.length;
  return data instanceof Blob ? data.size : data.byteLength;
}

export class NetworkLab {
  /** For `connect(..., { WebSocket })`. */
  readonly WebSocket: new (url: string, protocols: string[]) => LabSocket;
  sentBytes = 0;
  receivedBytes = 0;
  private current = goodConditions;
  private readonly sockets = new Set<LabSocket>();
  private dropTimer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const lab = this;
    this.WebSocket = class extends LabSocket {
      constructor(url: string, protocols: string[]) {
        super(lab, url, protocols);
      }
    };
  }

  get conditions(): Conditions {
    return this.current;
  }

  set(change: Partial<Conditions>): void {
    const before = this.current;
    this.current = { ...before, ...change };
    if (this.current.way === 'cut') for (const socket of [...this.sockets]) socket.breakOff();
    else for (const socket of this.sockets) socket.conditionsChanged();
    if (before.dropEveryMs !== this.current.dropEveryMs) this.planDrop();
  }

  /** @internal */
  entered(socket: LabSocket): void {
    this.sockets.add(socket);
  }

  /** @internal */
  left(socket: LabSocket): void {
    this.sockets.delete(socket);
  }

  private planDrop(): void {
    clearTimeout(this.dropTimer);
    const { dropEveryMs } = this.current;
    if (dropEveryMs === null) return;
    this.dropTimer = setTimeout(
      () => {
        for (const socket of [...this.sockets]) socket.breakOff();
        this.planDrop();
      },
      dropEveryMs * (0.5 + Math.random()),
    );
  }
}

/** The part of a WebSocket that the SDK uses, under the conditions of a lab. */
export class LabSocket {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  private readonly inner: WebSocket | null;
  private readonly up: Pipe<Sendable>;
  private readonly down: Pipe<() => void>;
  private broken = false;

  constructor(
    private readonly lab: NetworkLab,
    url: string,
    protocols: string[],
  ) {
    const conditions = (): { delayMs: number; bytesPerSecond: number | null; held: boolean } => {
      const { delayMs, bytesPerSecond, way } = lab.conditions;
      return { delayMs, bytesPerSecond, held: way === 'silent' };
    };
    const overflow = (): void => this.breakOff();
    this.up = new Pipe(conditions, (data) => {
      if (this.inner?.readyState === WebSocket.OPEN) this.inner.send(data);
    }, overflow);
    this.down = new Pipe(conditions, (event) => event(), overflow);
    if (lab.conditions.way === 'cut') {
      this.inner = null;
      setTimeout(() => this.breakOff(), refusedAfterMs);
      return;
    }
    lab.entered(this);
    const inner = new WebSocket(url, protocols);
    inner.binaryType = 'arraybuffer';
    this.inner = inner;
    const later = (event: () => void, bytes: number): void => {
      if (!this.broken) this.down.push(event, bytes);
    };
    inner.onopen = (event) => later(() => this.onopen?.(event as never), 0);
    inner.onmessage = (event: MessageEvent<Data>) => {
      const bytes = bytesOf(event.data);
      lab.receivedBytes += bytes;
      later(() => this.onmessage?.(event as never), bytes);
    };
    inner.onerror = (event) => later(() => this.onerror?.(event as never), 0);
    inner.onclose = (event) =>
      later(() => {
        lab.left(this);
        this.broken = true;
        this.onclose?.(event as never);
      }, 0);
  }

  /** The SDK asks for buffers, and gets them. */
  set binaryType(_type: string) {}
  get binaryType(): string {
    return 'arraybuffer';
  }

  get readyState(): number {
    if (this.broken) return closedState;
    return this.inner?.readyState ?? connectingState;
  }

  send(data: Sendable): void {
    if (this.broken) return;
    const bytes = bytesOf(data);
    this.lab.sentBytes += bytes;
    this.up.push(data, bytes);
  }

  close(code?: number, reason?: string): void {
    this.inner?.close(code, reason);
  }

  /** @internal */
  conditionsChanged(): void {
    this.up.changed();
    this.down.changed();
  }

  /** @internal The connection ends without a word. */
  breakOff(): void {
    if (this.broken) return;
    this.broken = true;
    this.up.clear();
    this.down.clear();
    this.lab.left(this);
    this.inner?.close();
    this.onclose?.({ code: abnormalClosure, reason: '' } as never);
  }
}
