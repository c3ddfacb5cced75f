// One connection and the documents it carries.
import { jsonCodec } from './codec_json.js';
import { protobufCodec } from './codec_protobuf.js';
import { Connection, type ConnectionStatus, type WebSocketConstructor } from './connection.js';
import type { Delta } from './delta.js';
import { type DocumentHost, DocumentSession } from './document.js';
import { Emitter, type Listener } from './emitter.js';
import { CoeditError, ConnectionError, EditError } from './errors.js';
import type { ClientMessage, ClientValue, Codec, Encoding, Limits, ServerMessage, User, Welcome } from './messages.js';
import { displayName } from './names.js';
import { randomClientId } from './random_id.js';
import type { DocumentType, SharedDocument } from './shared_document.js';

export interface ConnectOptions {
  /** Shown to others, unless a token says who this is. */
  readonly name?: string;
  /** "#rrggbb"; the server chooses one otherwise. */
  readonly color?: string;
  /** Who this is; a function is asked before each attempt. */
  readonly token?: string | (() => string | Promise<string>);
  /** The encoding of the wire: `protobuf` unless told otherwise. */
  readonly encoding?: Encoding;
  /** For platforms without a global WebSocket (Node before 22): the one of the package `ws`. */
  readonly WebSocket?: unknown;
  /** 32 lower-case hex digits, a secret, one per tab or process; random unless given. */
  readonly clientId?: string;
}

export interface ClientEvents {
  status: ConnectionStatus;
  error: CoeditError;
  /** Who the server takes this client for; at each connection. */
  user: User;
}

const sdk = 'coedit-js/0.1.0';
const protocolVersion = 1;
const capabilities = ['parts'];
const clientIdPattern = /^[0-9a-f]{32}$/;
const documentIdPattern = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;

/** The address of the WebSocket: http(s) becomes ws(s), a bare origin gets the path `/v1/ws`. */
export function webSocketUrl(url: string): string {
  const base = (globalThis as { location?: { href: string } }).location?.href;
  let parsed: URL;
  try {
    parsed = new URL(url, base?.startsWith('http') === true ? base : undefined);
  } catch {
    throw new ConnectionError('bad_url', `${url} is no address`);
  }
  parsed.protocol = parsed.protocol.replace(/^http/, 'ws');
  if (parsed.protocol !== 'ws:' && parsed.protocol !== 'wss:') {
    throw new ConnectionError('bad_url', `${url} is no WebSocket address`);
  }
  if (parsed.pathname === '/') parsed.pathname = '/v1/ws';
  parsed.hash = '';
  return parsed.href;
}

/** One connection to a server; see `connect`. */
export interface Client {
  readonly status: ConnectionStatus;
  /** Who the server takes this client for; null until connected. */
  readonly user: User | null;
  /** Returns the function that takes the listener off. */
  on<K extends keyof ClientEvents>(kind: K, listener: Listener<ClientEvents[K]>): () => void;
  /**
   * The document of that id; the same object while it is open. With `create` it comes into being
   * when it does not exist. Throws EditError (`bad_document_id`).
   */
  open(id: string, options?: { readonly create?: DocumentType }): SharedDocument;
  /** Another name or colour; the connection is made anew to say it, and nothing is lost by that. */
  setUser(user: { readonly name?: string; readonly color?: string }): void;
  /** Tries at once, also after a final error. Documents that failed with it come back by `reopen`. */
  reconnect(): void;
  /** Resolves when every edit of every document is durable. */
  flush(): Promise<void>;
  /** Closes all documents (see there) and the connection. */
  close(): void;
}

class ClientSession implements Client, DocumentHost {
  private readonly emitter = new Emitter<ClientEvents>();
  private readonly codec: Codec;
  private readonly connection: Connection;
  private readonly documents = new Map<string, DocumentSession>();
  private readonly channels = new Map<number, DocumentSession>();
  private readonly requests = new Map<number, DocumentSession>();
  private readonly clientId: string | Promise<string>;
  private readonly token: ConnectOptions['token'];
  private name: string | undefined;
  private color: string | undefined;
  private welcome: Welcome | null = null;
  private lastRequest = 0;
  private error: CoeditError | null = null;

  constructor(url: string, options: ConnectOptions) {
    const { WebSocket: given, clientId, encoding = 'protobuf' } = options;
    const constructor = given ?? (globalThis as { WebSocket?: unknown }).WebSocket;
    if (typeof constructor !== 'function') {
      throw new ConnectionError('no_websocket', 'this platform has no WebSocket: pass one as an option');
    }
    if (clientId !== undefined && !clientIdPattern.test(clientId)) {
      throw new EditError('bad_client_id', 'a client id is 32 lower-case hex digits');
    }
    this.name = options.name;
    this.color = options.color;
    this.token = options.token;
    this.codec = encoding === 'json' ? jsonCodec : protobufCodec;
    this.clientId = clientId ?? randomClientId();
    this.connection = new Connection(webSocketUrl(url), this.codec, constructor as WebSocketConstructor, {
      hello: (attempt) => this.hello(attempt),
      up: (welcome) => this.up(welcome),
      message: (message) => this.receive(message),
      down: () => this.down(),
      status: (status) => this.statusChanged(status),
      error: (error) => {
        this.error = error;
        this.emitter.emit('error', error);
      },
    });
    this.connection.start();
  }

