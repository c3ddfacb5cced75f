// One shared document at work: the state machine, its presence and its channel on the connection.
import type { Json } from './canonical_json.js';
import { canonicalJson, checkJson } from './canonical_json.js';
import { Backoff } from './backoff.js';
import { calmMaxMs } from './connection.js';
import { Delta, type DeltaLike, copyOf, isEmpty, textOf } from './delta.js';
import { checkedEdit } from './edit_check.js';
import type { DocumentHost } from './document_host.js';
import { Emitter, type Listener } from './emitter.js';
import { FlushWaiters } from './flush_waiters.js';
import { ClosedError, type CoeditError, EditError, RefusedError, RejectedError, codes, isCode } from './errors.js';
import {
  type ClientValue,
  type Opened,
  type Range,
  type ServerMessage,
  type ServerValue,
  limitOf,
} from './messages.js';
import type { Journal } from './keeper.js';
import { OwnPresenceSender } from './own_presence.js';
import { Room, type RoomMember } from './presence.js';
import type {
  ApplyOptions,
  Change,
  DocumentEvents,
  DocumentType,
  Pending,
  PresenceHandle,
  Recovery,
  Role,
  SharedDocument,
  Status,
} from './shared_document.js';
import type { SubmitLimits } from './split.js';
import {
  type DocumentEvent,
  type DocumentState,
  type Effect,
  type Stranded,
  hasPending,
  initialState,
  pendingOf,
  step,
} from './state.js';
import { type EditSource, UndoHistory } from './undo.js';

/** After these nothing that is pending can ever be sent. */
const strandingCodes: ReadonlySet<string> = new Set(['no_such_document', 'forbidden', 'type_mismatch']);

interface Settle {
  resolve(): void;
  reject(error: CoeditError): void;
}

interface Assembly {
  readonly opened: Opened;
  readonly text: Delta;
}

export class DocumentSession implements SharedDocument {
  readonly ready: Promise<void>;
  readonly presence: PresenceHandle = {
    set: (presence) => {
      if (presence.state !== undefined) {
        checkJson(presence.state, 'a presence');
        this.checkBytes('presenceBytes', canonicalJson(presence.state));
      }
      this.own.set(presence, this.length);
    },
  };
  readonly history = new UndoHistory((delta, source, selection) => this.edit(delta, source, { selection }));
  type: DocumentType | null = null;
  role: Role | null = null;
  error: CoeditError | null = null;

