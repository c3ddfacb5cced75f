import { describe, expect, test } from 'vitest';
import { Delta, sameDelta } from '../src/delta.js';
import type { Opened } from '../src/messages.js';
import { extendDigest } from '../src/replica_digest.js';
import { type SubmitLimits } from '../src/split.js';
import {
  type DocumentEvent,
  type DocumentState,
  type Effect,
  hasPending,
  initialState,
  pendingOf,
  step,
} from '../src/state.js';
import { Random, breathe, randomEdit, seedOfRun } from './support/random.js';
import { MemoryServer, type MemoryServerOptions } from '../src/testing.js';
import type { MemorySession } from '../src/testing_session.js';

const unlimited: SubmitLimits = {
  deltaComponents: 4096,
  messageBytes: 262144,
  measure: (delta) => JSON.stringify(delta).length,
};

const at = (n: number): Delta => (n > 0 ? new Delta().retain(n) : new Delta());
const insert = (position: number, text: string): Delta => at(position).insert(text);
const remove = (position: number, length: number): Delta => at(position).delete(length);
const doc = (text: string): Delta => new Delta().insert(text);
const digest = (revision: number): string => revision.toString(16).padStart(8, '0');

/** Where it has commits alone, they lead from revision 0. */
function opened(fields: Partial<Opened>): Opened {
  const { revision = 0, commits = [], composed } = fields;
  const led = commits.reduce((before, { author, delta }) => extendDigest(before, author, delta), digest(0));
  return {
    request: 1,
    channel: 1,
    document: 'd',
    type: 'rich-text',
    epoch: 'e',
    revision: 0,
    digest: commits.length > 0 && composed === undefined ? led : digest(revision),
    role: 'writer',
    author: 1,
    lastSequence: 0,
    authors: [],
    members: [],
    ...fields,
  };
}

const commit = (revision: number, delta: Delta, author = 2, sequence = revision) => ({
  revision,
  author,
  sequence,
  delta,
});

/** Runs events one after another; gives the last state and all effects. */
function play(events: readonly DocumentEvent[], start = initialState, limits = unlimited): { state: DocumentState; effects: Effect[] } {
  let state = start;
  const effects: Effect[] = [];
  for (const event of events) {
    const next = step(state, event, limits);
    state = next.state;
    effects.push(...next.effects);
  }
  return { state, effects };
}

const open = (text: string): DocumentState => play([{ kind: 'opened', opened: opened({ snapshot: doc(text) }) }]).state;
const of = <K extends Effect['kind']>(effects: readonly Effect[], kind: K): Extract<Effect, { kind: K }>[] =>
  effects.filter((effect): effect is Extract<Effect, { kind: K }> => effect.kind === kind);