  get status(): ConnectionStatus {
    return this.connection.status;
  }

  get user(): User | null {
    return this.welcome?.user ?? null;
  }

  on<K extends keyof ClientEvents>(kind: K, listener: Listener<ClientEvents[K]>): () => void {
    return this.emitter.on(kind, listener);
  }

  open(id: string, { create }: { readonly create?: DocumentType } = {}): SharedDocument {
    if (!documentIdPattern.test(id)) throw new EditError('bad_document_id', `${JSON.stringify(id)} is no document id`);
    const existing = this.documents.get(id);
    if (existing !== undefined) return existing;
    const document = new DocumentSession(id, create, this);
    this.documents.set(id, document);
    if (this.status === 'connected') document.connected();
    else if (this.status === 'closed') document.fail(this.closedError());
    return document;
  }

  setUser({ name, color }: { readonly name?: string; readonly color?: string }): void {
    if (name !== undefined) this.name = name;
    if (color !== undefined) this.color = color;
    if (this.status !== 'closed') this.connection.start();
  }

  reconnect(): void {
    this.error = null;
    this.connection.start();
  }

  async flush(): Promise<void> {
    await Promise.all([...this.documents.values()].map((document) => document.flush()));
  }

  close(): void {
    for (const document of [...this.documents.values()]) document.close();
    this.connection.dispose();
  }

  // ---- for documents ----

  get limits(): Limits | null {
    return this.connection.limits;
  }
  get connectionStatus(): ConnectionStatus {
    return this.connection.status;
  }
  get sessionId(): string | null {
    return this.welcome?.sessionId ?? null;
  }
  send(message: ClientMessage): boolean {
    return this.connection.send(message);
  }
  measure(channel: number, delta: Delta): number {
    // Numbers at their widest, so that the real message is never larger than the measured one.
    const sequence = Number.MAX_SAFE_INTEGER;
    return this.codec.encode({ kind: 'submit', value: { channel, sequence, revision: sequence, delta } }).bytes;
  }
  request(document: DocumentSession): number {
    const request = ++this.lastRequest;
    this.requests.set(request, document);
    return request;
  }
  attach(channel: number, document: DocumentSession): void {
    this.channels.set(channel, document);
  }
  detach(channel: number, document: DocumentSession): void {
    if (this.channels.get(channel) === document) this.channels.delete(channel);
  }
  closed(document: DocumentSession): void {
    if (this.documents.get(document.id) === document) this.documents.delete(document.id);
  }
  reopened(document: DocumentSession): boolean {
    if ((this.documents.get(document.id) ?? document) !== document) return false;
    this.documents.set(document.id, document);
    return true;
  }

  // ---- the connection ----

  private async hello(attempt: number): Promise<ClientValue<'hello'>> {
    const token = typeof this.token === 'function' ? await this.token() : this.token;
    const clientId = await this.clientId;
    return {
      protocol: protocolVersion,
      clientId,
      attempt,
      sdk,
      capabilities,
      ...(this.name === undefined ? {} : { name: displayName(this.name) }),
      ...(this.color === undefined ? {} : { color: this.color }),
      ...(token === undefined ? {} : { token }),
    };
  }

  private up(welcome: Welcome): void {
    this.welcome = welcome;
    this.error = null;
    this.emitter.emit('user', welcome.user);
    for (const document of [...this.documents.values()]) document.connected();
  }

  private down(): void {
    this.requests.clear();
    for (const document of [...this.documents.values()]) document.disconnected();
    this.channels.clear();
  }

  private statusChanged(status: ConnectionStatus): void {
    this.emitter.emit('status', status);
    for (const document of [...this.documents.values()]) {
      if (status === 'closed') document.fail(this.closedError());
      document.tell();
    }
  }

  private closedError(): CoeditError {
    return this.error ?? new ConnectionError('closed', 'the client is closed');
  }

  private receive(message: ServerMessage): void {
    switch (message.kind) {
      case 'opened':
      case 'refused': {
        const document = this.requests.get(message.value.request);
        this.requests.delete(message.value.request);
        if (message.kind === 'opened') {
          if (document === undefined) this.send({ kind: 'leave', value: { channel: message.value.channel } });
          else document.opened(message.value);
        } else {
          document?.refused(message.value);
        }
        return;
      }
      case 'welcome':
      case 'error':
      case 'goAway':
      case 'pong':
        return;
      default:
        // A channel that has just ended may still be spoken of.
        this.channels.get(message.value.channel)?.receive(message);
    }
  }
}

/**
 * Connects to a coedit server: `connect('wss://example.org')`, or `connect(location.origin)`. Returns
 * at once and goes on trying. Throws ConnectionError (`bad_url`, `no_websocket`) and EditError
 * (`bad_client_id`).
 */
export function connect(url: string, options: ConnectOptions = {}): Client {
  return new ClientSession(url, options);
}
