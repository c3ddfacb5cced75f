// What is measured, once for all peers; a peer is a set of functions (operational.mjs, replicas.mjs).
import { createHash } from 'node:crypto';

export const sha256 = (text) => createHash('sha256').update(text, 'utf8').digest('hex');

// No run may take longer than this, and none follows once the runs took `enoughMs` together; both
// without preparation and checks.
const caseMsMax = 4000;
const enoughMs = 900;
const runsMax = 5;
// Short ones are repeated until the compiler has seen enough of them.
const warmMs = 150;
const warmRunsMax = 60;

class Stopped extends Error {}

// Processor time of the process: what garbage collection and compilation spend on other threads
// counts too, as the machine has to do it.
function processorMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Ends a run that takes too long; called once per edit. */
export class Deadline {
  constructor() {
    this.begin = processorMs();
    this.calls = 0;
  }
  look() {
    if ((++this.calls & 255) === 0 && processorMs() - this.begin > caseMsMax) throw new Stopped();
  }
}

// Runs `run(prepared, deadline)` a few times, hands every outcome to `check`, returns the median ms.
function measure(prepare, run, check) {
  const times = [];
  let total = 0;
  const more = () =>
    times.length === 0 ||
    (total < enoughMs && times.length < runsMax) ||
    (total < warmMs && times.length < warmRunsMax);
  while (more()) {
    const prepared = prepare();
    const begin = processorMs();
    let outcome;
    try {
      outcome = run(prepared, new Deadline());
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      return { ms: processorMs() - begin, runs: 1, stopped: true };
    }
    const ms = processorMs() - begin;
    check(outcome);
    times.push(ms);
    total += ms;
  }
  times.sort((a, b) => a - b);
  return { ms: times[times.length >> 1], runs: times.length };
}

function expect(actual, expected, what) {
  if (actual !== expected) throw new Error(`wrong outcome: ${what}`);
}

function replayCase(peer, replay) {
  return measure(
    () => peer.create(''),
    (document, deadline) => peer.replay(document, replay.patches, deadline),
    (document) => expect(sha256(peer.text(document)), replay.final, 'text after the replay'),
  );
}

function richCase(peer, replay) {
  return measure(
    () => peer.create(''),
    (document, deadline) => peer.replayRich(document, replay.rich, deadline),
    (document) => expect(sha256(peer.canonical(document)), replay.richFinal, 'formatted text after the replay'),
  );
}

function pairsCase(peer, { text, pairs, compose }) {
  const ready = pairs.map(({ left, right, final }) => {
    const first = peer.delta(left, text.length);
    const after = peer.length(first, text.length);
    return { left: first, right: peer.delta(right, compose ? after : text.length), final };
  });
  const run = ({ left, right }) => (compose ? peer.compose(left, right) : peer.transform(right, left));
  for (const pair of ready) {
    let document = peer.create(text);
    if (!compose) document = peer.apply(document, pair.left);
    expect(sha256(peer.text(peer.apply(document, run(pair)))), pair.final, 'text');
  }
  let rounds = 1;
  const all = () => {
    for (let round = 0; round < rounds; ++round) for (const pair of ready) run(pair);
  };
  // Twice as often until it takes long enough; that warms the compiler up as well.
  for (;;) {
    const begin = processorMs();
    all();
    if (processorMs() - begin > 40) break;
    rounds *= 2;
  }
  const timing = measure(() => null, all, () => {});
  return { ...timing, ms: timing.ms / rounds / ready.length };
}

function composeLogCase(peer, replay) {
  const log = peer.log(replay.patches);
  return measure(
    () => null,
    (_, deadline) => composeTree(peer, log, deadline),
    (composed) => expect(sha256(peer.text(peer.apply(peer.create(''), composed))), replay.final, 'text'),
  );
}

export function composeTree(peer, log, deadline) {
  let level = log;
  while (level.length > 1) {
    const next = [];
    for (let i = 0; i + 1 < level.length; i += 2) {
      next.push(peer.compose(level[i], level[i + 1]));
      deadline.look();
    }
    if (level.length % 2 === 1) next.push(level[level.length - 1]);
    level = next;
  }
  return level[0];
}

// An operational peer must reach our text. A replicated one has its own rule for ties: it must reach
// the text that another of its replicas has.
function sessionCase(peer, session) {
  const prepared = peer.prepareSession(session.operations);
  let ours = true;
  const timing = measure(
    () => peer.create(''),
    (document, deadline) => peer.serve(document, prepared, deadline),
    (document) => {
      const text = peer.text(document);
      if (peer.replicated) expect(text, prepared.text, 'replicas differ');
      else expect(sha256(text), session.final, 'text of the session');
      ours = sha256(text) === session.final;
    },
  );
  // Of a run that was stopped this is less than the truth, as all figures of such runs are.
  return { ...timing, ms: timing.ms / session.operations.length, sameText: ours };
}

// Whole branches meet at many places where text was deleted, and there each peer has its own rule:
// the text must be the one that the peer reaches the other way round.
function mergeCase(peer, merge) {
  const prepared = peer.prepareMerge(merge);
  let ours = true;
  const timing = measure(
    () => peer.mergeTarget(prepared),
    (target, deadline) => peer.merge(target, prepared, deadline),
    (document) => {
      const text = peer.text(document);
      expect(text, prepared.text, 'the two ways round differ');
      ours = sha256(text) === merge.final;
    },
  );
  return { ...timing, sameText: ours };
}

function memoryCase(peer, replay) {
  const used = () => {
    globalThis.gc();
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  const document = peer.replay(peer.create(''), replay.patches, { look() {} });
  const bytes = used() - before;
  const text = peer.text(document);
  expect(sha256(text), replay.final, 'text after the replay');
  return { ratio: bytes / Buffer.byteLength(text), runs: 1 };
}

/** Every case as { name, run(peer) }; `needs` names the function a peer must have. */
export function listCases(inputs) {
  const cases = [];
  const add = (name, needs, run) => cases.push({ name, needs, run });
  for (const pairs of inputs.pairs) {
    const kind = pairs.compose ? 'compose' : 'transform';
    add(`${kind} ${pairs.name}`, kind, (peer) => pairsCase(peer, pairs));
  }
  for (const session of inputs.sessions) {
    add(`server step ${session.name}`, 'serve', (peer) => sessionCase(peer, session));
  }
  for (const merge of inputs.merges) {
    add(`offline merge ${merge.edits}`, 'merge', (peer) => mergeCase(peer, merge));
  }
  // Only a long text tells: a heap that collects its garbage moves by some hundred kilobytes.
  const longest = inputs.replays.reduce((a, b) => (b.patches.length > a.patches.length ? b : a));
  add(`memory ${longest.name}`, 'memory', (peer) => memoryCase(peer, longest));
  for (const replay of inputs.replays) {
    add(`replay ${replay.name}`, 'replay', (peer) => replayCase(peer, replay));
    add(`replay ${replay.name}, rich`, 'replayRich', (peer) => richCase(peer, replay));
    add(`compose log ${replay.name}`, 'compose', (peer) => composeLogCase(peer, replay));
  }
  return cases;
}