describe('three states', () => {
  test('an edit goes out at once; what follows waits and leaves as one', () => {
    const first = play([{ kind: 'edit', delta: insert(0, 'a') }], open('\n'));
    expect(first.effects).toEqual([{ kind: 'submit', sequence: 1, revision: 0, delta: insert(0, 'a') }]);
    const typed = play([{ kind: 'edit', delta: insert(1, 'b') }, { kind: 'edit', delta: insert(2, 'c') }], first.state);
    expect(typed.effects).toEqual([]);
    const acked = play([{ kind: 'ack', sequence: 1, revision: 1 }], typed.state);
    expect(of(acked.effects, 'submit')).toEqual([{ kind: 'submit', sequence: 2, revision: 1, delta: insert(1, 'bc') }]);
    const done = play([{ kind: 'ack', sequence: 2, revision: 2 }], acked.state);
    expect(hasPending(done.state)).toBe(false);
    expect(done.state.confirmed).toEqual(doc('abc\n'));
    expect(done.state.view).toEqual(doc('abc\n'));
  });

  test('at one spot what was committed first stands left', () => {
    const { state, effects } = play(
      [
        { kind: 'edit', delta: insert(1, 'M') },
        { kind: 'edit', delta: insert(2, 'N') },
        { kind: 'committed', commit: commit(1, insert(1, 'xy')) },
      ],
      open('a\n'),
    );
    expect(state.view).toEqual(doc('axyMN\n'));
    expect(of(effects, 'change')).toEqual([{ kind: 'change', delta: insert(1, 'xy'), source: 'remote' }]);
    // Sent is frozen, local is carried.
    expect(state.inFlight?.sent).toEqual(insert(1, 'M'));
    expect(state.inFlight?.local).toEqual(insert(3, 'M'));
  });

  test('an operation that becomes empty is still acknowledged; an empty buffer is not sent', () => {
    const { state, effects } = play(
      [
        { kind: 'edit', delta: remove(0, 1) },
        { kind: 'edit', delta: remove(0, 1) },
        { kind: 'committed', commit: commit(1, remove(0, 2)) },
        { kind: 'ack', sequence: 1, revision: 2 },
      ],
      open('ab\n'),
    );
    expect(of(effects, 'submit')).toHaveLength(1);
    expect(state.known?.revision).toBe(2);
    expect(hasPending(state)).toBe(false);
    expect(state.view).toEqual(doc('\n'));
  });

  test('a buffer over the limits goes in parts', () => {
    const limits = { ...unlimited, messageBytes: 60 };
    const text = '😀'.repeat(40);
    let { state, effects } = play([{ kind: 'edit', delta: insert(0, text) }], open('\n'), limits);
    let revision = 0;
    while (state.inFlight !== null) {
      const ack: DocumentEvent = { kind: 'ack', sequence: state.inFlight.sequence, revision: ++revision };
      const next = play([ack], state, limits);
      state = next.state;
      effects = [...effects, ...next.effects];
    }
    const submits = of(effects, 'submit');
    expect(submits.length).toBeGreaterThan(2);
    for (const { delta } of submits) expect(limits.measure(delta)).toBeLessThanOrEqual(60);
    expect(submits.reduce((text, { delta }) => text.compose(delta), doc('\n'))).toEqual(doc(`${text}\n`));
    expect(state.confirmed).toEqual(doc(`${text}\n`));
  });
});

describe('refusal', () => {
  const start = play(
    [
      { kind: 'edit', delta: insert(1, 'BAD') },
      { kind: 'edit', delta: insert(4, 'good').insert('', {}) },
      { kind: 'edit', delta: remove(2, 1) },
    ],
    open('a\n'),
  ).state;

  test('the refused edit leaves the view, what was typed behind it stays and is sent', () => {
    const { state, effects } = play([{ kind: 'rejected', sequence: 1, code: 'document_limit', text: 'full' }], start);
    expect(state.view).toEqual(doc('agood\n'));
    expect(of(effects, 'rejected')).toEqual([{ kind: 'rejected', code: 'document_limit', text: 'full', delta: insert(1, 'BAD') }]);
    expect(of(effects, 'recovery')[0]?.recovery.document).toEqual(doc('aBDgood\n'));
    expect(of(effects, 'submit')).toEqual([{ kind: 'submit', sequence: 2, revision: 0, delta: insert(1, 'good') }]);
    expect(of(effects, 'change')[0]?.source).toBe('rollback');
    // The change leads from the view before to the view after.
    expect(start.view.compose(of(effects, 'change')[0]?.delta as Delta)).toEqual(state.view);
  });

  test('without the right to write all pending edits become a copy', () => {
    const { state, effects } = play([{ kind: 'rejected', sequence: 1, code: 'forbidden', text: 'reader' }], start);
    expect(state.view).toEqual(doc('a\n'));
    expect(hasPending(state)).toBe(false);
    expect(of(effects, 'submit')).toEqual([]);
    const [recovery] = of(effects, 'recovery');
    expect(doc('a\n').compose(recovery?.recovery.pending as Delta)).toEqual(doc('aBDgood\n'));
  });

  test('a component that can never be sent is taken back and handed out', () => {
    const { state, effects } = play([{ kind: 'edit', delta: new Delta().insert({ image: 'x'.repeat(99) }) }], open('a\n'), {
      ...unlimited,
      messageBytes: 60,
    });
    expect(state.view).toEqual(doc('a\n'));
    expect(of(effects, 'recovery')[0]?.recovery.reason).toBe('too_big');
  });
});

