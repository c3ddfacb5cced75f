// A small coedit server in memory, written from the protocol and independent of src/state.ts: it
// orders, transforms, makes durable in batches, fences, states fates, refuses. quill-delta does the
// algebra. It can crash, which forgets what was not durable.
import Delta from 'quill-delta';
import type { ClientMessage, ClientValue, Commit, Member, Opened, Range, ServerMessage, User } from '../../src/messages.js';

export type Refusal = { readonly code: string; readonly text: string } | null;

interface Last {
  sequence: number;
  revision: number;
  hash: string;
}
interface Entry extends Commit {
  readonly peer: Peer;
}
interface Seat {
  readonly peer: Peer;
  readonly author: number;
  presence?: { revision: number; ranges: Range[]; state?: unknown };
}

export interface ModelOptions {
  /** Whether every operation is durable at once; else `gate` makes it so. */
  readonly immediate?: boolean;
  /** Decides over an operation that is otherwise right. */
  readonly refuse?: (delta: Delta, author: number) => Refusal;
  /** Whether to answer a gap with one composed delta where that is allowed. */
  readonly compose?: () => boolean;
  /** Commits at or below this revision are not kept for late comers. */
  readonly horizon?: () => number;
  /** Sends larger snapshots in pieces of so many operations. */
  readonly partOps?: number;
  readonly limits?: Partial<Limits>;
}
type Limits = Extract<ServerMessage, { kind: 'welcome' }>['value']['limits'];

const defaultLimits: Limits = {
  messageBytes: 262144,
  deltaComponents: 4096,
  documentUnits: 4194304,
  catchUpRevisions: 5000,
  presenceBytes: 1024,
  signalBytes: 4096,
};

function digestOf(previous: string, text: string): string {
  let hash = Number.parseInt(previous, 16) ^ 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** One connection as the server sees it. */
export class Peer {
  clientId = '';
  attempt = 0;
  user: User = { id: '', name: '', color: '' };
  closed = false;
  readonly channels = new Map<number, ModelDocument>();
  constructor(
    readonly server: ModelServer,
    readonly sessionId: string,
    readonly deliver: (message: ServerMessage) => void,
  ) {}

  tell(message: ServerMessage): void {
    if (!this.closed) this.deliver(structuredCloneOf(message));
  }

  receive(message: ClientMessage): void {
    if (this.closed) return;
    switch (message.kind) {
      case 'hello': {
        const { clientId, attempt, name, color } = message.value;
        this.clientId = clientId;
        this.attempt = attempt;
        this.user = { id: `u-${clientId.slice(0, 4)}`, name: name ?? 'Guest', color: color ?? '#1864ab' };
        this.tell({
          kind: 'welcome',
          value: {
            sessionId: this.sessionId,
            user: this.user,
            limits: { ...defaultLimits, ...this.server.options.limits },
            heartbeatSeconds: 20,
            server: 'model/1',
            capabilities: ['parts'],
          },
        });
        return;
      }
      case 'open':
        this.server.document(message.value, this)?.open(message.value, this);
        return;
      case 'submit':
        this.channels.get(message.value.channel)?.submit(message.value, this);
        return;
      case 'presence':
        this.channels.get(message.value.channel)?.presence(message.value, this);
        return;
      case 'signal': {
        const document = this.channels.get(message.value.channel);
        document?.signal(message.value, this);
        return;
      }
      case 'leave':
        this.channels.get(message.value.channel)?.leave(this);
        return;
      case 'ping':
        this.tell({ kind: 'pong', value: { nonce: message.value.nonce } });
        return;
      case 'authenticate':
        return;
    }
  }

  /** The connection is gone. */
  drop(): void {
    this.closed = true;
    for (const document of [...this.channels.values()]) document.leave(this);
  }
}

/** As it would be after the wire: nothing shared with the server. */
function structuredCloneOf(message: ServerMessage): ServerMessage {
  const revive = (value: unknown): unknown => {
    if (value instanceof Delta) return new Delta(JSON.parse(JSON.stringify(value.ops)));
    if (Array.isArray(value)) return value.map(revive);
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]));
    }
    return value;
  };
  return revive(message) as ServerMessage;
}

