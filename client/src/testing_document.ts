// One document of the server in memory, written from docs/protocol.md and independent of state.ts, so
// that a mistake there is not made here too: it orders, carries over, makes durable in batches, fences,
// states fates, refuses.
import { Delta, type DeltaLike, type Op, baseLength, opsOf, targetLength, textOf } from './delta.js';
import { isWellFormed } from './canonical_json.js';
import { codes, isCode } from './errors.js';
import type { ClientValue, Commit, Member, Opened, Range, ServerMessage, User } from './messages.js';
import { extendDigest } from './replica_digest.js';
import type { DocumentType, Role } from './shared_document.js';
import type { MemoryServer } from './testing_server.js';
import type { MemorySession } from './testing_session.js';

/** Why an operation is refused; null takes it. */
export type Refusal = {
  /** One of the protocol's codes, such as `document_limit`. */
  readonly code: string;
  /** For people. */
  readonly text: string;
} | null;

/** The last operation of an author, and what was said about it. */
interface Last {
  readonly sequence: number;
  readonly revision: number;
  readonly hash: string;
}

interface Seat {
  readonly session: MemorySession;
  readonly author: number;
  presence?: Pick<Member, 'revision' | 'ranges' | 'state'>;
}

/** A commit as it is kept. */
export interface LoggedCommit extends Commit {
  /** The author's number for the operation. */
  readonly sequence: number;
  /** Of the history up to here. */
  readonly digest: string;
}

const firstDigest = '00000000';

/** As it is told: the sequence only to its author. */
function told({ revision, author, sequence, delta }: LoggedCommit, to: number): Commit {
  return { revision, author, ...(author === to && { sequence }), delta };
}

function hashOf({ revision, delta }: ClientValue<'submit'>): string {
  return `${revision} ${JSON.stringify(delta.ops)}`;
}

function moved(ranges: readonly Range[], { author, delta }: Commit, owner: number): Range[] {
  const before = author !== owner;
  return ranges.map(({ anchor, head }) => ({
    anchor: delta.transformPosition(anchor, before),
    head: delta.transformPosition(head, before),
  }));
}

/** A document as the server has it; made by `MemoryServer.create`, or by the first `open` with `create`. */
export class MemoryDocument {
  /** What is durable, in order: the commit of revision r stands at r - 1. */
  commits: LoggedCommit[] = [];
  /** Which history this is; `restore` begins another. */
  epoch: string;
  private readonly base: Delta;
  private readonly seats = new Map<MemorySession, Seat>();
  private readonly authors = new Map<string, number>();
  private readonly users = new Map<number, User>();
  private readonly roles = new Map<string, Role>();
  private roleOfAll: Role = 'writer';
  private refusals: NonNullable<Refusal>[] = [];
  /** Accepted, not durable yet, and the text with it. */
  private batch: (LoggedCommit & { readonly session: MemorySession })[] = [];
  private head: Delta;
  private last = new Map<number, Last>();
  private durableLast = new Map<number, Last>();
  /** What waits until the batch is durable. */
  private waiting: (() => void)[] = [];

  /** @internal */
  constructor(
    /** Its name. */
    readonly id: string,
    /** `rich-text` or `plain-text`. */
    readonly type: DocumentType,
    private readonly channel: number,
    private readonly server: MemoryServer,
    start: DeltaLike | string,
  ) {
    const ops: readonly Op[] = typeof start === 'string' ? new Delta().insert(start).ops : opsOf(start);
    this.base = ops.reduce((text: Delta, op) => text.push(op), new Delta());
    this.head = this.base;
    this.epoch = `e-${channel}`;
  }

  /** The durable text with formats and embeds. */
  get delta(): Delta {
    return this.commits.reduce((text, commit) => text.compose(commit.delta), this.base);
  }
  /** The durable text; an embed is one U+FFFC. */
  get text(): string {
    return textOf(this.delta);
  }
  /** The number of durable commits. */
  get revision(): number {
    return this.commits.length;
  }
  /** Who is here. */
  get members(): readonly User[] {
    return [...this.seats.values()].map(({ session }) => session.user);
  }

  // ---- what a test may do ----

  /** The next operation is refused with this code; called again, the one after that too. */
  refuseNext(code: string, text = 'refused by the test'): void {
    this.refusals.push({ code, text });
  }