describe('resume', () => {
  const pending = play(
    [{ kind: 'edit', delta: insert(0, 'X') }, { kind: 'edit', delta: insert(1, 'Y') }, { kind: 'lost' }],
    open('a\n'),
  ).state;

  test('edits while the connection is lost are kept and not sent', () => {
    const { state, effects } = play([{ kind: 'edit', delta: insert(2, 'Z') }], pending);
    expect(effects).toEqual([]);
    expect(state.view).toEqual(doc('XYZa\n'));
  });

  test('committed: the own commit in the gap is the ack', () => {
    const commits = [commit(1, insert(0, '1')), commit(2, insert(1, 'X'), 1, 1), commit(3, insert(0, '3'))];
    const { state, effects } = play(
      [{ kind: 'opened', opened: opened({ revision: 3, lastSequence: 1, commits, inFlight: { sequence: 1, committed: true, revision: 2 } }) }],
      pending,
    );
    expect(state.confirmed).toEqual(doc('31Xa\n'));
    expect(state.view).toEqual(doc('31XYa\n'));
    expect(of(effects, 'submit')).toEqual([{ kind: 'submit', sequence: 2, revision: 3, delta: insert(3, 'Y') }]);
    expect(pending.view.compose(of(effects, 'change')[0]?.delta as Delta)).toEqual(state.view);
  });

  test('never: it goes out again at the head, under a new sequence, with what followed it', () => {
    const { state, effects } = play(
      [{ kind: 'opened', opened: opened({ revision: 1, commits: [commit(1, insert(0, '1'))], inFlight: { sequence: 1, committed: false } }) }],
      pending,
    );
    expect(of(effects, 'submit')).toEqual([{ kind: 'submit', sequence: 2, revision: 1, delta: insert(1, 'XY') }]);
    expect(state.view).toEqual(doc('1XYa\n'));
  });

  test('a composed gap behind single commits', () => {
    const { state } = play(
      [
        {
          kind: 'opened',
          opened: opened({
            revision: 9,
            lastSequence: 1,
            commits: [commit(1, insert(0, 'X'), 1, 1)],
            composed: insert(0, '89'),
            inFlight: { sequence: 1, committed: true, revision: 1 },
          }),
        },
      ],
      pending,
    );
    expect(state.view).toEqual(doc('89XYa\n'));
    expect(state.known).toEqual({ epoch: 'e', revision: 9, digest: digest(9) });
  });

  test('sequences of an earlier life are not used again', () => {
    const { effects } = play(
      [
        { kind: 'opened', opened: opened({ snapshot: doc('\n'), lastSequence: 41 }) },
        { kind: 'edit', delta: insert(0, 'a') },
      ],
    );
    expect(of(effects, 'submit')[0]?.sequence).toBe(42);
  });

  test.each([
    ['committed', { sequence: 1, committed: true, revision: 5 }, doc('Xab\n'), 'Y', doc('XYab\n')],
    ['never', { sequence: 1, committed: false }, doc('ab\n'), 'XY', doc('XYab\n')],
  ] as const)('beyond the horizon, in flight %s: the difference stands for the gap', (_, inFlight, snapshot, sent, view) => {
    const { state, effects } = play([{ kind: 'opened', opened: opened({ revision: 9, snapshot, inFlight }) }], pending);
    expect(state.view).toEqual(view);
    expect(of(effects, 'submit')[0]?.delta.ops.at(-1)).toEqual({ insert: sent });
    expect(of(effects, 'recovery')).toEqual([]);
  });

  test.each([
    ['another epoch', opened({ epoch: 'f', revision: 9, snapshot: doc('other\n') }), false],
    ['a head behind', opened({ revision: 3, snapshot: doc('other\n') }), false],
    ['another digest', opened({ revision: 5, digest: 'ffffffff', snapshot: doc('other\n') }), false],
    ['the server said so', opened({ revision: 9, snapshot: doc('other\n') }), true],
  ])('%s: a recovery copy and the text of the server', (_, answer, foreign) => {
    const five = play(
      [{ kind: 'opened', opened: opened({ revision: 5, snapshot: doc('a\n') }) }, { kind: 'edit', delta: insert(0, 'X') }, { kind: 'lost' }],
    ).state;
    const { state, effects } = play([{ kind: 'opened', opened: answer, foreign }], five);
    expect(state.view).toEqual(doc('other\n'));
    expect(hasPending(state)).toBe(false);
    const [recovery] = of(effects, 'recovery');
    expect(recovery?.recovery).toMatchObject({ reason: 'epoch', document: doc('Xa\n'), pending: insert(0, 'X') });
    expect(five.view.compose(of(effects, 'change')[0]?.delta as Delta)).toEqual(state.view);
  });

  test('a state that lags behind what was sent under its id: its edits are handed out, never sent again', () => {
    const commits = [commit(1, insert(0, 'X'), 1, 1), commit(2, insert(1, 'Y'), 1, 2)];
    const { state, effects } = play(
      [{ kind: 'opened', opened: opened({ revision: 2, lastSequence: 2, commits, inFlight: { sequence: 1, committed: true, revision: 1 } }) }],
      pending,
    );
    expect(of(effects, 'recovery')[0]?.recovery).toMatchObject({ reason: 'stale', pending: insert(0, 'XY'), document: doc('XYa\n') });
    expect(of(effects, 'submit')).toEqual([]);
    expect([state.view, hasPending(state), state.nextSequence]).toEqual([doc('XYa\n'), false, 3]);
    const told = of(effects, 'change').reduce((view, { delta }) => view.compose(delta), pending.view);
    expect(told).toEqual(state.view);
  });

  test('a document that can never take the edits: they leave the view', () => {
    const { state, effects } = play([{ kind: 'stranded', reason: 'no_such_document', message: 'gone' }], pending);
    expect(of(effects, 'recovery')[0]?.recovery).toMatchObject({ reason: 'no_such_document', pending: insert(0, 'XY') });
    expect([state.view, hasPending(state)]).toEqual([doc('a\n'), false]);
    expect(play([{ kind: 'stranded', reason: 'x', message: '' }], state).effects).toEqual([]);
  });

  test.each<[string, DocumentEvent, boolean]>([
    ['a gap', { kind: 'committed', commit: commit(2, insert(0, 'x')) }, false],
    ['an ack out of order', { kind: 'ack', sequence: 1, revision: 7 }, false],
    ['a commit past the end', { kind: 'committed', commit: commit(1, remove(0, 99)) }, true],
    ['commits that end elsewhere', { kind: 'opened', opened: opened({ revision: 5, commits: [] }) }, true],
    [
      'commits that lead to another digest',
      { kind: 'opened', opened: opened({ revision: 1, commits: [commit(1, insert(0, 'x'))], digest: 'ffffffff', inFlight: { sequence: 1, committed: false } }) },
      true,
    ],
    ['a fate without its commit', { kind: 'opened', opened: opened({ commits: [], inFlight: { sequence: 1, committed: true } }) }, true],
  ])('%s reopens and keeps everything', (_, event, fresh) => {
    const start = play([{ kind: 'edit', delta: insert(0, 'X') }], open('a\n')).state;
    const { state, effects } = play([event], start);
    expect(effects).toMatchObject([{ kind: 'reopen', fresh }]);
    expect(state).toEqual({ ...start, live: false });
  });
});

