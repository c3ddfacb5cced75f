// Whose edits are whose on this device. Each page goes by a client id of its own, held by a lock
// for as long as the page lives. An id whose lock is free belongs to a page that ended: a new page
// goes on under it, and what is left of others is brought in by whoever takes their lock.
import { Delta, type Op } from './delta.js';
import { type CoeditError, StorageError } from './errors.js';
import type { Journal, Keeper, SavedCopy, SavedDocument, StorageStatus } from './keeper.js';
import { DocumentJournal, type JournalAccess, type QueueRecord, documentOf, queueOf } from './offline_journal.js';
import { type OfflineChange, type OfflineRecord, type OfflineStore, storageErrorOf } from './offline_store.js';
import { randomClientId } from './random_id.js';
import type { Stranded } from './state.js';

interface ClientRecord {
  readonly clientId: string;
  /** The last connection of this id. */
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
}

interface CopyRecord extends Omit<Stranded, 'document' | 'pending' | 'base'> {
  readonly documentId: string;
  readonly document: Op[];
  readonly pending: Op[];
  readonly base: Op[];
}

/** So many documents are kept to be read without a network; the ones not used for longest go. */
const cachedDocumentsMax = 50;

/** Storage that does not answer by then counts as failed: nothing may wait for it for ever. */
const answerMaxMs = 5_000;

async function answered<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StorageError('storage_failed', 'the storage does not answer')), answerMaxMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** All clients of this device for one user and one server. */
export class KeptClients implements JournalAccess {
  status: StorageStatus = 'starting';
  error: CoeditError | null = null;
  private readonly root: string;
  private ownId: string | null = null;
  /** Copies on their way to the disk: they are there before the edits leave the queue. */
  copying: Promise<unknown> = Promise.resolve();
  /** What this page has open: its own records of these are the newest. */
  readonly open = new Set<string>();
  private tidied = false;

  constructor(
    private readonly store: OfflineStore,
    scope: readonly string[],
    private readonly changed: () => void,
  ) {
    this.root = scope.map(encodeURIComponent).join('|');
  }

  /** The client of this page. */
  own(clientId: string | undefined): Keeper {
    return new KeptClient(this, this.claim(clientId), true);
  }

  key(kind: 'queue' | 'text' | 'step', documentId: string, clientId?: string): string {
    return `${this.root}|${kind}|${documentId}|${clientId ?? ''}`;
  }
  private clientKey(clientId: string): string {
    return `${this.root}|client|${clientId}`;
  }
  copyKey(documentId: string, id: string): string {
    return `${this.root}|copy|${documentId}|${id}`;
  }

  async write(changes: readonly OfflineChange[]): Promise<boolean> {
    return this.attempt(async () => {
      await this.store.write(changes);
      return true;
    }, false);
  }

  async read(prefixes: readonly string[]): Promise<readonly OfflineRecord[]> {
    return this.attempt(() => this.store.read(prefixes), []);
  }

  /** The queues of all clients. */
  async queues(): Promise<readonly QueueRecord[]> {
    return (await this.read([`${this.root}|queue|`])).flatMap((record) => queueOf(record) ?? []);
  }

  async copies(documentId?: string): Promise<readonly SavedCopy[]> {
    const prefix = `${this.root}|copy|${documentId === undefined ? '' : `${documentId}|`}`;
    return (await this.read([prefix])).map(({ key, value }) => {
      const { documentId: of, reason, message, ...deltas } = value as CopyRecord;
      const [document, pending, base] = [deltas.document, deltas.pending, deltas.base].map((ops) => new Delta(ops)) as [Delta, Delta, Delta];
      return { id: key.slice(key.lastIndexOf('|') + 1), documentId: of, stranded: { reason, message, document, pending, base } };
    });
  }

  /** Takes an id; null when another page has it. */
  lock(clientId: string): Promise<(() => void) | null> {
    return this.attempt(() => this.store.lock(`${this.root}|${clientId}`), null);
  }

  async noteAttempt(clientId: string, attempt: number): Promise<void> {
    const value: ClientRecord = { clientId, attempt, usedAt: Date.now() };
    await this.write([{ key: this.clientKey(clientId), value }]);
  }

