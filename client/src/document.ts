// One shared document at work: the state machine, its presence and its channel on the connection.
import type { Json } from './canonical_json.js';
import { canonicalJson, checkJson } from './canonical_json.js';
import { Backoff } from './backoff.js';
import type { ConnectionStatus } from './connection.js';
import { Delta, type DeltaLike, baseLength, deltaFromEditor, isEmpty, textOf } from './delta.js';
import { alignPairs } from './diff.js';
import { Emitter, type Listener } from './emitter.js';
import { ClosedError, type CoeditError, EditError, RefusedError, RejectedError, codes, isCode } from './errors.js';
import {
  type ClientMessage,
  type ClientValue,
  type Limits,
  type Opened,
  type Range,
  type ServerMessage,
  type ServerValue,
  limitOf,
} from './messages.js';
import { type OwnPresence, Room, type RoomMember, carryOwn } from './presence.js';
import type {
  Change,
  DocumentEvents,
  DocumentType,
  PresenceHandle,
  Role,
  SharedDocument,
  Status,
} from './shared_document.js';
import type { SubmitLimits } from './split.js';
import {
  type DocumentEvent,
  type DocumentState,
  type Effect,
  hasPending,
  initialState,
  pendingOf,
  step,
} from './state.js';

/** What a document needs of its client. */
export interface DocumentHost {
  send(message: ClientMessage): boolean;
  /** Bytes of a submit with this delta in the encoding in use. */
  measure(channel: number, delta: Delta): number;
  readonly limits: Limits | null;
  readonly connectionStatus: ConnectionStatus;
  readonly sessionId: string | null;
  /** A number for an `open`, whose answer comes to this document. */
  request(document: DocumentSession): number;
  attach(channel: number, document: DocumentSession): void;
  detach(channel: number, document: DocumentSession): void;
  closed(document: DocumentSession): void;
  /** Takes a document back that had ended. False when another object has its place. */
  reopened(document: DocumentSession): boolean;
}

const presenceIntervalMs = 50;
/** Of one component beside its text; above this it is worth measuring. */
const componentBytesSmall = 2_048;

interface Waiter {
  resolve(): void;
  reject(error: CoeditError): void;
}

interface Assembly {
  readonly opened: Opened;
  readonly text: Delta;
}

export class DocumentSession implements SharedDocument {
  readonly ready: Promise<void>;
  readonly presence: PresenceHandle = { set: (presence) => this.setPresence(presence) };
  type: DocumentType | null = null;
  role: Role | null = null;
  error: CoeditError | null = null;

  private readonly emitter = new Emitter<DocumentEvents>();
  private readonly room = new Room();
  private readonly backoff = new Backoff();
  private state: DocumentState = initialState;
  private settleReady: Waiter = { resolve: () => undefined, reject: () => undefined };
  private waiters: Waiter[] = [];
  private ended = false;
  private lastStatus: Status = 'connecting';
  private channel: number | null = null;
  private openRequest: number | null = null;
  private assembly: Assembly | null = null;
  /** Whether the next `open` asks for the whole text, and whether the server asked for that. */
  private fresh = false;
  private foreign = false;
  private reopenTimer: ReturnType<typeof setTimeout> | undefined;
  private own: OwnPresence | null = null;
  private ownUnsent = false;
  private presenceTimer: ReturnType<typeof setTimeout> | undefined;
  private presenceSentAt = Number.NEGATIVE_INFINITY;

  constructor(
    readonly id: string,
    private readonly create: DocumentType | undefined,
    private readonly host: DocumentHost,
  ) {
    this.ready = new Promise((resolve, reject) => {
      this.settleReady = { resolve, reject };
    });
    // Whoever waits sees the rejection; nobody has to wait.
    this.ready.catch(() => undefined);
  }

  get text(): string {
    return textOf(this.state.view);
  }
  get delta(): Delta {
    return new Delta(this.state.view.ops.map((op) => structuredClone(op)));
  }
  get length(): number {
    return this.state.view.length();
  }
  get revision(): number {
    return this.state.known?.revision ?? 0;
  }
  get unsaved(): boolean {
    return hasPending(this.state);
  }
  get members(): readonly RoomMember[] {
    return this.room.list(this.state, this.host.sessionId);
  }
  get status(): Status {
    if (this.ended) return 'closed';
    if (this.state.live) return hasPending(this.state) ? 'saving' : 'saved';
    if (this.host.connectionStatus === 'offline') return 'offline';
    return this.state.known === null ? 'connecting' : 'reconnecting';
  }

