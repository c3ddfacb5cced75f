// WebSockets that end in a MemoryServer, through the real codecs. A message takes some milliseconds of
// whatever clock setTimeout follows; the network can be cut, silently or not.
import { jsonServerCodec } from './codec_json.js';
import { protobufServerCodec } from './codec_protobuf.js';
import { ProtocolError } from './errors.js';
import type { ClientMessage, ServerMessage } from './messages.js';
import type { MemoryServer } from './testing_server.js';
import type { MemorySession } from './testing_session.js';

const connectingState = 0;
const openState = 1;
const closedState = 3;

/** A WebSocket whose other side is in the same process: `open`, `message` and `end` are that side. */
export class MemorySocket {
  /** Of the platform's WebSocket; what arrives is always an ArrayBuffer or a string. */
  binaryType = 'blob';
  /** Of the platform's WebSocket: 0 connecting, 1 open, 3 closed. */
  readyState = connectingState;
  /** As the platform's WebSocket. */
  onopen: ((event: never) => void) | null = null;
  /** As the platform's WebSocket. */
  onmessage: ((event: never) => void) | null = null;
  /** As the platform's WebSocket. */
  onclose: ((event: never) => void) | null = null;
  /** As the platform's WebSocket; never called. */
  onerror: ((event: never) => void) | null = null;
  /** Every frame the client has sent. */
  readonly sent: (Uint8Array | string)[] = [];
  /** The code the client closed with; 1005 for none, undefined while it has not. */
  closedWith: number | undefined;
  /** @internal */
  onSend: (data: Uint8Array | string) => void = () => undefined;
  /** @internal */
  onClosed: () => void = () => undefined;

  /** As the platform's WebSocket. */
  constructor(
    readonly url: string,
    readonly protocols: readonly string[],
  ) {}

  /** The server has accepted. */
  open(): void {
    this.readyState = openState;
    this.onopen?.({} as never);
  }
  /** A frame from the server. */
  message(data: unknown): void {
    if (this.readyState === openState) this.onmessage?.({ data } as never);
  }
  /** The connection ends from the other side. */
  end(code = 1006, reason = ''): void {
    if (this.readyState === closedState) return;
    this.readyState = closedState;
    this.onClosed();
    this.onclose?.({ code, reason } as never);
  }

  /** As the platform's WebSocket. */
  send(data: Uint8Array | string): void {
    if (this.readyState !== openState) throw new Error('the socket is not open');
    this.sent.push(data);
    this.onSend(data);
  }
  /** As the platform's WebSocket. */
  close(code?: number): void {
    if (this.readyState === closedState) return;
    this.closedWith = code ?? 1005;
    this.readyState = closedState;
    this.onClosed();
  }
}

/** A message a client sent, as the server took it. */
export interface SeenMessage {
  /** Of the client that sent it. */
  readonly clientId: string;
  /** `hello`, `open`, `submit`, `presence`, `signal`, `leave`, `ping` ... */
  readonly kind: string;
  /** Its fields; docs/protocol.md has them. */
  readonly value: unknown;
}

/** What lies between the clients and a `MemoryServer`. */
export class MemoryNetwork {
  /** `false`: connections are refused until it is `true` again. Those there are stay: see `cut`. */
  up = true;
  /** Sockets stay open but nothing passes, as when a cable is pulled. */
  silent = false;
  /** Every socket there ever was. */
  readonly sockets: MemorySocket[] = [];
  /** Every message that reached the server. */
  readonly messagesSeen: SeenMessage[] = [];
  /** The constructor to give to `connect`. */
  readonly WebSocket: new (url: string, protocols: string[]) => MemorySocket;

  /** @internal */
  constructor(
    private readonly server: MemoryServer,
    /** Milliseconds a message takes, each way. */
    public latencyMs = 1,
  ) {
    const begin = (socket: MemorySocket): void => {
      this.sockets.push(socket);
      setTimeout(() => this.accept(socket), this.latencyMs);
    };
    this.WebSocket = class extends MemorySocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        begin(this);
      }
    };
  }

  /** Every connection breaks, with this close code; clients come back by themselves while it is `up`. */
  cut(code = 1006): void {
    for (const socket of this.sockets) {
      if (socket.readyState !== openState) continue;
      socket.onClosed();
      socket.onClosed = () => undefined;
      socket.end(code);
    }
  }

  private accept(socket: MemorySocket): void {
    if (socket.readyState !== connectingState) return;
    if (!this.up) return socket.end(1006);
    if (this.silent) return;
    const binary = socket.protocols[0] === 'coedit.v1.protobuf';
    const later = (work: () => void): void => void setTimeout(work, this.latencyMs);
    const deliver = (message: ServerMessage): void => {
      const data = binary ? new Uint8Array(protobufServerCodec.encode([message])).buffer : jsonServerCodec.encode([message]);
      later(() => {
        if (!this.silent) socket.message(data);
      });
    };
    const session = this.server.connect(deliver, (code) => later(() => socket.end(code)));
    socket.onSend = (data) => later(() => this.arrive(data, session));
    // What was sent before the end still arrives.
    socket.onClosed = () => later(() => session.drop());
    socket.open();
  }

  private arrive(data: Uint8Array | string, session: MemorySession): void {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data).length : data.length;
    if (bytes > this.server.limits.messageBytes) return session.fail('bad_message', `a frame of ${bytes} bytes`, 1009);
    let messages: ClientMessage[];
    try {
      messages = typeof data === 'string' ? jsonServerCodec.decode(data) : protobufServerCodec.decode(data);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return session.fail(error.code, error.message, 4400);
    }
    for (const message of messages) {
      if (this.silent || session.closed) return;
      const clientId = message.kind === 'hello' ? message.value.clientId : session.clientId;
      this.messagesSeen.push({ clientId, ...message });
      session.receive(message);
    }
  }
}
