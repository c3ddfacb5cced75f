// One WebSocket to the server, kept up: hello and welcome, liveness, reconnecting. The only file
// that touches WebSocket. It carries messages and knows nothing of documents.
import { Backoff } from './backoff.js';
import { CoeditError, ConnectionError, ProtocolError, codes, isCode, retriesAfterClose } from './errors.js';
import {
  type ClientMessage,
  type ClientValue,
  type Codec,
  type Limits,
  type Piece,
  type ServerMessage,
  type Welcome,
  limitOf,
} from './messages.js';

/** The part of the platform's WebSocket that is used; `ws` for Node has the same. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: Uint8Array<ArrayBuffer> | string): void;
  close(code?: number, reason?: string): void;
}
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/**
 * connecting: not up yet, tried until it is. connected: messages flow. reconnecting: it was lost and
 * is tried again. offline: not up, and the device says it has no network. closed: nothing is tried
 * any more.
 */
export type ConnectionStatus = 'connecting' | 'connected' | 'reconnecting' | 'offline' | 'closed';

export interface ConnectionHandlers {
  /** What to say first; called for each attempt, so that a token can be fresh. */
  hello(attempt: number): Promise<ClientValue<'hello'>> | ClientValue<'hello'>;
  /** Whether the next `hello` may carry another token, so that `unauthenticated` is not the end. */
  renewable?(): boolean;
  /** Messages flow from here to the next `down`. */
  up(welcome: Welcome): void;
  message(message: ServerMessage): void;
  /** `calm`: by our own wish, and expected back at once. */
  down(calm: boolean): void;
  status(status: ConnectionStatus): void;
  /** Worth telling the application; `closed` follows when it was final. */
  error(error: CoeditError): void;
}

const connectTimeoutMs = 10_000;
/** For what `hello` has to ask of others, such as a token. */
const helloTimeoutMs = 30_000;
/** A reconnect by our own wish does not show, unless it takes longer than this. */
export const calmMaxMs = 2_000;
/** So often in a row a new token is asked for before `unauthenticated` is believed. */
const tokensMax = 3;
const pingAfterMs = 20_000;
/** After a ping unanswered for so long (30 s of silence in all) the socket is taken for dead. */
const pongWithinMs = 10_000;
/** The answer to a probe, sent when something suggests that the network changed. */
const probeWithinMs = 2_500;
const protocolErrorsMax = 3;
/** Servers refuse frames of very many messages; this is far below. */
const messagesPerFrameMax = 64;
const openState = 1;

type Timer = ReturnType<typeof setTimeout>;

export class Connection {
  private socket: WebSocketLike | null = null;
  private welcomed: Welcome | null = null;
  private attempt = 0;
  private everUp = false;
  private stopped = false;
  private current: ConnectionStatus = 'connecting';
  private readonly backoff = new Backoff();
  private retryTimer: Timer | undefined;
  private lifeTimer: Timer | undefined;
  private leaveTimer: Timer | undefined;
  private goAwayMs: number | null = null;
  private lastByteAt = 0;
  private framesHeard = 0;
  private nonce = 0;
  private outbox: Piece[] = [];
  private flushing = false;
  private protocolErrors = 0;
  private tokensRefused = 0;
  /** Between the beginning of an attempt and its end, or that of the connection it made. */
  private attempting = false;
  private calm = false;
  private calmTimer: Timer | undefined;
  private lastError: CoeditError | null = null;
  private readonly unlisten: () => void;

  constructor(
    private readonly url: string,
    private readonly codec: Codec,
    private readonly WebSocket: WebSocketConstructor,
    private readonly handlers: ConnectionHandlers,
  ) {
    this.unlisten = this.listenToPlatform();
  }

  get status(): ConnectionStatus {
    return this.current;
  }

  /** Of the connection at hand; null while there is none. */
  get limits(): Limits | null {
    return this.welcomed?.limits ?? null;
  }

  /** Features the server announced. */
  get capabilities(): readonly string[] {
    return this.welcomed?.capabilities ?? [];
  }

  /** Starts, or starts anew at once: after `stop`, or to say another hello. */
  start(): void {
    this.stopped = false;
    this.backoff.reset();
    this.protocolErrors = this.tokensRefused = 0;
    if (this.welcomed !== null) {
      this.calm = true;
      clearTimeout(this.calmTimer);
      this.calmTimer = setTimeout(() => this.endCalm(), calmMaxMs);
    }
    this.drop(1000);
    void this.connect();
  }

  /** Ends for good; `start` takes it up again. */
  stop(): void {
    this.stopped = true;
    this.endCalm();
    this.flush();
    this.drop(1000);
    this.setStatus('closed');
  }

  /** As `stop`, and lets go of the platform's events. */
  dispose(): void {
    this.stop();
    this.unlisten();
  }