  on<K extends keyof DocumentEvents>(kind: K, listener: Listener<DocumentEvents[K]>): () => void {
    return this.emitter.on(kind, listener);
  }

  apply(edit: DeltaLike, options: { readonly origin?: unknown } = {}): Delta {
    const delta = this.checkEdit(edit);
    if (isEmpty(delta)) return delta;
    if (this.own !== null) this.own = carryOwn(this.own, delta, true);
    this.run({ kind: 'edit', delta }, (length) => ({
      delta,
      source: 'local',
      length,
      ...('origin' in options ? { origin: options.origin } : {}),
    }));
    return delta;
  }

  signal(topic: string, payload: Json): boolean {
    if (this.channel === null || !this.state.live) return false;
    checkJson(payload, 'a signal');
    this.checkBytes('signalBytes', canonicalJson(payload));
    return this.host.send({ kind: 'signal', value: { channel: this.channel, topic, payload } });
  }

  flush(): Promise<void> {
    if (!hasPending(this.state)) return Promise.resolve();
    if (this.ended) return Promise.reject(this.closedError());
    return new Promise((resolve, reject) => this.waiters.push({ resolve, reject }));
  }

  close(): void {
    if (this.ended) return;
    if (this.channel !== null) this.host.send({ kind: 'leave', value: { channel: this.channel } });
    if (hasPending(this.state)) {
      this.emitter.emit('recovery', {
        reason: 'closed',
        message: 'the document was closed before these edits were durable',
        document: this.state.view,
        pending: pendingOf(this.state),
        base: this.state.confirmed,
      });
    }
    this.end(null);
    this.host.closed(this);
  }

  reopen(): void {
    if (!this.ended || this.error === null || !this.host.reopened(this)) return;
    this.ended = false;
    this.error = null;
    this.backoff.reset();
    this.tell();
    this.open();
  }

  // ---- called by the client ----

  /** The connection is up: asks for the document. */
  connected(): void {
    if (!this.ended) this.open();
  }

  /** The connection is down: every channel with it. */
  disconnected(): void {
    clearTimeout(this.reopenTimer);
    this.detach();
    this.run({ kind: 'lost' });
  }

  /** The connection's status changed, and perhaps this document's with it. */
  tell(): void {
    const { status } = this;
    if (status === this.lastStatus) return;
    this.lastStatus = status;
    this.emitter.emit('status', status);
  }

  /** The connection ended for good. */
  fail(error: CoeditError): void {
    if (!this.ended) this.end(error);
  }

  opened(opened: Opened): void {
    if (this.ended || opened.request !== this.openRequest) {
      this.host.send({ kind: 'leave', value: { channel: opened.channel } });
      return;
    }
    this.openRequest = null;
    this.channel = opened.channel;
    this.host.attach(opened.channel, this);
    if (opened.more === true) this.assembly = { opened, text: new Delta() };
    else this.start(opened);
  }

  refused({ request, code, text, retry, afterMs }: ServerValue<'refused'>): void {
    if (this.ended || request !== this.openRequest) return;
    this.openRequest = null;
    if (code === 'resync') this.fresh = this.foreign = true;
    // The channel this client has just left may not be gone yet.
    if (retry || code === 'already_open') this.reopenLater(afterMs);
    else this.end(new RefusedError(code, text));
  }

  /** A message of this document's channel. */
  receive(message: ServerMessage): void {
    switch (message.kind) {
      case 'committed':
        this.run({ kind: 'committed', commit: message.value });
        return;
      case 'ack':
        this.run({ kind: 'ack', ...message.value });
        return;
      case 'rejected':
        this.run({ kind: 'rejected', ...message.value });
        return;
      case 'part':
        this.onPart(message.value);
        return;
      case 'presence':
        this.room.presence(message.value);
        this.emitPresence(message.value.sessionId);
        return;
      case 'joined':
        this.room.joined(message.value);
        this.emitter.emit('members', this.members);
        return;
      case 'left':
        if (this.room.left(message.value.sessionId)) this.emitter.emit('members', this.members);
        return;
      case 'signal': {
        const { sessionId, author, topic, payload } = message.value;
        this.emitter.emit('signal', { sessionId, author, user: this.room.userOf(author), topic, payload });
        return;
      }
      case 'role':
        this.setRole(message.value.role);
        return;
      case 'closed':
        this.onClosed(message.value);
        return;
      default:
        return;
    }
  }

  // ---- opening ----