  /** The role of everyone, or of one client by its `clientId`, now and at later openings. */
  setRole(role: Role, clientId?: string): void {
    if (clientId === undefined) this.roleOfAll = role;
    else this.roles.set(clientId, role);
    for (const { session } of this.seats.values()) {
      if (clientId !== undefined && session.clientId !== clientId) continue;
      session.tell({ kind: 'role', value: { channel: this.channel, role: this.roleOf(session) } });
    }
  }

  /** Ends everyone's channel with this code, as the server does when it cannot go on. */
  close(code: string, text = 'closed by the test'): void {
    const retry = isCode(code) && codes[code].action === 'retry';
    for (const { session } of [...this.seats.values()]) {
      session.tell({ kind: 'closed', value: { channel: this.channel, code, text, retry } });
      this.leave(session);
    }
  }

  /** Everything accepted becomes durable and is told; needed where the server is not `immediate`. */
  gate(): void {
    for (const { session, ...commit } of this.batch.splice(0)) {
      this.commits.push(commit);
      this.durableLast.set(commit.author, this.last.get(commit.author) as Last);
      for (const seat of this.seats.values()) this.tellCommit(seat, commit, session);
    }
    this.durableLast = new Map(this.last);
    for (const tell of this.waiting.splice(0)) tell();
  }

  /** Memory goes; what is durable stays. `MemoryServer.crash` drops the connections too. */
  crash(): void {
    this.batch = [];
    this.waiting = [];
    this.last = new Map(this.durableLast);
    this.head = this.delta;
    this.seats.clear();
  }

  /** Another history under the same name, as after a backup of this revision was restored. */
  restore(revision: number): void {
    this.crash();
    this.commits = this.commits.slice(0, revision);
    this.head = this.delta;
    this.epoch += '*';
    this.last = new Map();
    for (const { author, sequence, revision: at } of this.commits) {
      this.last.set(author, { sequence, revision: at, hash: '' });
    }
    this.durableLast = new Map(this.last);
  }

  // ---- what sessions ask for ----

  /** @internal */
  open(open: ClientValue<'open'>, session: MemorySession): void {
    for (const { session: other } of [...this.seats.values()]) {
      if (other.clientId !== session.clientId || other === session) continue;
      const value = { channel: this.channel, code: 'replaced', text: 'opened elsewhere', retry: false };
      other.tell({ kind: 'closed', value });
      this.leave(other);
    }
    this.afterGate(() => this.answer(open, session));
  }

  /** @internal */
  submit(submit: ClientValue<'submit'>, session: MemorySession): void {
    const seat = this.seats.get(session);
    if (seat === undefined) return;
    const { channel } = this;
    const { sequence } = submit;
    const refusal = this.accept(submit, seat);
    if (refusal !== null) {
      const message: ServerMessage = { kind: 'rejected', value: { channel, sequence, ...refusal } };
      this.waiting.push(() => this.seats.has(session) && session.tell(message));
    }
    if (this.server.options.immediate !== false) this.gate();
  }

  /** @internal As the server would: what is stamped `after` waits until that operation is durable. */
  presence(presence: ClientValue<'presence'>, session: MemorySession): void {
    if (presence.after !== undefined) this.afterGate(() => this.place(presence, session));
    else this.place(presence, session);
  }

  /** @internal */
  signal({ topic, payload }: ClientValue<'signal'>, session: MemorySession): void {
    const own = this.seats.get(session);
    if (own === undefined) return;
    const { sessionId } = session;
    this.tellOthers(session, {
      kind: 'signal',
      value: { channel: this.channel, sessionId, author: own.author, topic, payload },
    });
  }

  /** @internal */
  leave(session: MemorySession): void {
    const own = this.seats.get(session);
    if (own === undefined) return;
    this.seats.delete(session);
    session.channels.delete(this.channel);
    const { sessionId, user } = session;
    this.tellOthers(session, { kind: 'left', value: { channel: this.channel, sessionId, author: own.author, user } });
  }

  // ---- operations ----