  /** Queues a message; those of one turn leave as one frame. False while not connected: it is dropped. */
  send(message: ClientMessage): boolean {
    if (this.welcomed === null) return false;
    this.outbox.push(this.codec.encode(message));
    if (!this.flushing) {
      this.flushing = true;
      queueMicrotask(() => this.flush());
    }
    return true;
  }

  private endCalm(): void {
    clearTimeout(this.calmTimer);
    if (!this.calm) return;
    this.calm = false;
    if (!this.stopped && this.welcomed === null) this.setStatus(this.downStatus());
  }

  private setStatus(status: ConnectionStatus): void {
    if (status === this.current || (this.calm && status === 'reconnecting')) return;
    this.current = status;
    this.handlers.status(status);
  }

  private async connect(): Promise<void> {
    clearTimeout(this.retryTimer);
    const attempt = ++this.attempt;
    this.attempting = true;
    const isCurrent = (): boolean => attempt === this.attempt && !this.stopped;
    this.setStatus(this.downStatus());
    let hello: ClientValue<'hello'>;
    let socket: WebSocketLike;
    clearTimeout(this.lifeTimer);
    this.lifeTimer = setTimeout(() => {
      this.handlers.error(new ConnectionError('unauthenticated', `no attempt could be made within ${helloTimeoutMs / 1_000} s`));
      this.lost();
    }, helloTimeoutMs);
    try {
      hello = await this.handlers.hello(attempt);
      if (!isCurrent()) return;
      socket = new this.WebSocket(this.url, [this.codec.subprotocol]);
    } catch (error) {
      if (!isCurrent()) return;
      clearTimeout(this.lifeTimer);
      if (error instanceof SyntaxError || (error as { name?: unknown } | null)?.name === 'SyntaxError') {
        this.fail(new ConnectionError('bad_url', `${this.url} is no WebSocket address`));
        return;
      }
      const reason = error instanceof Error ? error.message : String(error);
      this.handlers.error(new ConnectionError('unauthenticated', `no attempt could be made: ${reason}`));
      this.retry();
      return;
    }
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    this.lastByteAt = performance.now();
    clearTimeout(this.lifeTimer);
    this.lifeTimer = setTimeout(() => this.lost(), connectTimeoutMs);
    socket.onopen = () => {
      socket.send(this.codec.frame([this.codec.encode({ kind: 'hello', value: hello })]));
    };
    socket.onmessage = (event: { readonly data: unknown }) => this.receive(socket, event.data);
    socket.onclose = (event: { readonly code: number; readonly reason: string }) => {
      if (this.socket === socket) this.lost(event.code, event.reason);
    };
    socket.onerror = () => undefined; // `close` follows and says all there is to say.
  }

  private receive(socket: WebSocketLike, data: unknown): void {
    if (this.socket !== socket) return;
    this.lastByteAt = performance.now();
    this.framesHeard++;
    let messages: ServerMessage[];
    try {
      messages = this.codec.decode(data as ArrayBuffer | string);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.protocolErrors++;
      this.handlers.error(error);
      socket.close(codes.bad_message.close, 'bad_message');
      if (this.protocolErrors >= protocolErrorsMax) this.fail(error);
      else this.lost();
      return;
    }
    for (const message of messages) {
      // A handler may have ended this connection.
      if (this.socket !== socket) return;
      this.dispatch(message);
    }
  }

  private dispatch(message: ServerMessage): void {
    switch (message.kind) {
      case 'welcome':
        this.onWelcome(message.value);
        return;
      case 'pong':
        return;
      case 'goAway':
        this.onGoAway(message.value.afterMs);
        return;
      case 'error':
        this.lastError = new ConnectionError(message.value.code, message.value.text);
        return;
      default:
        if (this.welcomed !== null) this.handlers.message(message);
    }
  }

  private onWelcome(welcome: Welcome): void {
    clearTimeout(this.lifeTimer);
    this.welcomed = welcome;
    this.everUp = true;
    this.lastError = null;
    this.tokensRefused = 0;
    this.endCalm();
    this.backoff.succeeded();
    this.watch();
    this.setStatus('connected');
    this.handlers.up(welcome);
  }

  /** The server is about to end: leave by ourselves within a moment, unless it is quicker. */
  private onGoAway(afterMs: number): void {
    this.goAwayMs = afterMs;
    clearTimeout(this.leaveTimer);
    this.leaveTimer = setTimeout(() => this.lost(), this.backoff.nextMs({ planned: true }));
    this.backoff.reset();
  }

  /** Waits for silence: a ping after 20 s of it, the end 10 s later. */
  private watch(): void {
    clearTimeout(this.lifeTimer);
    const idleMs = performance.now() - this.lastByteAt;
    this.lifeTimer = setTimeout(
      () => {
        if (performance.now() - this.lastByteAt < pingAfterMs) this.watch();
        else this.ping(pongWithinMs);
      },
      Math.max(0, Math.ceil(pingAfterMs - idleMs)),
    );
  }