  private open(): void {
    clearTimeout(this.reopenTimer);
    if (this.ended || this.channel !== null || this.openRequest !== null) return;
    const { known, inFlight } = this.state;
    const request = this.host.request(this);
    const value: ClientValue<'open'> = { request, document: this.id, composed: true };
    if (this.create !== undefined) value.create = this.create;
    if (known !== null && !this.fresh) value.known = { ...known };
    if (inFlight !== null) value.inFlight = inFlight.sequence;
    if (this.host.send({ kind: 'open', value })) this.openRequest = request;
  }

  private start(opened: Opened): void {
    const first = this.state.known === null;
    if (this.state.known !== null && this.state.known.epoch !== opened.epoch) this.room.forgetCommits();
    const { foreign } = this;
    this.fresh = this.foreign = false;
    this.type = opened.type as DocumentType;
    this.room.reset(opened.members, opened.authors);
    this.setRole(opened.role);
    this.run({ kind: 'opened', opened, foreign });
    if (!this.state.live) return;
    this.backoff.succeeded();
    if (first) this.settleReady.resolve();
    this.ownUnsent = this.own !== null;
    this.sendPresence();
    this.emitter.emit('members', this.members);
  }

  private onPart({ ops, last }: ServerValue<'part'>): void {
    const { assembly } = this;
    if (assembly === null) return;
    for (const op of ops.ops) assembly.text.push(op);
    if (!last) return;
    this.assembly = null;
    this.start({ ...assembly.opened, snapshot: assembly.text });
  }

  private onClosed({ code, text, retry, afterMs }: ServerValue<'closed'>): void {
    this.detach();
    this.run({ kind: 'lost' });
    if (code === 'resync') this.fresh = this.foreign = true;
    // `replaced` comes with no retry; a server that says otherwise would make two tabs fight.
    const again = retry && !(isCode(code) && codes[code].action === 'stop');
    if (again) this.reopenLater(afterMs);
    else this.end(new ClosedError(code, text));
  }

  private reopenLater(afterMs = 0): void {
    clearTimeout(this.reopenTimer);
    this.reopenTimer = setTimeout(() => this.open(), this.backoff.nextMs({ afterMs }));
  }

  private detach(): void {
    if (this.channel !== null) this.host.detach(this.channel, this);
    this.channel = null;
    this.openRequest = null;
    this.assembly = null;
  }

  private end(error: CoeditError | null): void {
    clearTimeout(this.reopenTimer);
    clearTimeout(this.presenceTimer);
    this.presenceTimer = undefined;
    this.detach();
    this.state = { ...this.state, live: false };
    this.ended = true;
    this.error = error;
    // One that never opened holds nothing: asking for it again may start over.
    if (this.state.known === null) this.host.closed(this);
    const closed = this.closedError();
    this.settleReady.reject(closed);
    for (const waiter of this.waiters.splice(0)) waiter.reject(closed);
    if (error !== null) this.emitter.emit('error', error);
    this.tell();
  }

  private closedError(): CoeditError {
    return this.error ?? new ClosedError('closed', `document ${this.id} is closed`);
  }

  private setRole(role: string): void {
    if (role === this.role) return;
    this.role = role as Role;
    this.emitter.emit('role', this.role);
  }

  // ---- the state machine ----

  private submitLimits(): SubmitLimits {
    const { limits } = this.host;
    const channel = this.channel ?? 0;
    return {
      deltaComponents: limitOf(limits, 'deltaComponents'),
      messageBytes: limitOf(limits, 'messageBytes'),
      measure: (delta) => this.host.measure(channel, delta),
    };
  }

  private run(event: DocumentEvent, local?: (length: number) => Change): void {
    const { state, effects } = step(this.state, event, this.submitLimits());
    this.state = state;
    this.emitter.hold(() => {
      if (local !== undefined) this.emitter.emit('change', local(this.length));
      for (const effect of effects) this.perform(effect);
      if (!hasPending(this.state)) for (const waiter of this.waiters.splice(0)) waiter.resolve();
      this.tell();
      if (this.ownUnsent) this.sendPresence();
    });
  }

  private perform(effect: Effect): void {
    switch (effect.kind) {
      case 'submit':
        if (this.channel !== null) {
          const { sequence, revision, delta } = effect;
          this.host.send({ kind: 'submit', value: { channel: this.channel, sequence, revision, delta } });
        }
        return;
      case 'change':
        if (this.own !== null) this.own = carryOwn(this.own, effect.delta, false);
        this.emitter.emit('change', { delta: effect.delta, source: effect.source, length: this.length });
        return;
      case 'advanced':
        this.room.advanced(effect);
        return;
      case 'rejected': {
        const error = new RejectedError(effect.code, effect.text);
        for (const waiter of this.waiters.splice(0)) waiter.reject(error);
        if (effect.code === 'forbidden') this.setRole('reader');
        this.emitter.emit('rejected', { error, delta: effect.delta });
        return;
      }
      case 'recovery':
        this.emitter.emit('recovery', effect.recovery);
        return;
      case 'reopen': {
        this.fresh = effect.fresh;
        const { channel } = this;
        this.detach();
        if (channel !== null) this.host.send({ kind: 'leave', value: { channel } });
        this.reopenLater();
      }
    }
  }

