// The client's half of operational transformation for one document, as a pure function:
// step(state, event) -> { state, effects }.
//
//   confirmed --- in flight ---> . --- buffer ---> view
//
// Three states by what is pending: synchronised (nothing), awaiting (in flight), buffering (in
// flight and buffer). What was sent is frozen: `sent` never changes, `local` is the same operation
// carried over what has been committed since. A remote commit walks down the diamond:
//
//   confirmed --- in flight ---> . --- buffer ---> view
//       |                        |                  |
//     commit                     .              change of the view
//       v                        v                  v
//   confirmed' -- in flight' --> . --- buffer' --> view'
//
// The committed side always stands left. An operation is never sent twice: a lost connection is
// followed by `opened`, which states its fate, and what never committed goes out under a new
// sequence at the head.
import {
  Delta,
  baseLength,
  emptyDelta,
  isEmpty,
  overCommitted,
  overPending,
} from './delta.js';
import { diffDocuments } from './diff.js';
import type { Commit, Opened } from './messages.js';
import { extendDigest } from './replica_digest.js';
import { type SubmitLimits, splitToFit } from './split.js';

/** A point of the document's history. */
export interface Known {
  readonly epoch: string;
  readonly revision: number;
  /** As the server named it in `opened`, and from there on as it follows from the commits. */
  readonly digest: string;
}

export interface InFlight {
  readonly sequence: number;
  /** The operation as sent, on revision `base`. */
  readonly base: number;
  readonly sent: Delta;
  /** The same operation on the confirmed text. */
  readonly local: Delta;
}

export interface DocumentState {
  /** Whether a channel is open, so that operations may be sent. */
  readonly live: boolean;
  /** Null until the document was opened once. */
  readonly known: Known | null;
  /** Own author number; 0 until opened. */
  readonly author: number;
  readonly nextSequence: number;
  /** The text at `known`. */
  readonly confirmed: Delta;
  readonly inFlight: InFlight | null;
  /** Edits not sent yet, on confirmed + in flight; empty for none. */
  readonly buffer: Delta;
  /** What the user sees: confirmed + in flight + buffer. */
  readonly view: Delta;
}

export const initialState: DocumentState = {
  live: false,
  known: null,
  author: 0,
  nextSequence: 1,
  confirmed: emptyDelta,
  inFlight: null,
  buffer: emptyDelta,
  view: emptyDelta,
};

export type DocumentEvent =
  /** The user's own edit, on the view; checked and in normal form. */
  | { readonly kind: 'edit'; readonly delta: Delta }
  | { readonly kind: 'committed'; readonly commit: Commit }
  | { readonly kind: 'ack'; readonly sequence: number; readonly revision: number }
  | { readonly kind: 'rejected'; readonly sequence: number; readonly code: string; readonly text: string }
  /** The channel ended, whatever the reason. */
  | { readonly kind: 'lost' }
  /** The document ended so that its pending edits can never be sent. */
  | { readonly kind: 'stranded'; readonly reason: string; readonly message: string }
  /**
   * The answer to `open`, a snapshot in parts already put together. `foreign`: the server had said
   * that what is known here is not of its history.
   */
  | { readonly kind: 'opened'; readonly opened: Opened; readonly foreign?: boolean };

/** Edits that could not become part of the document. */
export interface Stranded {
  /**
   * The server's code, `epoch` (another history), `too_big`, `closed` (by the application), or
   * `stale` (the edits come from a store that lagged behind what was sent).
   */
  readonly reason: string;
  /** For people. */
  readonly message: string;
  /** The whole local text, all pending edits in it. */
  readonly document: Delta;
  /** The edits in question, on `base`. */
  readonly pending: Delta;
  /** The confirmed text they stand on. */
  readonly base: Delta;
}

