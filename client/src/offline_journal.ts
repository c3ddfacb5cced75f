// One document of one client on disk: a record of what is pending (the queue), a text, and the
// steps that lead from that text to the confirmed one. A step costs what was changed, not what the
// document weighs; when the steps weigh more than a part of the text, the text is written anew.
import { Delta, type Op, opLength } from './delta.js';
import type { Journal, SavedDocument } from './keeper.js';
import type { OfflineChange, OfflineRecord } from './offline_store.js';
import type { DocumentType, Role } from './shared_document.js';

/** Where a journal's records lie, and how they get there. */
export interface JournalAccess {
  /** The key of a record of this document: of this client, or without it the prefix of all clients'. */
  key(kind: 'queue' | 'text' | 'step', documentId: string, clientId?: string): string;
  /** False when it did not work. */
  write(changes: readonly OfflineChange[]): Promise<boolean>;
  /** Empty when it did not work. */
  read(prefixes: readonly string[]): Promise<readonly OfflineRecord[]>;
}

/** The queue's record, in the form of this version. */
export interface QueueRecord {
  readonly version: 1;
  readonly clientId: string;
  readonly documentId: string;
  readonly type: DocumentType;
  readonly role: Role;
  readonly epoch: string;
  readonly revision: number;
  readonly digest: string;
  readonly author: number;
  readonly nextSequence: number;
  readonly inFlight: { readonly sequence: number; readonly base: number; readonly sent: Op[]; readonly local: Op[] } | null;
  readonly buffer: Op[];
  /** Whether something is pending. */
  readonly waiting: boolean;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
}

/** The queue of a record; null for what another version wrote. */
export function queueOf({ value }: OfflineRecord): QueueRecord | null {
  const queue = value as Partial<QueueRecord> | null;
  return queue?.version === 1 ? (queue as QueueRecord) : null;
}

const opWeight = 16;
const attributesWeight = 48;
/** Steps may weigh this and a quarter of the text before they are folded into it. */
const stepsWeightSmall = 16_384;
/** Nothing hurries a text that only others change. */
const idlePauseMs = 1_000;
/** Pending edits are written whole each time: the larger they are, the less often. */
const unitsPerMs = 100;
const pauseMaxMs = 1_000;
/** A shorter pause is none. */
const pauseMinMs = 16;
/** After a failure writing rests for so long. */
const failurePauseMs = 5_000;
/** Steps have numbers of equal length, so that keys stand in their order. */
const stepDigits = 12;

function weightOf(delta: Delta): number {
  let weight = 0;
  for (const op of delta.ops) {
    weight += opWeight + (op.attributes === undefined ? 0 : attributesWeight) + (op.insert === undefined ? 0 : opLength(op));
  }
  return weight;
}

/** The document of these records, which are those of one client; null when they do not fit together. */
export function documentOf(queue: QueueRecord, text: OfflineRecord | undefined, steps: readonly OfflineRecord[]): SavedDocument | null {
  if (text === undefined) return null;
  const { type, role, epoch, revision, digest, author, nextSequence, inFlight } = queue;
  const confirmed = steps.reduce((whole, { value }) => whole.compose(new Delta(value as Op[])), new Delta(text.value as Op[]));
  return {
    type,
    role,
    known: { epoch, revision, digest },
    author,
    nextSequence,
    confirmed,
    inFlight: inFlight === null ? null : { ...inFlight, sent: new Delta(inFlight.sent), local: new Delta(inFlight.local) },
    buffer: new Delta(queue.buffer),
  };
}

