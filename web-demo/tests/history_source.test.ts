// What the history panel knows and asks for: any text out of a few answers, one request at a time.
import { ConnectionError, Delta, RefusedError } from 'coedit';
import { describe, expect, test } from 'vitest';
import { RevisionSource, type Wanted } from '../src/history/revision_source.js';
import { RevisionStore, authoredText, composed } from '../src/history/revision_store.js';
import { FakeHistory, dice } from './support/fake_history.js';

const wanted = (revision: number, mode: Wanted['mode'], more: Partial<Wanted> = {}): Wanted => ({ revision, mode, authors: false, changes: false, ...more });

interface Watched {
  readonly source: RevisionSource;
  /** Until nothing is asked any more. */
  readonly quiet: () => Promise<void>;
  readonly pauses: number[];
}
function watching(history: FakeHistory): Watched {
  const pauses: number[] = [];
  const source = new RevisionSource({
    api: history,
    id: 'd',
    head: history.head,
    changed: () => undefined,
    authors: () => undefined,
    pause: async (ms) => void pauses.push(ms),
  });
  const quiet = async (): Promise<void> => {
    do await new Promise((done) => setImmediate(done));
    while (source.asking);
  };
  return { source, quiet, pauses };
}

test.each([1, 2, 3, 4, 5])('texts and authors of all revisions, seed %i', (seed) => {
  const history = FakeHistory.random(seed, 700);
  const store = new RevisionStore();
  store.addText({ revision: 0, document: history.text(0), authored: history.authored(0) });
  store.addOperations(history.operationsMade);
  const roll = dice(seed);
  for (const revision of [0, 700, ...Array.from({ length: 60 }, () => roll(701))]) {
    const text = store.text(revision, true);
    expect(text?.document, `${revision}`).toEqual(history.text(revision));
    expect(text?.authored, `${revision}`).toEqual(history.authored(revision));
  }
});

test('composing by halves is composing', () => {
  const history = FakeHistory.random(9, 130);
  for (const count of [0, 1, 2, 7, 130]) {
    const deltas = history.operationsMade.slice(0, count).map(({ delta }) => delta);
    expect(history.text(0).compose(composed(deltas))).toEqual(history.text(count));
  }
});

test('blame that says too little or too much never makes the text another', () => {
  const document = new Delta().insert('abcd');
  expect(authoredText(document, [{ length: 2, author: 3 }])).toEqual(new Delta().insert('ab', { author: 3 }).insert('cd', { author: 0 }));
  expect(authoredText(document, [{ length: 9, author: 3 }])).toEqual(new Delta().insert('abcd', { author: 3 }));
});