export type Effect =
  | { readonly kind: 'submit'; readonly sequence: number; readonly revision: number; readonly delta: Delta }
  /** The view changed by something else than the user's own edit. */
  | { readonly kind: 'change'; readonly delta: Delta; readonly source: ChangeSource }
  /** The confirmed text went forward; `author` null where several authors were composed. */
  | { readonly kind: 'advanced'; readonly delta: Delta; readonly author: number | null; readonly revision: number }
  /** The operation was refused for good and has been rolled back. */
  | { readonly kind: 'rejected'; readonly code: string; readonly text: string; readonly delta: Delta }
  | { readonly kind: 'recovery'; readonly recovery: Stranded }
  /** What the server said does not fit: open again; `fresh` asks for the whole text. */
  | { readonly kind: 'reopen'; readonly fresh: boolean; readonly why: string };

/** Where a change of the view came from. */
export type ChangeSource = 'remote' | 'rollback' | 'reset';

export interface Step {
  readonly state: DocumentState;
  readonly effects: readonly Effect[];
}

/** Whether anything is not durable yet. */
export function hasPending(state: DocumentState): boolean {
  return state.inFlight !== null || !isEmpty(state.buffer);
}

/** All pending edits as one, on the confirmed text. */
export function pendingOf(state: DocumentState): Delta {
  return state.inFlight === null ? state.buffer : state.inFlight.local.compose(state.buffer);
}

/** One event. Pure: the same state, event and limits always give the same answer. */
export function step(state: DocumentState, event: DocumentEvent, limits: SubmitLimits): Step {
  const effects: Effect[] = [];
  const next = react(state, event, effects);
  return { state: submitNext(next, limits, effects), effects };
}

function react(state: DocumentState, event: DocumentEvent, effects: Effect[]): DocumentState {
  switch (event.kind) {
    case 'edit':
      return { ...state, buffer: state.buffer.compose(event.delta), view: state.view.compose(event.delta) };
    case 'committed':
      return state.live ? onCommit(state, event.commit, effects) : state;
    case 'ack':
      return state.live ? onAck(state, event, effects) : state;
    case 'rejected':
      return state.live ? onRejected(state, event, effects) : state;
    case 'lost':
      return { ...state, live: false };
    case 'stranded':
      return hasPending(state) ? withdraw(state, event.reason, event.message, effects) : state;
    case 'opened':
      return onOpened(state, event.opened, event.foreign === true, effects);
  }
}

function reopen(state: DocumentState, fresh: boolean, why: string, effects: Effect[]): DocumentState {
  // Nothing of this step holds: the state stays as it was before.
  effects.length = 0;
  effects.push({ kind: 'reopen', fresh, why });
  return { ...state, live: false };
}

/** Sends the buffer, or the first part of it that fits, when nothing is in flight. */
function submitNext(state: DocumentState, limits: SubmitLimits, effects: Effect[]): DocumentState {
  if (!state.live || state.known === null || state.inFlight !== null || isEmpty(state.buffer)) return state;
  const split = splitToFit(state.buffer, limits);
  if (split === null) {
    return withdraw(state, 'too_big', 'a single component is larger than one message may be', effects);
  }
  const { revision } = state.known;
  const sequence = state.nextSequence;
  effects.push({ kind: 'submit', sequence, revision, delta: split.first });
  return {
    ...state,
    nextSequence: sequence + 1,
    inFlight: { sequence, base: revision, sent: split.first, local: split.first },
    buffer: split.rest,
  };
}

/** Takes all pending edits out of the view and hands them to the application. */
function withdraw(state: DocumentState, reason: string, message: string, effects: Effect[]): DocumentState {
  const pending = pendingOf(state);
  const { confirmed, view } = state;
  effects.push({ kind: 'recovery', recovery: { reason, message, document: view, pending, base: confirmed } });
  const change = pending.invert(confirmed);
  if (!isEmpty(change)) effects.push({ kind: 'change', delta: change, source: 'rollback' });
  return { ...state, inFlight: null, buffer: emptyDelta, view: confirmed };
}

/** Brings something committed by others under the pending edits; the head is set by the caller. */
function integrate(state: DocumentState, committed: Delta, changes: Delta[]): DocumentState {
  const confirmed = state.confirmed.compose(committed);
  let change = committed;
  let inFlight = state.inFlight;
  if (inFlight !== null) {
    const { local } = inFlight;
    inFlight = { ...inFlight, local: overCommitted(local, change) };
    change = overPending(change, local);
  }
  const buffer = overCommitted(state.buffer, change);
  change = overPending(change, state.buffer);
  changes.push(change);
  return { ...state, confirmed, inFlight, buffer, view: state.view.compose(change) };
}