export class ModelDocument {
  /** Durable commits; revision r is at r - 1. */
  log: Commit[] = [];
  /** Accepted, not durable yet. */
  batch: Entry[] = [];
  /** Text at the end of the batch. */
  text: Delta;
  readonly seats = new Map<Peer, Seat>();
  readonly authors = new Map<string, number>();
  readonly users = new Map<number, User>();
  last = new Map<number, Last>();
  private durableLast = new Map<number, Last>();
  private waiting: { readonly open: ClientValue<'open'>; readonly peer: Peer }[] = [];
  private refusals: { readonly peer: Peer; readonly message: ServerMessage }[] = [];
  epoch = 'e-1';

  constructor(
    readonly id: string,
    readonly type: string,
    readonly channel: number,
    readonly server: ModelServer,
  ) {
    this.text = this.start();
  }

  private start(): Delta {
    return this.type === 'rich-text' ? new Delta().insert('\n') : new Delta();
  }

  get durable(): Delta {
    return this.log.reduce((text, commit) => text.compose(commit.delta), this.base);
  }
  base: Delta = new Delta();

  submit({ sequence, revision, delta }: ClientValue<'submit'>, peer: Peer): void {
    const seat = this.seats.get(peer);
    if (seat === undefined) return;
    const { author } = seat;
    const hash = `${revision} ${JSON.stringify(delta)}`;
    const last = this.last.get(author);
    const reject = (code: string, text: string): void => {
      const message: ServerMessage = { kind: 'rejected', value: { channel: this.channel, sequence, code, text } };
      this.refusals.push({ peer, message });
      if (this.server.options.immediate === true) this.gate();
    };
    if (last !== undefined && sequence <= last.sequence) {
      this.server.unexpected.push(`sequence ${sequence} after ${last.sequence} (${hash === last.hash})`);
      return reject('stale_sequence', 'a lower sequence');
    }
    const all = [...this.log, ...this.batch];
    if (revision > this.log.length) {
      this.server.unexpected.push(`base ${revision} ahead of ${this.log.length}`);
      return reject('invalid_operation', 'a base ahead of the head');
    }
    let carried = new Delta(delta.ops);
    for (const commit of all.slice(revision)) carried = commit.delta.transform(carried, true);
    const asked = carried.ops.reduce((n, op) => n + (op.insert === undefined ? ((op.retain ?? op.delete) as number) : 0), 0);
    const result = this.text.compose(carried);
    const halves = result.ops.some((op) => typeof op.insert === 'string' && /\p{Surrogate}/u.test(op.insert));
    const nonInserts = result.ops.some((op) => op.insert === undefined);
    if (asked > this.text.length() || halves || nonInserts) {
      this.server.unexpected.push(`invalid operation ${hash} on ${JSON.stringify(this.text)}`);
      return reject('invalid_operation', 'does not fit');
    }
    const refusal = this.server.options.refuse?.(carried, author) ?? null;
    if (refusal !== null) return reject(refusal.code, refusal.text);
    const previous = all.at(-1)?.digest ?? '00000000';
    const next = all.length + 1;
    this.text = result;
    this.last.set(author, { sequence, revision: next, hash });
    this.batch.push({ revision: next, digest: digestOf(previous, JSON.stringify(carried)), author, sequence, delta: carried, peer });
    if (this.server.options.immediate === true) this.gate();
  }

  /** Everything accepted becomes durable and is told. */
  gate(): void {
    for (const { peer, ...commit } of this.batch.splice(0)) {
      this.log.push(commit);
      for (const seat of this.seats.values()) {
        if (seat.peer === peer) {
          const { sequence, revision, digest } = commit;
          seat.peer.tell({ kind: 'ack', value: { channel: this.channel, sequence, revision, digest } });
        } else {
          seat.peer.tell({ kind: 'committed', value: { channel: this.channel, ...commit } });
        }
        if (seat.presence !== undefined && seat.presence.revision < commit.revision) {
          const own = seat.author === commit.author;
          seat.presence.revision = commit.revision;
          seat.presence.ranges = seat.presence.ranges.map(({ anchor, head }) => ({
            anchor: commit.delta.transformPosition(anchor, !own),
            head: commit.delta.transformPosition(head, !own),
          }));
        }
      }
    }
    this.durableLast = new Map(this.last);
    for (const { peer, message } of this.refusals.splice(0)) if (this.seats.has(peer)) peer.tell(message);
    for (const { open, peer } of this.waiting.splice(0)) this.answer(open, peer);
  }

