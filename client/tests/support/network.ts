// WebSockets that end in a ModelServer, through the real codecs, under fake timers. A message takes
// `latencyMs`; the network can be cut, silently or not.
import { jsonServerCodec } from '../../src/codec_json.js';
import { protobufServerCodec } from '../../src/codec_protobuf.js';
import type { WebSocketLike } from '../../src/connection.js';
import type { ServerMessage } from '../../src/messages.js';
import type { ModelServer, Peer } from './model_server.js';

type CloseEvent = { readonly code: number; readonly reason: string };

export class FakeSocket implements WebSocketLike {
  binaryType = 'blob';
  readyState = 0;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly sent: (Uint8Array | string)[] = [];
  closedWith: number | undefined;
  onSend: (data: Uint8Array | string) => void = () => undefined;
  onClosed: () => void = () => undefined;

  constructor(
    readonly url: string,
    readonly protocols: readonly string[],
  ) {}

  /** From the other side. */
  open(): void {
    this.readyState = 1;
    this.onopen?.({} as never);
  }
  message(data: unknown): void {
    if (this.readyState === 1) this.onmessage?.({ data } as never);
  }
  end(code = 1006, reason = ''): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onClosed();
    const event: CloseEvent = { code, reason };
    this.onclose?.(event as never);
  }

  send(data: Uint8Array | string): void {
    if (this.readyState !== 1) throw new Error('not open');
    this.sent.push(data);
    this.onSend(data);
  }
  close(code?: number): void {
    if (this.readyState === 3) return;
    this.closedWith = code ?? 1005;
    this.readyState = 3;
    this.onClosed();
  }
}

export class FakeNetwork {
  up = true;
  /** Sockets stay open but nothing passes. */
  silent = false;
  latencyMs = 1;
  readonly sockets: FakeSocket[] = [];
  readonly messagesSeen: { readonly clientId: string; readonly kind: string; readonly value: unknown }[] = [];

  constructor(readonly server: ModelServer) {}

  /** The constructor to give to `connect`. */
  readonly WebSocket = this.constructorFor();

  private constructorFor(): new (url: string, protocols: string[]) => WebSocketLike {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const network = this;
    return class extends FakeSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        network.sockets.push(this);
        setTimeout(() => network.accept(this), network.latencyMs);
      }
    };
  }

  private accept(socket: FakeSocket): void {
    if (socket.readyState !== 0) return;
    if (!this.up) return socket.end(1006);
    if (this.silent) return;
    const binary = socket.protocols[0] === 'coedit.v1.protobuf';
    const peer: Peer = this.server.connect((message: ServerMessage) => {
      const data = binary ? new Uint8Array(protobufServerCodec.encode([message])).buffer : jsonServerCodec.encode([message]);
      setTimeout(() => {
        if (!this.silent && !peer.closed) socket.message(data);
      }, this.latencyMs);
    });
    socket.onSend = (data) => {
      const messages = typeof data === 'string' ? jsonServerCodec.decode(data) : protobufServerCodec.decode(data);
      setTimeout(() => {
        for (const message of messages) {
          if (this.silent || peer.closed) return;
          if (message.kind === 'hello') peer.clientId = message.value.clientId;
          this.messagesSeen.push({ clientId: peer.clientId, ...message });
          peer.receive(message);
        }
      }, this.latencyMs);
    };
    // What was sent before the end still arrives.
    socket.onClosed = () => void setTimeout(() => peer.drop(), this.latencyMs);
    socket.open();
  }

  /** Every connection breaks, with this code. */
  cut(code = 1006): void {
    for (const socket of this.sockets) {
      if (socket.readyState === 1) {
        socket.onClosed();
        socket.onClosed = () => undefined;
        socket.end(code);
      }
    }
  }
}