function pushChange(changes: readonly Delta[], source: ChangeSource, effects: Effect[]): void {
  const delta = changes.reduce((all, change) => all.compose(change), emptyDelta);
  if (!isEmpty(delta)) effects.push({ kind: 'change', delta, source });
}

function acknowledge(state: DocumentState, inFlight: InFlight): DocumentState {
  return { ...state, confirmed: state.confirmed.compose(inFlight.local), inFlight: null };
}

/** The point after one more commit. */
function follow({ epoch, revision, digest }: Known, author: number, delta: Delta): Known {
  return { epoch, revision: revision + 1, digest: extendDigest(digest, author, delta) };
}

/** One commit in its place, own or foreign; null when it does not fit what is known. */
function advance(state: DocumentState, commit: Commit, changes: Delta[], effects: Effect[]): DocumentState | null {
  const { known, inFlight } = state;
  if (known === null || commit.revision !== known.revision + 1) return null;
  if (baseLength(commit.delta) > state.confirmed.length()) return null;
  const own = inFlight !== null && commit.author === state.author && commit.sequence === inFlight.sequence;
  const delta = own ? inFlight.local : commit.delta;
  effects.push({ kind: 'advanced', delta, author: commit.author, revision: commit.revision });
  const next = own ? acknowledge(state, inFlight) : integrate(state, delta, changes);
  return { ...next, known: follow(known, commit.author, delta) };
}

function onCommit(state: DocumentState, commit: Commit, effects: Effect[]): DocumentState {
  const changes: Delta[] = [];
  const next = advance(state, commit, changes, effects);
  if (next === null) {
    const gap = commit.revision !== (state.known?.revision ?? -1) + 1;
    return reopen(state, !gap, `commit ${commit.revision} does not follow ${state.known?.revision}`, effects);
  }
  pushChange(changes, 'remote', effects);
  return next;
}

function onAck(
  state: DocumentState,
  ack: { readonly sequence: number; readonly revision: number },
  effects: Effect[],
): DocumentState {
  const { known, inFlight } = state;
  if (known === null || inFlight === null || ack.sequence !== inFlight.sequence) return state;
  if (ack.revision !== known.revision + 1) {
    return reopen(state, false, `ack at ${ack.revision} does not follow ${known.revision}`, effects);
  }
  effects.push({ kind: 'advanced', delta: inFlight.local, author: state.author, revision: ack.revision });
  return { ...acknowledge(state, inFlight), known: follow(known, state.author, inFlight.local) };
}

function onRejected(
  state: DocumentState,
  { sequence, code, text }: { readonly sequence: number; readonly code: string; readonly text: string },
  effects: Effect[],
): DocumentState {
  const { confirmed, inFlight, buffer, view } = state;
  if (inFlight === null || sequence !== inFlight.sequence) return state;
  effects.push({ kind: 'rejected', code, text, delta: inFlight.local });
  // Without the right to write, what was typed behind it can never be sent either.
  if (code === 'forbidden') return withdraw(state, code, text, effects);
  effects.push({
    kind: 'recovery',
    recovery: { reason: code, message: text, document: view, pending: inFlight.local, base: confirmed },
  });
  const inverse = inFlight.local.invert(confirmed);
  const change = overPending(inverse, buffer);
  if (!isEmpty(change)) effects.push({ kind: 'change', delta: change, source: 'rollback' });
  return { ...state, inFlight: null, buffer: overCommitted(buffer, inverse), view: view.compose(change) };
}

