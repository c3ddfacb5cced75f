// The sessions of session_cases.cc against the SDK's state machine: given the same events it submits
// the same, tells the editor the same and shows the same as ot::Client.
import { canonicalJson } from '../../client/dist/canonical_json.js';
import { Delta, deltaFromWire } from '../../client/dist/delta.js';
import { hasPending, initialState, step } from '../../client/dist/state.js';
import { compare } from './tally.mjs';

const limits = { deltaComponents: 1 << 20, messageBytes: 1 << 30, measure: () => 0 };

const commitOf = (commit) => ({ ...commit, delta: deltaFromWire(commit.delta) });

const events = {
  edit: ({ delta }) => ({ kind: 'edit', delta: deltaFromWire(delta) }),
  committed: ({ commit }) => ({ kind: 'committed', commit: commitOf(commit) }),
  ack: ({ sequence, committedAs }) => ({ kind: 'ack', sequence, revision: committedAs }),
  rejected: ({ sequence }) => ({ kind: 'rejected', sequence, code: 'document_limit', text: 'no' }),
  lost: () => ({ kind: 'lost' }),
  opened: ({ opened }) => {
    const value = { ...opened };
    if (value.commits !== undefined) value.commits = value.commits.map(commitOf);
    for (const name of ['snapshot', 'composed']) {
      if (value[name] !== undefined) value[name] = deltaFromWire(value[name]);
    }
    return { kind: 'opened', opened: value };
  },
};

function outcome(state, effects) {
  const of = (kind) => effects.find((effect) => effect.kind === kind);
  const submit = of('submit');
  return {
    change: of('change')?.delta.ops ?? [],
    ...(submit && {
      submit: { sequence: submit.sequence, revision: submit.revision, delta: submit.delta.ops },
    }),
    ...(of('rejected') && { refused: of('rejected').delta.ops }),
    view: canonicalJson(state.view.ops),
    confirmed: canonicalJson(state.confirmed.ops),
    revision: state.known.revision,
    digest: state.known.digest,
    pending: hasPending(state),
    ...(of('reopen') && { reopen: of('reopen').why }),
  };
}

export function checkSession({ seed, events: given }) {
  let state = initialState;
  const seen = { seed, events: [] };
  for (const event of given) {
    const { kind, change, submit, refused, view, confirmed, revision, digest, pending } = event;
    const expected = {
      change,
      ...(submit && { submit }),
      ...(refused && { refused }),
      view,
      confirmed,
      revision,
      digest,
      pending,
    };
    let got;
    try {
      const before = state.view;
      const done = step(state, events[kind](event), limits);
      state = done.state;
      got = outcome(state, done.effects);
      if (change === undefined) {
        const led = before.compose(new Delta(got.change));
        expected.change = canonicalJson(led.ops) === view ? got.change : 'a change that leads to the view';
      }
    } catch (error) {
      got = `the SDK throws ${error.stack}`;
    }
    seen.events.push(event);
    if (!compare(`SDK state machine: ${kind}`, expected, got, seen)) return;
  }
}