  private accept(submit: ClientValue<'submit'>, { session, author }: Seat): Refusal {
    const { sequence, revision, delta } = submit;
    const refuse = (code: string, text: string): Refusal => ({ code, text });
    if (!this.mayWrite(session)) return refuse('forbidden', `a ${this.roleOf(session)} may not edit`);
    const hash = hashOf(submit);
    const last = this.last.get(author);
    if (last !== undefined && sequence <= last.sequence) {
      this.server.unexpected.push(`sequence ${sequence} after ${last.sequence} (${hash === last.hash})`);
      if (sequence < last.sequence) return refuse('stale_sequence', `sequence ${sequence} after ${last.sequence}`);
      if (hash !== last.hash) return refuse('sequence_conflict', `sequence ${sequence} came with another content`);
      this.waiting.push(() => this.tellAck(session, sequence, last.revision));
      return null;
    }
    const all = [...this.commits, ...this.batch];
    const { limits } = this.server;
    if (delta.ops.length > limits.deltaComponents) {
      return refuse('too_complex', `a delta of ${delta.ops.length} components`);
    }
    if (all.length - revision > limits.catchUpRevisions) {
      return refuse('revision_too_old', `base revision ${revision} lies too far back`);
    }
    if (revision > this.commits.length) return this.invalid(`base ${revision} is ahead of ${this.commits.length}`, hash);
    if (delta.ops.length === 0) return this.invalid('it changes nothing', hash);
    let carried = delta;
    for (const commit of all.slice(revision)) carried = commit.delta.transform(carried, true);
    const wrong = this.misfit(carried);
    if (wrong !== null) return this.invalid(wrong, hash);
    const units = this.head.length();
    const grown = units + targetLength(carried) - baseLength(carried);
    if (grown > units && grown > limits.documentUnits) {
      return refuse('document_limit', `the document would grow to ${grown} units`);
    }
    const refusal = this.refusals.shift() ?? this.server.options.refuse?.(carried, author) ?? null;
    if (refusal !== null) return refusal;
    const next = all.length + 1;
    const digest = extendDigest(all.at(-1)?.digest ?? firstDigest, author, carried);
    this.head = this.head.compose(carried);
    this.last.set(author, { sequence, revision: next, hash });
    this.batch.push({ revision: next, digest, author, sequence, delta: carried, session });
    return null;
  }

  private invalid(text: string, hash: string): Refusal {
    this.server.unexpected.push(`invalid operation ${hash} on ${JSON.stringify(this.head.ops)}: ${text}`);
    return { code: 'invalid_operation', text };
  }

  /** What is wrong with a carried delta; null for nothing. */
  private misfit(delta: Delta): string | null {
    const units = this.head.length();
    if (baseLength(delta) > units) return `it passes the end of a document of ${units} units`;
    if (this.type === 'plain-text' && delta.ops.some(({ insert, attributes }) => typeof insert === 'object' || attributes)) {
      return 'plain text has neither formats nor embeds';
    }
    const result = this.head.compose(delta);
    if (result.ops.some(({ insert }) => insert === undefined)) return 'it leaves something that is no text';
    const halves = result.ops.some(({ insert }) => typeof insert === 'string' && !isWellFormed(insert));
    return halves ? 'it cuts a surrogate pair' : null;
  }

  private tellCommit(seat: Seat, commit: LoggedCommit, session: MemorySession): void {
    if (seat.session === session) this.tellAck(session, commit.sequence, commit.revision);
    else seat.session.tell({ kind: 'committed', value: { channel: this.channel, ...told(commit, 0) } });
    const { presence } = seat;
    if (presence?.revision === undefined || presence.revision >= commit.revision) return;
    seat.presence = { ...presence, revision: commit.revision, ranges: moved(presence.ranges, commit, seat.author) };
  }

  private tellAck(session: MemorySession, sequence: number, revision: number): void {
    if (!this.seats.has(session)) return;
    session.tell({ kind: 'ack', value: { channel: this.channel, sequence, revision } });
  }

  private digestAt(revision: number): string | undefined {
    return revision === 0 ? firstDigest : this.commits[revision - 1]?.digest;
  }

  private afterGate(work: () => void): void {
    if (this.batch.length > 0 || this.waiting.length > 0) this.waiting.push(work);
    else work();
  }

  // ---- the room ----

  private roleOf({ clientId }: MemorySession): Role {
    return this.roles.get(clientId) ?? this.roleOfAll;
  }

  private mayWrite(session: MemorySession): boolean {
    const role = this.roleOf(session);
    return role === 'writer' || role === 'owner';
  }

  private tellOthers(session: MemorySession, message: ServerMessage): void {
    for (const other of this.seats.keys()) if (other !== session) other.tell(message);
  }