// ---- the property: any interleaving ends in one text ----

/** One client on one connection to the model, with queues for delay in both directions. */
class Simulated {
  state = initialState;
  readonly clientId: string;
  recoveries = 0;
  refused = 0;
  private peer: MemorySession | null = null;
  private toServer: (() => void)[] = [];
  private toClient: (() => void)[] = [];
  private attempt = 0;
  private foreign = false;
  private fresh = false;
  private readonly sent = new Map<number, string>();

  constructor(
    readonly name: number,
    private readonly server: MemoryServer,
    private readonly limits: SubmitLimits,
  ) {
    this.clientId = name.toString(16).padStart(32, '0');
  }

  get connected(): boolean {
    return this.peer !== null && !this.peer.closed;
  }
  get idle(): boolean {
    return this.toServer.length + this.toClient.length === 0;
  }

  connect(): void {
    this.drop(new Random(1));
    const queue: (() => void)[] = [];
    const peer = this.server.connect((message) => {
      queue.push(() => {
        if (message.kind === 'opened') {
          const { foreign } = this;
          this.foreign = this.fresh = false;
          this.event({ kind: 'opened', opened: message.value, foreign });
        } else if (message.kind === 'refused') {
          expect(message.value.code).toBe('resync');
          this.foreign = this.fresh = true;
          this.ask();
        } else if (message.kind === 'committed') this.event({ kind: 'committed', commit: message.value });
        else if (message.kind === 'ack') this.event({ kind: 'ack', ...message.value });
        else if (message.kind === 'rejected') this.event({ kind: 'rejected', ...message.value });
      });
    });
    this.toClient = queue;
    this.peer = peer;
    this.send({
      kind: 'hello',
      value: { protocol: 1, clientId: this.clientId, attempt: ++this.attempt, sdk: 't', capabilities: [] },
    });
    this.ask();
  }