  /**
   * Forgets a client that ended, if it has nothing waiting. What it had read stays for reading
   * without a network, where nobody else has read it. The caller holds its lock.
   */
  async absorb(clientId: string): Promise<void> {
    const records = await this.read([`${this.root}|queue|`, `${this.root}|text|`, `${this.root}|step|`]);
    const queues = records.flatMap((record) => queueOf(record) ?? []);
    // Looked up here, where it is deleted: nothing else knows for sure. Nor does a disk that fails.
    if (this.status !== 'on' || queues.some((queue) => queue.clientId === clientId && queue.waiting)) return;
    const changes: OfflineChange[] = [{ key: this.clientKey(clientId), remove: true }];
    for (const queue of queues) {
      if (queue.clientId !== clientId) continue;
      const { documentId } = queue;
      const of = (kind: 'queue' | 'text' | 'step'): OfflineRecord[] =>
        records.filter(({ key }) => key === this.key(kind, documentId, clientId) || key.startsWith(`${this.key(kind, documentId, clientId)}|`));
      for (const kind of ['queue', 'text', 'step'] as const) for (const { key } of of(kind)) changes.push({ key, remove: true });
      if (this.ownId === null || this.open.has(documentId)) continue;
      if (queues.some((other) => other.documentId === documentId && other.clientId !== clientId)) continue;
      const document: SavedDocument | null = documentOf(queue, of('text')[0], of('step'));
      if (document === null) continue;
      const value: QueueRecord = { ...queue, clientId: this.ownId, author: 0, nextSequence: 1, inFlight: null, buffer: [], waiting: false };
      changes.push({ key: this.key('queue', documentId, this.ownId), value });
      changes.push({ key: this.key('text', documentId, this.ownId), value: document.confirmed.ops });
    }
    await this.write(changes);
  }

  /** Ids of ended clients with edits waiting that nobody holds; each is locked by asking. */
  async waitingElsewhere(): Promise<readonly string[]> {
    const ids = (await this.queues()).filter(({ waiting, clientId }) => waiting && clientId !== this.ownId);
    return [...new Set(ids.map(({ clientId }) => clientId))];
  }

  async attemptOf(clientId: string): Promise<number> {
    const [record] = await this.read([this.clientKey(clientId)]);
    return (record?.value as ClientRecord | undefined)?.attempt ?? 0;
  }

  private async claim(given: string | undefined): Promise<Claim> {
    const fresh = given ?? (await randomClientId());
    try {
      const found = (await answered(this.store.read([`${this.root}|client|`]))).map(({ value }) => value as ClientRecord);
      const waiting = new Set((await this.queues()).filter((queue) => queue.waiting).map(({ clientId }) => clientId));
      const weight = ({ clientId, usedAt }: ClientRecord): number => (waiting.has(clientId) ? 1e15 : 0) + usedAt;
      const known = found.sort((a, b) => weight(b) - weight(a)).map(({ clientId }) => clientId);
      for (const clientId of given === undefined ? [...known, fresh] : [given]) {
        const unlock = await answered(this.store.lock(`${this.root}|${clientId}`));
        if (unlock === null) continue;
        this.ownId = clientId;
        const attempt = await this.attemptOf(clientId);
        // Whoever had the lock before may have brought its edits in and forgotten it.
        if (attempt === 0 && clientId !== fresh) {
          unlock();
          continue;
        }
        await this.noteAttempt(clientId, attempt + 1);
        return { clientId, attempt: attempt + 1, unlock };
      }
      throw new StorageError('storage_unavailable', 'another page goes by the client id given');
    } catch (error) {
      this.fail(error);
      return { clientId: fresh, attempt: 0, unlock: null };
    }
  }

  /** Forgets ended clients with nothing waiting, and the documents not used for longest. */
  async tidy(): Promise<void> {
    if (this.tidied) return;
    this.tidied = true;
    for (const { value } of await this.read([`${this.root}|client|`])) {
      const { clientId } = value as ClientRecord;
      if (clientId === this.ownId) continue;
      const unlock = await this.lock(clientId);
      if (unlock === null) continue;
      await this.absorb(clientId);
      unlock();
    }
    const own = (await this.queues()).filter(({ clientId, waiting }) => clientId === this.ownId && !waiting);
    const old = own.sort((a, b) => b.usedAt - a.usedAt).slice(cachedDocumentsMax);
    for (const { documentId, clientId } of old) {
      const keys = (['queue', 'text', 'step'] as const).map((kind) => this.key(kind, documentId, clientId));
      const records = await this.read(keys);
      await this.write(records.map(({ key }) => ({ key, remove: true })));
    }
  }

  private async attempt<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      const result = await answered(work());
      // Without an id of its own nothing is kept, however well the disk works.
      if (this.ownId !== null) this.setStatus('on', null);
      return result;
    } catch (error) {
      this.fail(error);
      return otherwise;
    }
  }

  private fail(error: unknown): void {
    this.setStatus('failed', storageErrorOf(error));
  }

  private setStatus(status: StorageStatus, error: CoeditError | null): void {
    const { status: before } = this;
    this.status = status;
    this.error = error;
    if (status !== before) this.changed();
  }
}

interface Claim {
  readonly clientId: string;
  /** Its last connection. */
  readonly attempt: number;
  /** Null where the id is not held, so that nothing may be kept under it. */
  readonly unlock: (() => void) | null;
}