  private ping(withinMs: number): void {
    clearTimeout(this.lifeTimer);
    const { framesHeard } = this;
    this.send({ kind: 'ping', value: { nonce: ++this.nonce } });
    this.lifeTimer = setTimeout(() => {
      if (this.framesHeard > framesHeard) this.watch();
      else this.lost();
    }, withinMs);
  }

  /**
   * Finds out soon whether the socket still lives, or tries again at once where there is none. One
   * that was still connecting while the network came is stuck on the old one.
   */
  private probe(networkCame = false): void {
    if (this.stopped) return;
    if (this.welcomed !== null) {
      this.ping(probeWithinMs);
    } else if (this.isOnline() && (!this.attempting || networkCame)) {
      this.backoff.reset();
      this.drop();
      void this.connect();
    } else {
      this.setStatus(this.downStatus());
    }
  }

  private lost(closeCode?: number, reason = ''): void {
    const error = this.lastError;
    const planned = this.goAwayMs !== null || closeCode === 1012;
    const afterMs = this.goAwayMs ?? 0;
    this.drop();
    if (this.stopped) return;
    if ((error?.code ?? codeOfClose(closeCode)) === 'unauthenticated' && this.handlers.renewable?.() === true) {
      if (++this.tokensRefused < tokensMax) return this.retry();
    }
    const final = error !== null && isCode(error.code) ? codes[error.code].action === 'stop' : closeCode !== undefined && !retriesAfterClose(closeCode);
    if (final) {
      this.fail(error ?? new ConnectionError(codeOfClose(closeCode), reason || `the server closed with ${closeCode}`));
      return;
    }
    if (error !== null) this.handlers.error(error);
    this.retry(planned, afterMs);
  }

  private retry(planned = false, afterMs = 0): void {
    this.attempting = false;
    this.endCalm();
    this.setStatus(this.downStatus());
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => void this.connect(), this.backoff.nextMs({ planned, afterMs }));
  }

  private fail(error: CoeditError): void {
    this.stopped = true;
    this.endCalm();
    this.drop();
    this.handlers.error(error);
    this.setStatus('closed');
  }

  /** Lets go of the socket at once; its own closing may take as long as the network likes. */
  private drop(closeCode?: number): void {
    clearTimeout(this.lifeTimer);
    clearTimeout(this.leaveTimer);
    clearTimeout(this.retryTimer);
    const { socket, welcomed } = this;
    this.socket = null;
    this.welcomed = null;
    this.outbox = [];
    this.goAwayMs = null;
    this.lastError = null;
    this.attempting = false;
    if (socket !== null) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      // `ws` reports the end of a socket that never opened as an error; nobody waits for it here.
      socket.onerror = () => undefined;
      socket.close(closeCode);
    }
    if (welcomed !== null) this.handlers.down(this.calm);
  }

  private flush(): void {
    this.flushing = false;
    const { socket, welcomed } = this;
    if (socket === null || welcomed === null || socket.readyState !== openState) return;
    const bytesMax = limitOf(welcomed.limits, 'messageBytes');
    let pieces: Piece[] = [];
    let bytes = 0;
    for (const piece of this.outbox) {
      // One more byte for the comma of JSON.
      if (pieces.length > 0 && (bytes + piece.bytes + 1 > bytesMax || pieces.length === messagesPerFrameMax)) {
        socket.send(this.codec.frame(pieces));
        pieces = [];
        bytes = 0;
      }
      pieces.push(piece);
      bytes += piece.bytes + 1;
    }
    this.outbox = [];
    if (pieces.length > 0) socket.send(this.codec.frame(pieces));
  }

  private isOnline(): boolean {
    // Only `false` means something: elsewhere than in browsers nobody says.
    return (globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine !== false;
  }

  private downStatus(): ConnectionStatus {
    if (!this.isOnline()) return 'offline';
    return this.everUp ? 'reconnecting' : 'connecting';
  }

  private listenToPlatform(): () => void {
    const target = globalThis as Partial<Pick<Window, 'addEventListener' | 'removeEventListener' | 'document'>>;
    if (target.addEventListener === undefined || target.document === undefined) return () => undefined;
    const probe = (): void => this.probe();
    const online = (): void => this.probe(true);
    const visible = (): void => {
      if (target.document?.visibilityState === 'visible') this.probe();
    };
    target.addEventListener('online', online);
    target.addEventListener('offline', probe);
    // Back from the cache of pages: its sockets were closed behind our back.
    target.addEventListener('pageshow', probe);
    target.document.addEventListener('visibilitychange', visible);
    return () => {
      target.removeEventListener?.('online', online);
      target.removeEventListener?.('offline', probe);
      target.removeEventListener?.('pageshow', probe);
      target.document?.removeEventListener('visibilitychange', visible);
    };
  }
}

/** The code behind a close code, for an end without an `error` message before it. */
function codeOfClose(closeCode: number | undefined): string {
  for (const [code, row] of Object.entries(codes) as [string, { readonly close?: number }][]) {
    if (row.close === closeCode) return code;
  }
  return `close_${closeCode}`;
}
