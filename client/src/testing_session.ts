// One connection as the server in memory sees it.
import { Delta } from './delta.js';
import type { ClientMessage, ClientValue, ServerMessage, User } from './messages.js';
import type { MemoryDocument } from './testing_document.js';
import type { MemoryServer } from './testing_server.js';

const palette = ['#1864ab', '#a61e4d', '#2b8a3e', '#862e9c', '#a65c00', '#0b7285'];
const protocolVersion = 1;

/** As it would be after the wire: nothing shared with the server. */
function copied(message: ServerMessage): ServerMessage {
  const copy = (value: unknown): unknown => {
    if (value instanceof Delta) return new Delta(structuredClone(value.ops));
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)]));
    }
    return value;
  };
  return copy(message) as ServerMessage;
}

/** @internal */
export class MemorySession {
  clientId = '';
  user: User = { id: '', name: '', color: '' };
  closed = false;
  readonly channels = new Map<number, MemoryDocument>();
  private welcomed = false;

  constructor(
    private readonly server: MemoryServer,
    readonly sessionId: string,
    private readonly deliver: (message: ServerMessage) => void,
    private readonly end: (closeCode: number) => void = () => undefined,
  ) {}

  tell(message: ServerMessage): void {
    if (!this.closed) this.deliver(copied(message));
  }

  receive(message: ClientMessage): void {
    if (this.closed) return;
    if (!this.welcomed && message.kind !== 'hello') return this.fail('bad_message', 'the first message must be hello', 1008);
    switch (message.kind) {
      case 'hello':
        return this.hello(message.value);
      case 'open':
        return this.open(message.value);
      case 'submit':
        return this.channels.get(message.value.channel)?.submit(message.value, this);
      case 'presence':
        return this.channels.get(message.value.channel)?.presence(message.value, this);
      case 'signal':
        return this.channels.get(message.value.channel)?.signal(message.value, this);
      case 'leave':
        return this.channels.get(message.value.channel)?.leave(this);
      case 'ping':
        return this.tell({ kind: 'pong', value: { nonce: message.value.nonce } });
      case 'authenticate':
        if (this.server.options.authentication === true) return;
        return this.fail('bad_message', 'this server has no authentication', 4400);
    }
  }

  /** The connection ends with an `error`. */
  fail(code: string, text: string, closeCode: number): void {
    this.tell({ kind: 'error', value: { code, text } });
    this.drop();
    this.end(closeCode);
  }

  /** The connection is gone. */
  drop(): void {
    this.closed = true;
    for (const document of [...this.channels.values()]) document.leave(this);
    this.server.sessions.delete(this);
  }

  private hello({ protocol, clientId, name, color }: ClientValue<'hello'>): void {
    if (this.welcomed) return this.fail('bad_message', 'hello came twice', 4400);
    if (protocol !== protocolVersion) return this.fail('version', `protocol ${protocol} is not supported`, 4406);
    this.welcomed = true;
    this.clientId = clientId;
    const number = Number.parseInt(clientId.slice(0, 6), 16);
    this.user = {
      id: `u-${clientId.slice(0, 8)}`,
      name: name ?? 'Guest',
      color: color ?? (palette[number % palette.length] as string),
    };
    const { limits } = this.server;
    this.tell({
      kind: 'welcome',
      value: {
        sessionId: this.sessionId,
        user: this.user,
        limits,
        heartbeatSeconds: 20,
        server: 'coedit-memory',
        capabilities: this.server.options.authentication === true ? ['parts', 'authenticate'] : ['parts'],
      },
    });
  }

  private open(open: ClientValue<'open'>): void {
    const { request } = open;
    const refuse = (code: string, text: string): void => {
      this.tell({ kind: 'refused', value: { request, code, text, retry: false } });
    };
    const isOpen = [...this.channels.values()].some(({ id }) => id === open.document);
    if (isOpen) return refuse('already_open', `document '${open.document}' is open on this connection`);
    let document = this.server.documents.get(open.document);
    if (document === undefined && open.create === undefined) return refuse('no_such_document', `no document ${open.document}`);
    if (document === undefined && open.create !== 'rich-text' && open.create !== 'plain-text') {
      return refuse('type_mismatch', `'${open.create}' is no type`);
    }
    document ??= this.server.create(open.document, open.create === 'plain-text' ? 'plain-text' : 'rich-text');
    if (open.create !== undefined && open.create !== document.type) {
      return refuse('type_mismatch', `the document is ${document.type}`);
    }
    document.open(open, this);
  }
}
