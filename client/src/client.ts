// One connection and the documents it carries.
import { jsonCodec } from './codec_json.js';
import { protobufCodec } from './codec_protobuf.js';
import { Connection, type ConnectionStatus, type WebSocketConstructor } from './connection.js';
import { type Delta, copyOf } from './delta.js';
import { DocumentSession } from './document.js';
import type { DocumentHost } from './document_host.js';
import { checkedDocumentId } from './document_id.js';
import { Emitter, type Listener } from './emitter.js';
import { CoeditError, ConnectionError, EditError } from './errors.js';
import type { ClientMessage, ClientValue, Codec, Encoding, Limits, ServerMessage, User, Welcome } from './messages.js';
import { displayName } from './names.js';
import { randomClientId } from './random_id.js';
import type { Journal, Keeper, OfflineStorage, SavedCopy, StorageStatus } from './keeper.js';
import type { DocumentType, Recovery, SharedDocument } from './shared_document.js';
import type { Stranded } from './state.js';

/** What `connect` may be told. */
export interface ConnectOptions {
  /** Shown to others, unless a token says who this is. */
  readonly name?: string;
  /** "#rrggbb"; the server chooses one otherwise. */
  readonly color?: string;
  /**
   * Who this is; a function is asked before each attempt, and again when the server says that the
   * token is not good.
   */
  readonly token?: string | (() => string | Promise<string>);
  /** The encoding of the wire: `protobuf` unless told otherwise. */
  readonly encoding?: Encoding;
  /** For platforms without a global WebSocket (Node before 22): the one of the package `ws`. */
  readonly WebSocket?: unknown;
  /** 32 lower-case hex digits, a secret, one per tab or process; random unless given. */
  readonly clientId?: string;
  /**
   * Keeps documents and unsent edits on this device, over reloads and crashes: `offline()` of
   * `coedit/offline`.
   */
  readonly offline?: OfflineStorage;
  /** Whether the browser asks before it leaves the page while an edit is unsaved; true unless told otherwise. */
  readonly guardUnload?: boolean;
}

/** What `Client.on` tells, by name. */
export interface ClientEvents {
  status: ConnectionStatus;
  /** A failure of the connection; `closed` follows as status when it was final. */
  error: CoeditError;
  /** Who the server takes this client for; at each connection. */
  user: User;
  /** Storage for offline work came or failed; `storageError` says why. */
  storage: StorageStatus;
  /** Of any document, also of those that are not open here. */
  recovery: Recovery;
}

const sdk = 'coedit-js/0.1.0';
const protocolVersion = 1;
const capabilities = ['parts', 'authenticate'];
/** How often is looked for clients of this device that ended with edits unsent. */
const orphansEveryMs = 15_000;
const clientIdPattern = /^[0-9a-f]{32}$/;

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
  /** Whether edits are kept on this device. */
  readonly storage: StorageStatus;
  /** Why `storage` is `failed`. */
  readonly storageError: CoeditError | null;
  /** Returns the function that takes the listener off. */
  on<K extends keyof ClientEvents>(kind: K, listener: Listener<ClientEvents[K]>): () => void;
  /**
   * The document of that id; the same object while it is open. With `create` it comes into being
   * when it does not exist. Throws EditError (`bad_document_id`).
   */
  open(id: string, options?: { readonly create?: DocumentType }): SharedDocument;
  /**
   * Another name or colour; the connection is made anew to say it. Nothing is lost by that, and no
   * status changes unless it takes longer than a moment.
   */
  setUser(user: { readonly name?: string; readonly color?: string }): void;
  /**
   * Says a new token: on the connection at hand where the server takes that, else by a new one, as
   * quietly as `setUser`. Rejects when no token could be had.
   */
  refreshToken(): Promise<void>;
  /** Tries at once, also after a final error. Documents that failed with it come back by `reopen`. */
  reconnect(): void;
  /** Resolves when every edit made so far of every open document is durable. */
  flush(): Promise<void>;
  /** Closes all documents (see there) and the connection. */
  close(): void;
}