export class DocumentJournal implements Journal {
  private latest: SavedDocument | null = null;
  private steps: Delta[] = [];
  private stepsWeight = 0;
  private firstStep = 0;
  private nextStep = 0;
  /** Whether the next write puts the text there whole. */
  private whole = true;
  private dirty = false;
  private soon = false;
  private failedAt = Number.NEGATIVE_INFINITY;
  private writing: Promise<void> | null = null;
  private hurried = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly documentId: string,
    private readonly clientId: Promise<string>,
    private readonly access: JournalAccess,
  ) {}

  get kept(): boolean {
    return !this.dirty && this.writing === null && this.failedAt === Number.NEGATIVE_INFINITY;
  }

  async load(): Promise<SavedDocument | null> {
    await this.settled();
    if (this.latest !== null) return this.latest;
    const { access, documentId } = this;
    const clientId = await this.clientId;
    const records = await access.read((['queue', 'text', 'step'] as const).map((kind) => access.key(kind, documentId)));
    const of = (id: string): SavedDocument | null => {
      const queue = records.find(({ key }) => key === access.key('queue', documentId, id));
      const parsed = queue === undefined ? null : queueOf(queue);
      if (parsed === null) return null;
      const text = records.find(({ key }) => key === access.key('text', documentId, id));
      return documentOf(parsed, text, this.stepsOf(records, id));
    };
    const own = of(clientId);
    if (own !== null) {
      const numbers = this.stepsOf(records, clientId).map(({ key }) => Number(key.slice(-stepDigits)));
      this.firstStep = numbers[0] ?? 0;
      this.nextStep = (numbers.at(-1) ?? -1) + 1;
      this.stepsWeight = this.stepsOf(records, clientId).reduce((sum, { value }) => sum + weightOf(new Delta(value as Op[])), 0);
      this.whole = false;
      this.latest = own;
      return own;
    }
    // What another client of this device read last will do to begin with; its edits are its own.
    const queues = records.flatMap((record) => (record.key.startsWith(access.key('queue', documentId)) ? (queueOf(record) ?? []) : []));
    const [newest] = queues.sort((a, b) => b.usedAt - a.usedAt);
    const found = newest === undefined ? null : of(newest.clientId);
    return found === null ? null : { ...found, author: 0, nextSequence: 1, inFlight: null, buffer: new Delta() };
  }

  save(document: SavedDocument, advanced: readonly Delta[] | null, soon: boolean): void {
    this.latest = document;
    this.soon ||= soon;
    if (advanced === null) {
      this.whole = true;
      this.steps = [];
    } else {
      this.steps.push(...advanced);
    }
    this.dirty = true;
    this.schedule();
  }

  drop(): void {
    this.latest = null;
    this.whole = true;
    this.steps = [];
    this.dirty = true;
    this.write();
  }

  async settled(): Promise<boolean> {
    this.hurried++;
    while ((this.dirty && this.mayWrite()) || this.writing !== null) {
      this.write();
      await this.writing;
    }
    this.hurried--;
    return this.kept;
  }

  /** Writes what waits without a pause: the page may end. */
  hurry(): void {
    if (this.dirty) this.write();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private stepsOf(records: readonly OfflineRecord[], clientId: string): readonly OfflineRecord[] {
    const prefix = `${this.access.key('step', this.documentId, clientId)}|`;
    return records.filter(({ key }) => key.startsWith(prefix));
  }

  private mayWrite(): boolean {
    return performance.now() - this.failedAt >= failurePauseMs;
  }

  private schedule(): void {
    if (this.writing !== null) return;
    if (!this.mayWrite()) {
      this.timer ??= setTimeout(() => this.write(), failurePauseMs);
      return;
    }
    const { inFlight = null, buffer = null } = this.latest ?? {};
    const waiting = inFlight !== null || (buffer !== null && buffer.ops.length > 0);
    const pauseMs = this.soon ? 0 : waiting ? Math.min(pauseMaxMs, Math.floor(weightOf(buffer as Delta) / unitsPerMs)) : idlePauseMs;
    if (this.hurried > 0 || pauseMs < pauseMinMs) this.write();
    else this.timer ??= setTimeout(() => this.write(), pauseMs);
  }

  private write(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.writing !== null || !this.dirty) return;
    this.writing = this.writeOnce().then(() => {
      this.writing = null;
      if (this.dirty) this.schedule();
    });
  }

  private async writeOnce(): Promise<void> {
    const clientId = await this.clientId;
    // From here on in one go: what is saved after this is another write.
    this.dirty = this.soon = false;
    const { changes, done } = this.changes(clientId);
    if (await this.access.write(changes)) {
      this.failedAt = Number.NEGATIVE_INFINITY;
      done();
      return;
    }
    this.failedAt = performance.now();
    this.dirty = this.whole = true;
    // A queue that lags behind what is sent could double edits: rather none. Removing needs no room.
    await this.access.write([{ key: this.access.key('queue', this.documentId, clientId), remove: true }]);
    // The pause begins when that, too, was tried: whoever waits must not wait for the next.
    this.failedAt = performance.now();
  }

  /** What to write, and what to note once it is written. */
  private changes(clientId: string): { readonly changes: readonly OfflineChange[]; readonly done: () => void } {
    const { latest, documentId, access, firstStep, nextStep } = this;
    const queueKey = access.key('queue', documentId, clientId);
    const textKey = access.key('text', documentId, clientId);
    const stepKey = (step: number): string => `${access.key('step', documentId, clientId)}|${String(step).padStart(stepDigits, '0')}`;
    const oldSteps = Array.from({ length: nextStep - firstStep }, (_, i) => ({ key: stepKey(firstStep + i), remove: true }) as const);
    const steps = this.steps.splice(0);
    if (latest === null) {
      const changes = [{ key: queueKey, remove: true } as const, { key: textKey, remove: true } as const, ...oldSteps];
      return { changes, done: () => void (this.firstStep = this.nextStep) };
    }
    const { type, role, known, author, nextSequence, confirmed, inFlight, buffer } = latest;
    const queue: QueueRecord = {
      version: 1,
      clientId,
      documentId,
      type,
      role,
      ...known,
      author,
      nextSequence,
      inFlight: inFlight === null ? null : { ...inFlight, sent: inFlight.sent.ops, local: inFlight.local.ops },
      buffer: buffer.ops,
      waiting: inFlight !== null || buffer.ops.length > 0,
      usedAt: Date.now(),
    };
    const queueChange = { key: queueKey, value: queue };
    if (!this.whole && steps.length === 0) return { changes: [queueChange], done: () => undefined };
    const step = steps.reduce((all, each) => all.compose(each), new Delta());
    const weight = this.stepsWeight + weightOf(step);
    if (this.whole || weight > stepsWeightSmall + weightOf(confirmed) / 4) {
      this.whole = false;
      const done = (): void => {
        this.firstStep = nextStep;
        this.stepsWeight = 0;
      };
      return { changes: [queueChange, { key: textKey, value: confirmed.ops }, ...oldSteps], done };
    }
    const done = (): void => {
      this.nextStep = nextStep + 1;
      this.stepsWeight = weight;
    };
    return { changes: [queueChange, { key: stepKey(nextStep), value: step.ops }], done };
  }
}