  private authorOf(session: MemorySession): number {
    const { clientId, user } = session;
    let author = this.authors.get(clientId);
    if (author === undefined) this.authors.set(clientId, (author = this.authors.size + 1));
    this.users.set(author, user);
    return author;
  }

  private answer(open: ClientValue<'open'>, session: MemorySession): void {
    if (session.closed) return;
    const { known } = open;
    const same = known !== undefined && known.epoch === this.epoch;
    if (same && this.digestAt(known.revision) !== known.digest) {
      this.server.resyncs++;
      const value = { request: open.request, code: 'resync', text: 'another history', retry: true };
      session.tell({ kind: 'refused', value });
      return;
    }
    const author = this.authorOf(session);
    const opened: Opened = {
      request: open.request,
      channel: this.channel,
      document: this.id,
      type: this.type,
      epoch: this.epoch,
      revision: this.commits.length,
      digest: this.digestAt(this.commits.length) as string,
      role: this.roleOf(session),
      author,
      lastSequence: this.durableLast.get(author)?.sequence ?? 0,
      authors: [],
      members: [],
    };
    if (open.inFlight !== undefined) opened.inFlight = this.fateOf(author, open.inFlight);
    if (same && known.revision >= (this.server.options.horizon?.() ?? 0)) {
      this.missed(open, known.revision, author, opened);
    } else {
      opened.snapshot = this.delta;
    }
    this.seats.set(session, { session, author });
    session.channels.set(this.channel, this);
    opened.authors = [...this.users].map(([number, user]) => ({ author: number, user }));
    opened.members = [...this.seats.values()].map((seat) => ({
      ranges: [],
      ...seat.presence,
      sessionId: seat.session.sessionId,
      author: seat.author,
    }));
    this.tellOpened(opened, session);
    const { sessionId, user } = session;
    this.tellOthers(session, { kind: 'joined', value: { channel: this.channel, sessionId, author, user } });
  }

  private fateOf(author: number, sequence: number): NonNullable<Opened['inFlight']> {
    const own = this.commits.find((commit) => commit.author === author && commit.sequence === sequence);
    return own === undefined ? { sequence, committed: false } : { sequence, committed: true, revision: own.revision };
  }

  /** The commits after the known revision; behind the client's own last one perhaps as one change. */
  private missed(open: ClientValue<'open'>, revision: number, author: number, opened: Opened): void {
    const commits = this.commits.slice(revision);
    opened.commits = commits.map((commit) => told(commit, author));
    if (open.composed !== true || this.server.options.compose?.() !== true) return;
    let singles = commits.length;
    while (singles > 0 && commits[singles - 1]?.author !== author) singles--;
    if (singles === commits.length) return;
    opened.commits.length = singles;
    opened.composed = commits.slice(singles).reduce((all, commit) => all.compose(commit.delta), new Delta());
  }

  private tellOpened(opened: Opened, session: MemorySession): void {
    const { partOps = Number.POSITIVE_INFINITY } = this.server.options;
    const { snapshot, ...rest } = opened;
    if (snapshot === undefined || snapshot.ops.length <= partOps) {
      session.tell({ kind: 'opened', value: opened });
      return;
    }
    session.tell({ kind: 'opened', value: { ...rest, more: true } });
    for (let i = 0; i < snapshot.ops.length; i += partOps) {
      const ops = new Delta(snapshot.ops.slice(i, i + partOps));
      session.tell({ kind: 'part', value: { channel: this.channel, ops, last: i + partOps >= snapshot.ops.length } });
    }
  }

  private place({ revision, after, ranges, state }: ClientValue<'presence'>, session: MemorySession): void {
    const seat = this.seats.get(session);
    if (seat === undefined) return;
    let at = revision;
    if (after !== undefined) {
      const own = this.commits.find(({ author, sequence }) => author === seat.author && sequence === after);
      // The operation it stands behind was refused: so are the places.
      if (own === undefined || own.revision <= revision) return;
      at = own.revision;
    }
    let carried: readonly Range[] = ranges;
    for (const commit of this.commits.slice(at)) carried = moved(carried, commit, seat.author);
    const placed = { revision: this.commits.length, ranges: [...carried] };
    seat.presence = state === undefined ? placed : { ...placed, state };
    const { sessionId } = session;
    this.tellOthers(session, {
      kind: 'presence',
      value: { channel: this.channel, sessionId, author: seat.author, ...placed, ...(state === undefined ? {} : { state }) },
    });
  }
}