/** Resolves when everything of the document was sent, or cannot be. */
async function sent(document: SharedDocument): Promise<void> {
  await document.ready.catch(() => undefined);
  while (document.unsaved && document.status !== 'closed') await document.flush().catch(() => undefined);
}

class ClientSession implements Client, DocumentHost {
  private readonly emitter = new Emitter<ClientEvents>();
  private readonly codec: Codec;
  private readonly connection: Connection;
  private readonly documents = new Map<string, DocumentSession>();
  private readonly channels = new Map<number, DocumentSession>();
  private readonly requests = new Map<number, DocumentSession>();
  private readonly clientId: string | Promise<string>;
  private readonly keeper: Keeper | null;
  /** Ids of documents the application has not asked for, open to bring in what an earlier page left. */
  private readonly hidden = new Set<string>();
  private readonly couriers = new Set<ClientSession>();
  private readonly askBeforeUnload = (event: BeforeUnloadEvent): void => {
    event.preventDefault();
    // Browsers of before 2024 ask only for this.
    event.returnValue = true;
  };
  private orphanTimer: ReturnType<typeof setInterval> | undefined;
  private disposed = false;
  private readonly token: ConnectOptions['token'];
  private name: string | undefined;
  private color: string | undefined;
  private welcome: Welcome | null = null;
  private lastRequest = 0;
  private error: CoeditError | null = null;