describe('asking', () => {
  test('a far revision: its text at once, then all around it', async () => {
    const history = FakeHistory.random(1, 3_000);
    const { source, quiet } = watching(history);
    source.want(wanted(1_500, 'moving'));
    await quiet();
    expect(history.asked).toEqual(['get 1500']);
    expect(source.text(1_500, false)?.document).toEqual(history.text(1_500));
    source.want(wanted(1_500, 'resting'));
    await quiet();
    expect(history.asked.splice(0)).toEqual(['get 1500', 'operations 1000+1000', 'get 1000']);
    // From now on the neighbourhood costs nothing.
    for (const revision of [1_499, 1_000, 1_001, 1_999, 2_000, 1_250]) {
      source.want(wanted(revision, 'moving'));
      expect(source.text(revision, false)?.document).toEqual(history.text(revision));
    }
    expect(history.asked).toEqual([]);
  });

  test('while the slider moves: one request at a time, the latest place wins', async () => {
    const history = FakeHistory.random(2, 5_000);
    const { source, quiet } = watching(history);
    let open = (): void => undefined;
    history.gate = new Promise((done) => (open = done));
    for (let revision = 1; revision < 5_000; revision += 50) source.want(wanted(revision, 'moving'));
    source.want(wanted(4_711, 'moving'));
    open();
    await quiet();
    expect(history.asked).toEqual(['get 1', 'get 4711']);
    expect(history.mostAtOnce).toBe(1);
  });

  test('playback fetches ahead and never again', async () => {
    const history = FakeHistory.random(3, 6_500);
    const { source, quiet } = watching(history);
    for (let revision = 0; revision <= 6_500; revision += 83) {
      source.want(wanted(revision, 'playing'));
      await quiet();
      expect(source.text(revision, false)?.document, `${revision}`).toEqual(history.text(revision));
    }
    const pages = [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000].map((after) => `operations ${after}+1000`);
    expect(history.asked).toEqual(['get 0', ...pages]);
  });

  test('what others write meanwhile: only that', async () => {
    const history = FakeHistory.random(4, 100);
    const { source, quiet } = watching(history);
    source.want(wanted(100, 'resting'));
    await quiet();
    history.asked.splice(0);
    for (let i = 0; i < 3; i++) history.add(new Delta().insert('new'), 2);
    source.head = 103;
    source.want(wanted(103, 'resting'));
    await quiet();
    expect(history.asked).toEqual(['operations 100+900']);
    expect(source.text(103, false)?.document).toEqual(history.text(103));
  });

  test('authors: asked for when wanted, then carried along', async () => {
    const history = FakeHistory.random(5, 400);
    const { source, quiet } = watching(history);
    source.want(wanted(300, 'resting', { authors: true }));
    await quiet();
    expect(history.asked.splice(0)).toEqual(['get 300', 'blame 300', 'operations 0+1000', 'get 0', 'blame 0']);
    for (const revision of [0, 17, 299, 300, 400]) {
      source.want(wanted(revision, 'moving', { authors: true }));
      expect(source.text(revision, true)?.authored).toEqual(history.authored(revision));
    }
    expect(history.asked).toEqual([]);
  });

  test('authors of a place that is known already: one blame for all of it', async () => {
    const history = FakeHistory.random(5, 400);
    const { source, quiet } = watching(history);
    source.want(wanted(300, 'resting'));
    await quiet();
    history.asked.splice(0);
    for (const revision of [300, 299, 250, 390]) {
      source.want(wanted(revision, 'moving', { authors: true }));
      await quiet();
      expect(source.text(revision, true)?.authored).toEqual(history.authored(revision));
    }
    expect(history.asked).toEqual(['blame 0']);
  });

  test('changes since a revision: anew when the head moves', async () => {
    const history = FakeHistory.random(6, 50);
    const { source, quiet } = watching(history);
    source.want(wanted(20, 'resting', { changes: true }));
    await quiet();
    const since = source.changesSince(20);
    expect(since?.before.compose(since.delta)).toEqual(history.text(50));
    expect(source.changesSince(21)).toBeNull();
    history.add(new Delta().insert('new'), 1);
    source.head = 51;
    expect(source.changesSince(20)).toBeNull();
    await quiet();
    expect(source.changesSince(20)?.to).toBe(51);
  });
});

describe('failures', () => {
  test('a refusal that passes is tried again after the pause it asks for', async () => {
    const history = FakeHistory.random(7, 10);
    history.failures.push(new RefusedError('rate', 'slowly', true, 2_000), new RefusedError('unavailable', 'soon', true));
    const { source, quiet, pauses } = watching(history);
    source.want(wanted(5, 'moving'));
    await quiet();
    expect(source.text(5, false)?.document).toEqual(history.text(5));
    expect(pauses).toEqual([2_000, 1_000]);
  });

  test('after a few times it is a failure', async () => {
    const history = FakeHistory.random(7, 10);
    for (let i = 0; i < 20; i++) history.failures.push(new RefusedError('unavailable', 'soon', true));
    const { source, quiet, pauses } = watching(history);
    source.want(wanted(5, 'moving'));
    await quiet();
    expect(source.failure).toMatchObject({ code: 'unavailable' });
    expect(pauses.length).toBe(5);
  });

  test('without a network nothing is asked until someone says so', async () => {
    const history = FakeHistory.random(8, 10);
    history.failures.push(new ConnectionError('unreachable', 'no network'));
    const { source, quiet } = watching(history);
    source.want(wanted(5, 'moving'));
    await quiet();
    source.want(wanted(6, 'moving'));
    await quiet();
    expect(history.asked).toEqual(['get 5']);
    expect(source.failure).toMatchObject({ code: 'unreachable' });
    source.retry();
    await quiet();
    expect(source.text(6, false)?.document).toEqual(history.text(6));
  });

  test('answers of a history that was replaced are of no use', async () => {
    const history = FakeHistory.random(9, 10);
    const { source, quiet } = watching(history);
    let open = (): void => undefined;
    history.gate = new Promise((done) => (open = done));
    source.want(wanted(5, 'moving'));
    source.reset(3);
    open();
    await quiet();
    expect(history.asked).toEqual(['get 5', 'get 3', 'operations 3+997']);
  });

  test('after the end nothing', async () => {
    const history = FakeHistory.random(9, 10);
    const { source, quiet } = watching(history);
    source.close();
    source.want(wanted(5, 'resting'));
    await quiet();
    expect(history.asked).toEqual([]);
  });
});