  /** Memory goes; what is durable stays. The server drops the connections. */
  crash(): void {
    this.batch = [];
    this.waiting = [];
    this.refusals = [];
    this.last = new Map(this.durableLast);
    this.text = this.durable;
    this.seats.clear();
  }

  /** Another history under the same name, as after a restored backup. */
  restore(revision: number): void {
    this.crash();
    this.log = this.log.slice(0, revision);
    this.text = this.durable;
    this.epoch = `e-${Number(this.epoch.slice(2)) + 1}`;
    this.last = new Map();
    for (const commit of this.log) {
      this.last.set(commit.author, { sequence: commit.sequence, revision: commit.revision, hash: '' });
    }
    this.durableLast = new Map(this.last);
  }

  open(open: ClientValue<'open'>, peer: Peer): void {
    for (const seat of [...this.seats.values()]) {
      if (seat.peer.clientId === peer.clientId && seat.peer !== peer) {
        seat.peer.tell({ kind: 'closed', value: { channel: this.channel, code: 'replaced', text: '', retry: false } });
        this.leave(seat.peer);
      }
    }
    if (this.batch.length > 0) this.waiting.push({ open, peer });
    else this.answer(open, peer);
  }

  private answer(open: ClientValue<'open'>, peer: Peer): void {
    if (peer.closed) return;
    let author = this.authors.get(peer.clientId);
    if (author === undefined) {
      author = this.authors.size + 1;
      this.authors.set(peer.clientId, author);
    }
    this.users.set(author, peer.user);
    const { known } = open;
    const revision = this.log.length;
    const digest = this.log.at(-1)?.digest ?? '00000000';
    const same = known !== undefined && known.epoch === this.epoch;
    if (same) {
      const there = known.revision === 0 ? '00000000' : this.log[known.revision - 1]?.digest;
      if (there !== known.digest) {
        this.server.resyncs++;
        const value = { request: open.request, code: 'resync', text: 'another digest', retry: true };
        return peer.tell({ kind: 'refused', value });
      }
    }
    const opened: Opened = {
      request: open.request,
      channel: this.channel,
      document: this.id,
      type: this.type,
      epoch: this.epoch,
      revision,
      digest,
      role: 'writer',
      author,
      lastSequence: this.durableLast.get(author)?.sequence ?? 0,
      authors: [],
      members: [],
    };
    if (open.inFlight !== undefined) {
      const { inFlight: sequence } = open;
      const own = this.log.find((commit) => commit.author === author && commit.sequence === sequence);
      opened.inFlight = own === undefined ? { sequence, committed: false } : { sequence, committed: true, revision: own.revision };
    }
    if (same && known.revision >= (this.server.options.horizon?.() ?? 0)) {
      let commits = this.log.slice(known.revision);
      if (open.composed === true && this.server.options.compose?.() === true) {
        let singles = commits.length;
        while (singles > 0 && commits[singles - 1]?.author !== author) singles--;
        if (singles < commits.length) {
          opened.composed = commits.slice(singles).reduce((all, commit) => all.compose(commit.delta), new Delta());
        }
        commits = commits.slice(0, singles);
      }
      opened.commits = commits;
    } else {
      opened.snapshot = this.durable;
    }
    this.seats.set(peer, { peer, author });
    peer.channels.set(this.channel, this);
    opened.authors = [...this.users].map(([number, user]) => ({ author: number, user }));
    opened.members = [...this.seats.values()].map(({ peer: other, author: number, presence }) => ({
      sessionId: other.sessionId,
      author: number,
      ranges: [],
      ...(presence as Partial<Member> | undefined),
    }));
    const { partOps } = this.server.options;
    if (opened.snapshot !== undefined && partOps !== undefined && opened.snapshot.ops.length > partOps) {
      const { ops } = opened.snapshot;
      delete opened.snapshot;
      peer.tell({ kind: 'opened', value: { ...opened, more: true } });
      for (let i = 0; i < ops.length; i += partOps) {
        const value = { channel: this.channel, ops: new Delta(ops.slice(i, i + partOps)), last: i + partOps >= ops.length };
        peer.tell({ kind: 'part', value });
      }
    } else {
      peer.tell({ kind: 'opened', value: opened });
    }
    for (const seat of this.seats.values()) {
      if (seat.peer === peer) continue;
      const value = { channel: this.channel, sessionId: peer.sessionId, author, user: peer.user };
      seat.peer.tell({ kind: 'joined', value });
    }
  }