/** One client, held. */
class KeptClient implements Keeper {
  readonly clientId: Promise<string>;
  private readonly journals = new Map<string, DocumentJournal>();
  private readonly access: JournalAccess;
  private readonly unlisten: () => void;
  private attempt = 0;
  /** Ended clients with edits waiting, seen once. */
  private seen = new Set<string>();
  private looked = false;

  constructor(
    private readonly clients: KeptClients,
    private readonly claim: Promise<Claim>,
    private readonly isOwn: boolean,
  ) {
    this.clientId = claim.then(({ clientId }) => clientId);
    // Nothing is kept under an id that another page may have.
    this.access = {
      key: (kind, documentId, clientId) => clients.key(kind, documentId, clientId),
      read: (prefixes) => clients.read(prefixes),
      write: async (changes) => {
        if ((await this.claim).unlock === null) return false;
        await clients.copying;
        return clients.write(changes);
      },
    };
    this.unlisten = this.listenToPage();
  }

  get status(): StorageStatus {
    return this.clients.status;
  }
  get error(): CoeditError | null {
    return this.clients.error;
  }

  async nextAttempt(): Promise<number> {
    const { clientId, attempt, unlock } = await this.claim;
    this.attempt = Math.max(this.attempt, attempt) + 1;
    if (unlock !== null) await this.clients.noteAttempt(clientId, this.attempt);
    return this.attempt;
  }

  journal(documentId: string): Journal {
    let journal = this.journals.get(documentId);
    if (journal === undefined) {
      journal = new DocumentJournal(documentId, this.clientId, this.access);
      if (this.isOwn) this.clients.open.add(documentId);
      this.journals.set(documentId, journal);
    }
    return journal;
  }

  async waiting(): Promise<readonly string[]> {
    const own = await this.clientId;
    await this.settled();
    const queues = await this.clients.queues();
    return queues.filter(({ waiting, clientId }) => waiting && clientId === own).map(({ documentId }) => documentId);
  }

  copies(documentId?: string): Promise<readonly SavedCopy[]> {
    return this.clients.copies(documentId);
  }

  keepCopy(documentId: string, { reason, message, document, pending, base }: Stranded): string {
    // In the order in which they were made, and never twice the same.
    const id = `${Date.now().toString(36).padStart(9, '0')}${Math.random().toString(36).slice(2, 10)}`;
    const value: CopyRecord = { documentId, reason, message, document: document.ops, pending: pending.ops, base: base.ops };
    const written = this.clients.write([{ key: this.clients.copyKey(documentId, id), value }]);
    this.clients.copying = Promise.all([this.clients.copying, written]);
    return id;
  }

  dropCopy(id: string): void {
    void this.clients.copying.then(() => this.clients.copies()).then((copies) => {
      const copy = copies.find((each) => each.id === id);
      if (copy !== undefined) void this.clients.write([{ key: this.clients.copyKey(copy.documentId, id), remove: true }]);
    });
  }

  async orphans(): Promise<readonly Keeper[]> {
    if ((await this.claim).unlock === null) return [];
    const first = !this.looked;
    this.looked = true;
    // Not at the start, when documents are read that others left.
    if (!first) await this.clients.tidy();
    const orphans: Keeper[] = [];
    const seen = new Set<string>();
    for (const clientId of await this.clients.waitingElsewhere()) {
      const unlock = await this.clients.lock(clientId);
      if (unlock === null) continue;
      if (first || this.seen.has(clientId)) {
        const attempt = await this.clients.attemptOf(clientId);
        orphans.push(new KeptClient(this.clients, Promise.resolve({ clientId, attempt, unlock }), false));
      } else {
        seen.add(clientId);
        unlock();
      }
    }
    this.seen = seen;
    return orphans;
  }

  async release(): Promise<void> {
    const { clientId, unlock } = await this.claim;
    await this.settled();
    this.unlisten();
    for (const journal of this.journals.values()) journal.stop();
    if (!this.isOwn) await this.clients.absorb(clientId);
    unlock?.();
  }

  private async settled(): Promise<void> {
    await Promise.all([...this.journals.values()].map((journal) => journal.settled()));
  }

  private listenToPage(): () => void {
    const page = globalThis as Partial<Pick<Window, 'addEventListener' | 'removeEventListener' | 'document'>>;
    if (page.addEventListener === undefined || page.document === undefined) return () => undefined;
    const hurry = (): void => {
      for (const journal of this.journals.values()) journal.hurry();
    };
    page.addEventListener('pagehide', hurry);
    page.document.addEventListener('visibilitychange', hurry);
    return () => {
      page.removeEventListener?.('pagehide', hurry);
      page.document?.removeEventListener('visibilitychange', hurry);
    };
  }
}
