// Thousands of edits on both sides of a lost connection: what followed the client's own last commit
// comes as one change, and the client sends its edits at the head, already brought over it.
import { describe, expect, test } from 'vitest';
import { Delta, sameDelta } from '../src/delta.js';
import { extendDigest } from '../src/replica_digest.js';
import type { Commit } from '../src/messages.js';
import type { SubmitLimits } from '../src/split.js';
import { type DocumentEvent, type DocumentState, type Effect, hasPending, initialState, step } from '../src/state.js';
import { Random, breathe, edgesOf, randomDocument, randomEdit, seedOfRun } from './support/random.js';

/** On each side; `EDITS=10000` for a long run. */
const edits = Number(process.env['EDITS'] ?? 2_000);
const limits: SubmitLimits = { deltaComponents: 4096, messageBytes: 262144, measure: (delta) => JSON.stringify(delta).length };

/** Mostly a mark of its own, in one of some places; now and then anything. */
function edit(random: Random, text: Delta, mark: string): Delta {
  if (random.chance(0.1)) return randomEdit(random, text);
  const edges = edgesOf(text);
  return new Delta().retain(edges[random.below(Math.min(edges.length, 60))] as number).insert({ mark }, random.chance(0.2) ? { bold: true } : undefined);
}
const marks = (text: Delta): string[] =>
  text.ops.flatMap(({ insert }) => (typeof insert === 'object' && 'mark' in insert ? [String(insert['mark'])] : [])).sort();

const own = 1;
const other = 2;

describe.each(['nothing in flight', 'in flight and committed', 'in flight and never committed'] as const)('%s', (fate) => {
  test(`${edits} edits on both sides`, async () => {
    const seed = seedOfRun();
    console.log(`long branch, ${fate}: SEED=${seed}, ${edits} edits a side`);
    const random = new Random(seed);
    let text = randomDocument(random, 20);
    const log: (Commit & { digest: string })[] = [];
    const commit = (delta: Delta, author: number, sequence: number): void => {
      const revision = log.length + 1;
      text = text.compose(delta);
      log.push({ revision, digest: extendDigest(log.at(-1)?.digest ?? '00000000', author, delta), author, sequence, delta });
    };

    let state: DocumentState = initialState;
    const effects: Effect[] = [];
    const run = (event: DocumentEvent): void => {
      const next = step(state, event, limits);
      state = next.state;
      effects.push(...next.effects);
    };
    const opened = { request: 1, channel: 1, document: 'd', type: 'rich-text', epoch: 'e', role: 'writer', author: own, authors: [], members: [] };
    run({ kind: 'opened', opened: { ...opened, revision: 0, digest: '00000000', lastSequence: 0, snapshot: text } });
    if (fate !== 'nothing in flight') run({ kind: 'edit', delta: edit(random, state.view, 'own first') });
    run({ kind: 'lost' });

    for (let i = 0; i < edits; i++) {
      if (i % 100 === 0) await breathe();
      run({ kind: 'edit', delta: edit(random, state.view, `own ${i}`) });
      // Somewhere in between, what was in flight got there.
      if (i === 7 && fate === 'in flight and committed') {
        const sent = state.inFlight?.sent as Delta;
        commit(log.reduce((delta, { delta: over }) => over.transform(delta, true), sent), own, state.inFlight?.sequence as number);
      }
      commit(edit(random, text, `other ${i}`), other, i + 1);
    }
    const mine = marks(state.view);
    const theirs = marks(text);
    expect(mine.length).toBeGreaterThan(edits / 3);

    const last = log.map(({ author }) => author).lastIndexOf(own) + 1;
    const composed = log.slice(last).reduce((all, { delta }) => all.compose(delta), new Delta());
    const { revision, digest } = log.at(-1) as (typeof log)[number];
    const inFlight = { sequence: 1, committed: last > 0, ...(last > 0 ? { revision: last } : {}) };
    const before = state.view;
    effects.length = 0;
    run({
      kind: 'opened',
      opened: {
        ...opened,
        revision,
        digest,
        lastSequence: last > 0 ? 1 : 0,
        commits: log.slice(0, last),
        composed,
        ...(fate === 'nothing in flight' ? {} : { inFlight }),
      },
    });

    // Sent at the head: the server has nothing to transform.
    let submits = 0;
    while (hasPending(state)) {
      const submit = effects.find((effect) => effect.kind === 'submit');
      expect(submit?.revision).toBe(log.length);
      const { sequence } = state.inFlight as { sequence: number };
      commit(submit?.delta as Delta, own, sequence);
      submits++;
      const change = effects.find((effect) => effect.kind === 'change');
      if (change !== undefined) expect(sameDelta(before.compose(change.delta), state.view)).toBe(true);
      effects.length = 0;
      run({ kind: 'ack', sequence, revision: log.length });
      expect(state.known?.digest).toBe(log.at(-1)?.digest);
    }
    console.log(`  ${submits} submits carried ${edits} edits`);
    expect(submits).toBeLessThan(edits / 20);
    expect(sameDelta(state.view, text)).toBe(true);
    // Nobody deletes what was inserted at the same time: each side's marks are all there, once. Only
    // what was in flight the other side may have seen, and deleted.
    const unseen = (all: readonly string[]): string[] => all.filter((mark) => mark !== 'own first');
    expect(unseen(marks(text))).toEqual(unseen([...mine, ...theirs]).sort());
  });
});