  private ask(): void {
    const { known, inFlight } = this.state;
    this.send({
      kind: 'open',
      value: {
        request: 1,
        document: 'd',
        composed: true,
        ...(known === null || this.fresh ? {} : { known: { ...known } }),
        ...(inFlight === null ? {} : { inFlight: inFlight.sequence }),
      },
    });
  }

  private send(message: Parameters<MemorySession['receive']>[0]): void {
    const { peer } = this;
    this.toServer.push(() => peer?.receive(message));
  }

  /** The connection breaks; a part of what was under way still arrives. */
  drop(random: Random): void {
    if (this.peer === null) return;
    for (let arrive = random.below(this.toServer.length + 1); arrive > 0; arrive--) this.toServer.shift()?.();
    this.toServer = [];
    this.toClient = [];
    this.peer.drop();
    this.peer = null;
    this.event({ kind: 'lost' });
  }

  edit(random: Random): void {
    if (this.state.known === null) return;
    this.event({ kind: 'edit', delta: randomEdit(random, this.state.view) });
  }

  deliverOne(random: Random): void {
    (random.chance(0.5) ? this.toServer : this.toClient).shift()?.();
  }

  deliverAll(): void {
    while (!this.idle) {
      this.toServer.shift()?.();
      this.toClient.shift()?.();
    }
  }

  private event(event: DocumentEvent): void {
    const before = this.state;
    const { state, effects } = step(before, event, this.limits);
    this.state = state;
    // The view is what its parts say, and the changes told lead to it.
    expect(sameDelta(state.view, state.confirmed.compose(pendingOf(state)))).toBe(true);
    let view = event.kind === 'edit' ? before.view.compose(event.delta) : before.known === null ? state.view : before.view;
    for (const effect of effects) {
      if (effect.kind === 'change') view = view.compose(effect.delta);
      if (effect.kind === 'recovery') this.recoveries++;
      if (effect.kind === 'rejected') this.refused++;
      if (effect.kind === 'reopen') throw new Error(`reopen: ${effect.why}`);
      if (effect.kind === 'submit') {
        expect(this.sent.has(effect.sequence)).toBe(false);
        this.sent.set(effect.sequence, JSON.stringify(effect.delta));
        expect(this.limits.measure(effect.delta)).toBeLessThanOrEqual(this.limits.messageBytes);
        this.send({ kind: 'submit', value: { channel: 1, sequence: effect.sequence, revision: effect.revision, delta: effect.delta } });
      }
    }
    expect(sameDelta(view, state.view)).toBe(true);
    if (state.inFlight !== null) {
      expect(JSON.stringify(state.inFlight.sent)).toBe(this.sent.get(state.inFlight.sequence));
    }
  }
}

interface Weather {
  readonly options: (random: Random) => MemoryServerOptions;
  readonly crashes?: boolean;
  readonly restores?: boolean;
  readonly limits?: SubmitLimits;
}