  /** `taken`: the storage of a client that ended, whose edits this one brings in. */
  constructor(
    private readonly url: string,
    private readonly options: ConnectOptions,
    private readonly taken: Keeper | null = null,
  ) {
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
    const address = webSocketUrl(url);
    this.keeper = taken ?? options.offline?.keep(address, clientId, () => this.emitter.emit('storage', this.storage)) ?? null;
    this.clientId = this.keeper?.clientId ?? clientId ?? randomClientId();
    this.connection = new Connection(address, this.codec, constructor as WebSocketConstructor, {
      hello: (attempt) => this.hello(attempt),
      up: (welcome) => this.up(welcome),
      message: (message) => this.receive(message),
      renewable: () => typeof this.token === 'function',
      down: (calm) => this.down(calm),
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

  get storage(): StorageStatus {
    return this.keeper?.status ?? 'off';
  }

  get storageError(): CoeditError | null {
    return this.keeper?.error ?? null;
  }

  on<K extends keyof ClientEvents>(kind: K, listener: Listener<ClientEvents[K]>): () => void {
    return this.emitter.on(kind, listener);
  }

  open(id: string, { create }: { readonly create?: DocumentType } = {}): SharedDocument {
    const existing = this.documents.get(checkedDocumentId(id));
    // The hidden one leaves its edits in the journal, where the new one finds them.
    if (existing !== undefined && this.hidden.delete(id)) existing.close();
    else if (existing !== undefined) return existing;
    return this.begin(id, create);
  }

  private begin(id: string, create?: DocumentType): DocumentSession {
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

  async refreshToken(): Promise<void> {
    if (this.status !== 'connected') return;
    if (!this.connection.capabilities.includes('authenticate')) return this.connection.start();
    const token = await this.askToken();
    if (token !== undefined) this.connection.send({ kind: 'authenticate', value: { token } });
  }

  reconnect(): void {
    this.error = null;
    this.connection.start();
  }

  async flush(): Promise<void> {
    await Promise.all([...this.documents.values()].map((document) => document.flush()));
  }

  close(): void {
    this.disposed = true;
    clearInterval(this.orphanTimer);
    for (const courier of this.couriers) courier.close();
    for (const document of [...this.documents.values()]) document.close();
    this.connection.dispose();
    // The storage of another client is let go of by who took it over.
    if (this.taken === null) void this.keeper?.release();
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
  journal(id: string): Journal | null {
    return this.keeper?.journal(id) ?? null;
  }
  copies(id: string): Promise<readonly SavedCopy[]> {
    const asked = this.taken === null && !this.hidden.has(id);
    return (asked ? this.keeper?.copies(id) : undefined) ?? Promise.resolve([]);
  }
  recovery(document: DocumentSession, given: Stranded | SavedCopy, resumable: boolean): Recovery {
    const saved = 'stranded' in given;
    const stranded = saved ? given.stranded : given;
    let copyId = saved ? given.id : undefined;
    if (!saved && !resumable) copyId = this.keeper?.keepCopy(document.id, stranded);
    const recovery: Recovery = {
      ...stranded,
      document: copyOf(stranded.document),
      pending: copyOf(stranded.pending),
      base: copyOf(stranded.base),
      documentId: document.id,
      resumable,
      taken: () => {
        if (copyId !== undefined) this.keeper?.dropCopy(copyId);
        document.taken();
      },
    };
    this.emitter.emit('recovery', recovery);
    return recovery;
  }
  pendingChanged(): void {
    const { guardUnload = true } = this.options;
    const page = globalThis as Partial<Pick<Window, 'addEventListener' | 'removeEventListener' | 'document'>>;
    if (!guardUnload || page.document === undefined) return;
    // Only while there is something to lose: pages that listen are not kept for "back".
    const unsaved = [...this.documents.values()].some((document) => document.unsaved);
    if (unsaved) page.addEventListener?.('beforeunload', this.askBeforeUnload);
    else page.removeEventListener?.('beforeunload', this.askBeforeUnload);
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
    this.pendingChanged();
    // Closed with edits in the journal: they are brought in without the application.
    if (document.unsaved && !this.disposed && this.keeper !== null) void this.deliver();
  }
  reopened(document: DocumentSession): boolean {
    if ((this.documents.get(document.id) ?? document) !== document) return false;
    this.documents.set(document.id, document);
    return true;
  }

  // ---- the connection ----

  private async hello(attempt: number): Promise<ClientValue<'hello'>> {
    const token = await this.askToken();
    const clientId = await this.clientId;
    if (this.keeper !== null) attempt = await this.keeper.nextAttempt();
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

  private async askToken(): Promise<string | undefined> {
    return typeof this.token === 'function' ? this.token() : this.token;
  }

  private up(welcome: Welcome): void {
    this.welcome = welcome;
    this.error = null;
    this.emitter.emit('user', welcome.user);
    for (const document of [...this.documents.values()]) document.connected();
    if (this.keeper === null || this.taken !== null) return;
    void this.deliver();
    void this.takeOrphans();
    this.orphanTimer ??= setInterval(() => void this.takeOrphans(), orphansEveryMs);
  }

  // ---- what earlier pages left ----

  /** Brings in the edits of documents of this client that nobody has open. */
  private async deliver(): Promise<void> {
    const waiting = (await this.keeper?.waiting()) ?? [];
    for (const id of waiting) {
      if (this.disposed || this.documents.has(id)) continue;
      this.hidden.add(id);
      const document = this.begin(id);
      void sent(document).then(() => {
        if (this.documents.get(id) !== document || !this.hidden.delete(id)) return;
        document.close();
        this.documents.delete(id);
      });
    }
  }

  /** Brings in the edits of clients that ended, under their own ids and on connections of their own. */
  private async takeOrphans(): Promise<void> {
    if (this.status !== 'connected' || this.disposed) return;
    for (const orphan of (await this.keeper?.orphans()) ?? []) void this.takeOver(orphan);
  }

  private async takeOver(orphan: Keeper): Promise<void> {
    const { clientId: _, offline: __, ...options } = this.options;
    const courier = new ClientSession(this.url, { ...options, guardUnload: false }, orphan);
    this.couriers.add(courier);
    courier.on('recovery', (recovery) => {
      this.emitter.emit('recovery', recovery);
      this.documents.get(recovery.documentId)?.handOut(recovery);
    });
    const documents = (await orphan.waiting()).map((id) => courier.open(id));
    await Promise.all(documents.map(sent));
    courier.close();
    this.couriers.delete(courier);
    await orphan.release();
  }

  private down(calm: boolean): void {
    this.requests.clear();
    for (const document of [...this.documents.values()]) document.disconnected(calm);
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