  private readonly emitter = new Emitter<DocumentEvents>();
  private readonly room = new Room();
  private readonly backoff = new Backoff();
  private state: DocumentState = initialState;
  private settleReady: Settle = { resolve: () => undefined, reject: () => undefined };
  private readonly flushes = new FlushWaiters();
  private ended = false;
  private lastStatus: Status = 'connecting';
  private channel: number | null = null;
  private openRequest: number | null = null;
  private assembly: Assembly | null = null;
  /** Whether the next `open` asks for the whole text, and whether the server asked for that. */
  private fresh = false;
  private foreign = false;
  private reopenTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly own: OwnPresenceSender;
  private readonly journal: Journal | null;
  /** While the journal is read nothing is asked of the server. */
  private loading = false;
  /** The operation in flight that is being written to the journal and was not sent yet. */
  private unwritten: number | null = null;
  private everLive = false;
  private edited = false;
  private refusedLately = false;
  /** The channel is down by our own wish and expected back at once: nothing to alarm anyone with. */
  private calmTimer: ReturnType<typeof setTimeout> | undefined;

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
    this.own = new OwnPresenceSender({ stamp: () => this.stamp(), send: (message) => this.host.send(message) });
    this.journal = host.journal(id);
    if (this.journal !== null) void this.restore(this.journal);
  }

  get text(): string {
    return textOf(this.state.view);
  }
  get delta(): Delta {
    return copyOf(this.state.view);
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
  get pending(): Pending {
    const { inFlight, buffer } = this.state;
    return { inFlight: inFlight === null ? null : copyOf(inFlight.local), buffer: copyOf(buffer) };
  }
  get members(): readonly RoomMember[] {
    return this.room.list(this.state, this.host.sessionId);
  }
  get status(): Status {
    if (this.ended) return 'closed';
    if (this.state.live || this.calmTimer !== undefined) {
      if (hasPending(this.state)) return 'saving';
      if (this.refusedLately) return 'rejected';
      if (this.readOnly) return 'read-only';
      return this.edited ? 'saved' : 'synchronised';
    }
    if (this.host.connectionStatus === 'offline') return 'offline';
    return this.everLive ? 'reconnecting' : 'connecting';
  }
  get kept(): boolean {
    return this.journal?.kept === true;
  }
  private get readOnly(): boolean {
    return this.role === 'reader' || this.role === 'commenter';
  }

  on<K extends keyof DocumentEvents>(kind: K, listener: Listener<DocumentEvents[K]>): () => void {
    return this.emitter.on(kind, listener);
  }

  apply(edit: DeltaLike, options: ApplyOptions = {}): Delta {
    return this.edit(edit, 'local', 'origin' in options ? { origin: options.origin } : {}, options.selectionBefore);
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
    return this.flushes.wait();
  }

  close(): void {
    if (this.ended) return;
    if (this.channel !== null) this.host.send({ kind: 'leave', value: { channel: this.channel } });
    if (hasPending(this.state)) {
      const copy = this.strandedBy('closed', 'the document was closed before these edits were durable');
      if (this.journal === null) this.recover(copy);
      else void this.journal.settled().then((kept) => kept || this.recover(copy));
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
  disconnected(calm: boolean): void {
    clearTimeout(this.reopenTimer);
    if (calm && this.state.live) this.calmTimer ??= setTimeout(() => this.endCalm(), calmMaxMs);
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
    this.endCalm();
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
    if (this.ended || this.loading || this.channel !== null || this.openRequest !== null) return;
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
    clearTimeout(this.calmTimer);
    this.calmTimer = undefined;
    this.run({ kind: 'opened', opened, foreign });
    if (!this.state.live) return;
    this.backoff.succeeded();
    this.everLive = true;
    if (first) this.settleReady.resolve();
    this.own.forgotten();
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

  /** Takes up what was kept of this document, and copies nobody took yet. */
  private async restore(journal: Journal): Promise<void> {
    this.loading = true;
    const [saved, copies] = await Promise.all([journal.load(), this.host.copies(this.id)]);
    this.loading = false;
    if (this.ended) return;
    if (saved !== null) {
      const { type, role, inFlight, buffer, confirmed } = saved;
      const pending = inFlight === null ? buffer : inFlight.local.compose(buffer);
      this.type = type;
      this.role = role;
      const { known, author, nextSequence } = saved;
      this.state = { live: false, known, author, nextSequence, confirmed, inFlight, buffer, view: confirmed.compose(pending) };
      if (hasPending(this.state)) this.history.adopted();
      this.emitter.hold(() => {
        this.emitter.emit('role', role);
        this.settleReady.resolve();
        this.host.pendingChanged();
        this.tell();
      });
    }
    if (this.host.connectionStatus === 'connected') this.open();
    if (copies.length === 0) return;
    // After those who wait for `ready` have set up their listeners.
    await this.ready.catch(() => undefined);
    for (const copy of copies) this.emitter.emit('recovery', this.host.recovery(this, copy, false));
  }

  private endCalm(): void {
    clearTimeout(this.calmTimer);
    this.calmTimer = undefined;
    this.tell();
  }

  private reopenLater(afterMs = 0): void {
    clearTimeout(this.reopenTimer);
    this.reopenTimer = setTimeout(() => this.open(), this.backoff.nextMs({ afterMs }));
  }

  private detach(): void {
    if (this.channel !== null) this.host.detach(this.channel, this);
    this.channel = null;
    this.unwritten = null;
    this.openRequest = null;
    this.assembly = null;
  }

  private end(error: CoeditError | null): void {
    clearTimeout(this.reopenTimer);
    clearTimeout(this.calmTimer);
    this.calmTimer = undefined;
    this.own.stop();
    this.detach();
    this.state = { ...this.state, live: false };
    this.ended = true;
    this.error = error;
    if (error !== null && hasPending(this.state)) {
      const { code: reason, message } = error;
      if (strandingCodes.has(reason)) this.run({ kind: 'stranded', reason, message });
      else this.recover(this.strandedBy(reason, message), true);
    }
    if (error?.code === 'no_such_document') this.journal?.drop();
    // One that never opened holds nothing: asking for it again may start over.
    if (this.state.known === null) this.host.closed(this);
    const closed = this.closedError();
    this.settleReady.reject(closed);
    this.flushes.fail(closed);
    if (error !== null) this.emitter.emit('error', error);
    this.tell();
  }

  private strandedBy(reason: string, message: string): Stranded {
    const { view, confirmed } = this.state;
    return { reason, message, document: view, pending: pendingOf(this.state), base: confirmed };
  }

  private recover(stranded: Stranded, resumable = false): void {
    this.emitter.emit('recovery', this.host.recovery(this, stranded, resumable));
  }

  /** A copy of edits of this document that another client of this device could not bring in. */
  handOut(recovery: Recovery): void {
    this.emitter.emit('recovery', recovery);
  }

  /** The application has a copy. */
  taken(): void {
    this.refusedLately = false;
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
    const { view } = this.state;
    const { state, effects } = step(this.state, event, this.submitLimits());
    const pending = hasPending(this.state);
    this.state = state;
    this.save(event, effects);
    this.tellHistory(event, view, effects);
    this.emitter.hold(() => {
      if (local !== undefined) this.emitter.emit('change', local(this.length));
      for (const effect of effects) this.perform(effect);
      this.flushes.moved(this.state, event.kind === 'opened');
      if (pending !== hasPending(this.state)) this.host.pendingChanged();
      this.tell();
      this.own.send();
    });
    this.history.tell();
  }

  /** An own edit it knows already: `view` is the text that changes of others stand on. */
  private tellHistory(event: DocumentEvent, view: Delta, effects: readonly Effect[]): void {
    const { history } = this;
    if (event.kind === 'opened') history.opened();
    let before = (): Delta => (event.kind === 'edit' ? view.compose(event.delta) : view);
    for (const effect of effects) {
      if (effect.kind === 'submit') history.sent(isEmpty(this.state.buffer));
      if (effect.kind !== 'change') continue;
      const text = before;
      history.changed(effect.delta, effect.source, text);
      before = () => text().compose(effect.delta);
    }
    if (!hasPending(this.state)) history.allDurable();
  }

  /** Gives the state to the journal, which writes it before anything new of it is sent. */
  private save(event: DocumentEvent, effects: readonly Effect[]): void {
    const { journal, type, role } = this;
    const { known, author, nextSequence, confirmed, inFlight, buffer } = this.state;
    if (journal === null || known === null || type === null || role === null || event.kind === 'lost') return;
    const whole = event.kind === 'opened' && event.opened.snapshot !== undefined;
    const advanced = effects.flatMap((effect) => (effect.kind === 'advanced' ? [effect.delta] : []));
    // What was refused must not be sent again by the next page.
    const soon = effects.some(({ kind }) => kind === 'recovery');
    journal.save({ type, role, known, author, nextSequence, confirmed, inFlight, buffer }, whole ? null : advanced, soon);
  }

  private async submit({ sequence, revision, delta }: Extract<Effect, { kind: 'submit' }>): Promise<void> {
    const { channel, journal } = this;
    if (journal !== null) {
      this.unwritten = sequence;
      await journal.settled();
      // Meanwhile the channel may have been lost, and the operation's fate with it.
      if (this.unwritten !== sequence) return;
      this.unwritten = null;
    }
    if (channel === null || channel !== this.channel || !this.state.live || this.state.inFlight?.sequence !== sequence) return;
    this.host.send({ kind: 'submit', value: { channel, sequence, revision, delta } });
    this.own.send();
  }

  private perform(effect: Effect): void {
    switch (effect.kind) {
      case 'submit':
        void this.submit(effect);
        return;
      case 'change':
        this.own.carry(effect.delta, false);
        this.emitter.emit('change', { delta: copyOf(effect.delta), source: effect.source, length: this.length });
        return;
      case 'advanced':
        this.room.advanced(effect);
        return;
      case 'rejected': {
        const error = new RejectedError(effect.code, effect.text);
        this.flushes.fail(error);
        if (effect.code === 'forbidden') this.setRole('reader');
        this.refusedLately = true;
        this.emitter.emit('rejected', { error, delta: copyOf(effect.delta) });
        return;
      }
      case 'recovery':
        this.refusedLately ||= !isEmpty(effect.recovery.pending);
        this.recover(effect.recovery);
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

  private edit(
    edit: DeltaLike,
    source: EditSource,
    details: Pick<Change, 'origin' | 'selection'>,
    selectionBefore: readonly Range[] | null = null,
  ): Delta {
    const delta = this.checkEdit(edit);
    if (isEmpty(delta)) return delta;
    this.history.record(source, delta, this.state.view, selectionBefore);
    this.edited = true;
    this.refusedLately = false;
    this.own.carry(delta, true);
    this.run({ kind: 'edit', delta }, (length) => ({ delta: copyOf(delta), source, length, ...details }));
    return copyOf(delta);
  }

  private checkEdit(edit: DeltaLike): Delta {
    if (this.ended) throw new EditError('closed', `document ${this.id} is closed`);
    if (this.state.known === null) throw new EditError('not_ready', `document ${this.id} is not open yet`);
    if (this.readOnly) throw new EditError('forbidden', `a ${this.role} may not edit`);
    return checkedEdit(edit, this.state.view, this.type, this.submitLimits());
  }

  // ---- presence ----

  /** Nothing unsent may stand between the own ranges and the server's text. */
  private stamp(): Pick<ClientValue<'presence'>, 'channel' | 'revision' | 'after'> | null {
    const { known, inFlight, buffer, live } = this.state;
    if (!live || known === null || this.channel === null || this.unwritten !== null || !isEmpty(buffer)) return null;
    const stamp = { channel: this.channel, revision: known.revision };
    return inFlight === null ? stamp : { ...stamp, after: inFlight.sequence };
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