function onOpened(state: DocumentState, opened: Opened, told: boolean, effects: Effect[]): DocumentState {
  const { epoch, revision, digest, author, snapshot } = opened;
  const head: Known = { epoch, revision, digest };
  const opening: DocumentState = {
    ...state,
    live: true,
    author,
    nextSequence: Math.max(state.nextSequence, opened.lastSequence + 1),
  };
  const { known } = state;
  if (hasPending(state) && state.known !== null && opened.lastSequence >= state.nextSequence) {
    // Only a state out of a store that could not be written to the last lags so far behind. What it
    // holds may be in the document already: sending it again could double it.
    const message = 'what was kept on this device is older than what was sent from it';
    const bare = withdraw(state, 'stale', message, effects);
    const rest = onOpened(bare, opened, told, effects);
    return rest.live ? rest : reopen(state, true, 'opened without a text', effects);
  }
  if (snapshot === undefined) {
    if (known === null || known.epoch !== epoch) return reopen(state, true, 'opened without a text', effects);
    return onCatchUp(opening, opened, head, effects);
  }
  if (known === null) return { ...opening, known: head, confirmed: snapshot, view: snapshot };
  const foreign =
    told ||
    known.epoch !== epoch ||
    revision < known.revision ||
    (revision === known.revision && digest !== known.digest);
  return foreign ? onForeign(opening, snapshot, head, effects) : onHorizon(opening, opened, snapshot, head, effects);
}

/** The gap in commits, own ones among them, and perhaps one composed delta for the rest. */
function onCatchUp(state: DocumentState, opened: Opened, head: Known, effects: Effect[]): DocumentState {
  const changes: Delta[] = [];
  let next: DocumentState | null = state;
  for (const commit of opened.commits ?? []) {
    next = advance(next, commit, changes, effects);
    if (next === null) return reopen(state, true, `commit ${commit.revision} does not fit`, effects);
  }
  const { composed, inFlight: fate } = opened;
  if (next.inFlight !== null && fate?.committed === true) {
    return reopen(state, true, `the commits lack own operation ${next.inFlight.sequence}`, effects);
  }
  // Before the composed rest, as the other clients do it: where both orders are right they differ.
  next = unsend(next);
  if (composed !== undefined) {
    if (baseLength(composed) > next.confirmed.length()) return reopen(state, true, 'the gap does not fit', effects);
    effects.push({ kind: 'advanced', delta: composed, author: null, revision: head.revision });
    next = { ...integrate(next, composed, changes), known: head };
  }
  if (next.known?.revision !== head.revision || next.known.digest !== head.digest) {
    return reopen(state, true, `the commits end at ${next.known?.revision}, not ${head.revision}`, effects);
  }
  pushChange(changes, 'remote', effects);
  return next;
}

/** What was in flight never committed: it is the first of what is to be sent again. */
function unsend(state: DocumentState): DocumentState {
  return { ...state, inFlight: null, buffer: pendingOf(state) };
}

/** A whole text of the same history: the difference stands for the commits nobody kept. */
function onHorizon(
  state: DocumentState,
  opened: Opened,
  snapshot: Delta,
  head: Known,
  effects: Effect[],
): DocumentState {
  const fate = opened.inFlight;
  let next = state;
  if (next.inFlight !== null && fate?.committed === true && fate.sequence === next.inFlight.sequence) {
    next = acknowledge(next, next.inFlight);
  }
  const changes: Delta[] = [];
  const gap = diffDocuments(next.confirmed, snapshot);
  effects.push({ kind: 'advanced', delta: gap, author: null, revision: head.revision });
  next = { ...integrate(unsend(next), gap, changes), known: head };
  pushChange(changes, 'remote', effects);
  return next;
}

/** Another history under the same name: nothing local can be merged into it blindly. */
function onForeign(state: DocumentState, snapshot: Delta, head: Known, effects: Effect[]): DocumentState {
  effects.push({
    kind: 'recovery',
    recovery: {
      reason: 'epoch',
      message: 'the document on the server has another history than the one known here',
      document: state.view,
      pending: pendingOf(state),
      base: state.confirmed,
    },
  });
  const change = diffDocuments(state.view, snapshot);
  if (!isEmpty(change)) effects.push({ kind: 'change', delta: change, source: 'reset' });
  return { ...state, known: head, confirmed: snapshot, view: snapshot, inFlight: null, buffer: emptyDelta };
}