function session(seed: number, { options, crashes = false, restores = false, limits = unlimited }: Weather): { refused: number; commits: number; recoveries: number } {
  const random = new Random(seed);
  const server = new MemoryServer({ immediate: false, ...options(random) });
  const document = server.create('d', 'rich-text', new Delta().insert('ab😀c\n'));
  const clients = Array.from({ length: 2 + random.below(3) }, (_, i) => new Simulated(i + 1, server, limits));
  for (const client of clients) client.connect();
  for (let turn = 0; turn < 250; turn++) {
    const client = random.pick(clients);
    const dice = random.below(40);
    if (dice < 12) client.edit(random);
    else if (dice < 32) client.deliverOne(random);
    else if (dice < 36) server.gate();
    else if (dice === 36) client.drop(random);
    else if (dice < 39 && !client.connected) client.connect();
    else if (dice === 39 && random.chance(0.2)) {
      if (crashes) server.crash();
      if (restores && random.chance(0.3)) {
        server.crash();
        document.restore(random.below(document.commits.length + 1));
      }
    }
  }
  for (const client of clients) client.drop(random);
  for (const client of clients) client.connect();
  for (let round = 0; clients.some((client) => !client.idle || hasPending(client.state) || !client.state.live); round++) {
    if (round > 500) throw new Error('no quiescence');
    for (const client of clients) client.deliverAll();
    server.gate();
  }
  expect(server.unexpected).toEqual([]);
  for (const { state } of clients) {
    expect(sameDelta(state.view, document.delta)).toBe(true);
    expect(state.known).toEqual({ epoch: document.epoch, revision: document.commits.length, digest: document.commits.at(-1)?.digest ?? '00000000' });
  }
  const last = new Map<number, number>();
  for (const { author, sequence } of document.commits) {
    expect(sequence).toBeGreaterThan(last.get(author) ?? 0);
    last.set(author, sequence);
  }
  return {
    refused: clients.reduce((n, client) => n + client.refused, 0),
    recoveries: clients.reduce((n, client) => n + client.recoveries, 0),
    commits: document.commits.length,
  };
}

const weathers: [string, Weather][] = [
  ['delay, drops and reconnects', { options: () => ({}) }],
  ['crashes that forget what was not durable', { options: () => ({}), crashes: true }],
  ['composed gaps', { options: (random) => ({ compose: () => random.chance(0.7) }), crashes: true }],
  ['snapshots instead of commits', { options: (random) => ({ horizon: () => (random.chance(0.5) ? 1e9 : 0) }) }],
  [
    'refused operations with a buffer behind',
    {
      options: (random) => ({
        compose: () => random.chance(0.3),
        refuse: () => (random.chance(0.15) ? { code: random.chance(0.2) ? 'forbidden' : 'document_limit', text: 'no' } : null),
      }),
      crashes: true,
    },
  ],
  ['restored backups', { options: () => ({}), restores: true }],
  [
    'everything at once, under tight limits',
    {
      options: (random) => ({
        compose: () => random.chance(0.5),
        horizon: () => (random.chance(0.2) ? 1e9 : 0),
        refuse: () => (random.chance(0.05) ? { code: 'too_complex', text: 'no' } : null),
      }),
      crashes: true,
      restores: true,
      limits: { deltaComponents: 5, messageBytes: 130, measure: (delta) => JSON.stringify(delta).length },
    },
  ],
];

/** Of each weather; `SESSIONS=2000` for a long run. */
const sessions = Number(process.env['SESSIONS'] ?? 60);

describe('any interleaving ends in one text', () => {
  test.each(weathers)('%s', async (name, weather) => {
    const base = seedOfRun();
    console.log(`${name}: SEED=${base}`);
    let refused = 0;
    let commits = 0;
    let recoveries = 0;
    for (let i = 0; i < sessions; i++) {
      const seed = base + i;
      await breathe();
      try {
        const result = session(seed, weather);
        refused += result.refused;
        commits += result.commits;
        recoveries += result.recoveries;
      } catch (error) {
        throw new Error(`SEED=${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    }
    console.log(`  ${commits} commits, ${refused} refused, ${recoveries} recovery copies`);
    expect(commits).toBeGreaterThan(sessions * 5);
  });
});