  /** As the server would: what is stamped `after` waits until that operation is durable. */
  presence({ revision, after, ranges, state }: ClientValue<'presence'>, peer: Peer): void {
    const seat = this.seats.get(peer);
    if (seat === undefined) return;
    let carried = ranges;
    let at = revision;
    const move = (delta: Delta, own: boolean): void => {
      carried = carried.map(({ anchor, head }) => ({
        anchor: delta.transformPosition(anchor, !own),
        head: delta.transformPosition(head, !own),
      }));
    };
    if (after !== undefined) {
      this.gate();
      const own = this.log.find((commit) => commit.author === seat.author && commit.sequence === after);
      if (own === undefined || own.revision <= revision) return;
      // Others in between stand before the own operation: undo nothing, place behind it.
      at = own.revision;
    }
    for (const commit of this.log.slice(at)) {
      move(commit.delta, commit.author === seat.author);
      at = commit.revision;
    }
    seat.presence = { revision: at, ranges: carried, ...(state === undefined ? {} : { state }) };
    for (const other of this.seats.values()) {
      if (other === seat) continue;
      const value = { channel: this.channel, sessionId: peer.sessionId, author: seat.author, revision: at, ranges: carried };
      other.peer.tell({ kind: 'presence', value: state === undefined ? value : { ...value, state } });
    }
  }

  signal({ topic, payload }: ClientValue<'signal'>, peer: Peer): void {
    const own = this.seats.get(peer);
    for (const seat of this.seats.values()) {
      if (seat.peer === peer || own === undefined) continue;
      const value = { channel: this.channel, sessionId: peer.sessionId, author: own.author, topic, payload };
      seat.peer.tell({ kind: 'signal', value });
    }
  }

  leave(peer: Peer): void {
    const own = this.seats.get(peer);
    if (own === undefined) return;
    this.seats.delete(peer);
    peer.channels.delete(this.channel);
    for (const seat of this.seats.values()) {
      const value = { channel: this.channel, sessionId: peer.sessionId, author: own.author, user: peer.user };
      seat.peer.tell({ kind: 'left', value });
    }
  }
}

export class ModelServer {
  readonly documents = new Map<string, ModelDocument>();
  readonly peers = new Set<Peer>();
  /** What a right client never causes. */
  readonly unexpected: string[] = [];
  resyncs = 0;
  private sessions = 0;

  constructor(readonly options: ModelOptions = {}) {}

  connect(deliver: (message: ServerMessage) => void): Peer {
    const peer = new Peer(this, `s-${++this.sessions}`, deliver);
    this.peers.add(peer);
    return peer;
  }

  create(id: string, type = 'rich-text', base?: Delta): ModelDocument {
    const document = new ModelDocument(id, type, this.documents.size + 1, this);
    document.base = base ?? document.text;
    document.text = document.base;
    this.documents.set(id, document);
    return document;
  }

  document(open: ClientValue<'open'>, peer: Peer): ModelDocument | null {
    const existing = this.documents.get(open.document);
    if (existing !== undefined) {
      if (open.create === undefined || open.create === existing.type) return existing;
      const value = { request: open.request, code: 'type_mismatch', text: `it is ${existing.type}`, retry: false };
      peer.tell({ kind: 'refused', value });
      return null;
    }
    if (open.create !== undefined) return this.create(open.document, open.create);
    const value = { request: open.request, code: 'no_such_document', text: `no document ${open.document}`, retry: false };
    peer.tell({ kind: 'refused', value });
    return null;
  }

  gate(): void {
    for (const document of this.documents.values()) document.gate();
  }

  /** kill -9: connections end, what was not durable is gone. */
  crash(): void {
    for (const peer of this.peers) peer.closed = true;
    this.peers.clear();
    for (const document of this.documents.values()) document.crash();
  }
}