  private checkEdit(edit: DeltaLike): Delta {
    if (this.ended) throw new EditError('closed', `document ${this.id} is closed`);
    if (this.state.known === null) throw new EditError('not_ready', `document ${this.id} is not open yet`);
    if (this.role === 'reader' || this.role === 'commenter') {
      throw new EditError('forbidden', `a ${this.role} may not edit`);
    }
    const { view } = this.state;
    const normal = deltaFromEditor(edit);
    const asked = baseLength(normal);
    if (asked > view.length()) {
      throw new EditError('invalid_operation', `an edit of ${asked} units does not fit a text of ${view.length()}`);
    }
    const plain = this.type === 'plain-text';
    const limits = this.submitLimits();
    for (const op of normal.ops) {
      const embed = typeof op.insert === 'object';
      if (plain && (embed || op.attributes !== undefined)) {
        throw new EditError('invalid_operation', 'plain text has neither formats nor embeds');
      }
      if (!embed && op.attributes === undefined) continue;
      // What cannot be split must fit by itself.
      const alone = typeof op.insert === 'string' ? { ...op, insert: 'x' } : op;
      if (canonicalJson(alone).length < componentBytesSmall) continue;
      if (limits.measure(new Delta([alone])) > limits.messageBytes) {
        throw new EditError('too_big', 'a single component is larger than one message may be');
      }
    }
    return alignPairs(normal, view);
  }

  // ---- presence ----

  private setPresence({ ranges, state }: { readonly ranges?: readonly Range[]; readonly state?: Json }): void {
    if (state !== undefined) {
      checkJson(state, 'a presence');
      this.checkBytes('presenceBytes', canonicalJson(state));
    }
    const units = this.length;
    const clamp = (position: number): number => Math.max(0, Math.min(units, Math.trunc(position)));
    const before = this.own;
    const next: OwnPresence = {
      ranges: ranges?.map(({ anchor, head }) => ({ anchor: clamp(anchor), head: clamp(head) })) ?? before?.ranges ?? [],
      ...(state !== undefined ? { state } : before?.state !== undefined ? { state: before.state } : {}),
    };
    this.own = next;
    // The others carry what they know over the edits themselves: only what that does not tell is sent.
    if (before === null || canonicalJson(before) !== canonicalJson(next)) this.ownUnsent = true;
    this.sendPresence();
  }

  /** Sends own presence when it can be said: nothing unsent stands between it and the server's text. */
  private sendPresence(): void {
    const { known, inFlight, buffer, live } = this.state;
    if (!this.ownUnsent || this.own === null || !live || known === null || this.channel === null) return;
    if (!isEmpty(buffer) || this.presenceTimer !== undefined) return;
    const waitMs = this.presenceSentAt + presenceIntervalMs - performance.now();
    if (waitMs > 0) {
      this.presenceTimer = setTimeout(() => {
        this.presenceTimer = undefined;
        this.sendPresence();
      }, Math.ceil(waitMs));
      return;
    }
    const value: ClientValue<'presence'> = {
      channel: this.channel,
      revision: known.revision,
      ranges: this.own.ranges.map((range) => ({ ...range })),
    };
    if (inFlight !== null) value.after = inFlight.sequence;
    if (this.own.state !== undefined) value.state = this.own.state;
    if (this.host.send({ kind: 'presence', value })) {
      this.ownUnsent = false;
      this.presenceSentAt = performance.now();
    }
  }

  private checkBytes(limit: 'presenceBytes' | 'signalBytes', text: string): void {
    const bytesMax = limitOf(this.host.limits, limit);
    const bytes = new TextEncoder().encode(text).length;
    if (bytes > bytesMax) throw new EditError('too_big', `${bytes} bytes of JSON, at most ${bytesMax} are allowed`);
  }

  private emitPresence(sessionId: string): void {
    const member = this.members.find((candidate) => candidate.sessionId === sessionId);
    if (member !== undefined && !member.self) this.emitter.emit('presence', member);
  }
}
