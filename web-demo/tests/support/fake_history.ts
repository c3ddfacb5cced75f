// A history in memory that answers as the server does, and notes what it was asked.
import { Delta } from 'coedit';
import type { Blame, OperationPage, RevisionDiff, StoredOperation, Timeline } from 'coedit/http';
import { authoredBy, authoredText, composed } from '../../src/history/revision_store.js';
import type { HistoryApi } from '../../src/history/revision_source.js';

export interface Person {
  readonly author: number;
  readonly name: string;
  readonly color: string;
}
export const people: readonly Person[] = [
  { author: 1, name: 'Ada', color: '#af42c0' },
  { author: 2, name: 'Grace', color: '#218241' },
  { author: 3, name: 'Linus', color: '#1d73ca' },
];

/** The same dice for the same seed. */
export function dice(seed: number): (below: number) => number {
  let state = (seed + 1) * 2_654_435_761;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

export class FakeHistory implements HistoryApi {
  readonly operationsMade: StoredOperation[] = [];
  /** What was asked, as "get 12" or "operations 0+1000". */
  readonly asked: string[] = [];
  /** The most that were under way at once. */
  mostAtOnce = 0;
  /** Thrown by the next calls, first in, first out. */
  readonly failures: unknown[] = [];
  /** Answers wait until it resolves. */
  gate: Promise<void> = Promise.resolve();
  private underWay = 0;
  private readonly texts: Delta[];
  private readonly authoredTexts: Delta[];

  constructor(first: Delta) {
    this.texts = [first];
    this.authoredTexts = [authoredText(first, [])];
  }

  static random(seed: number, edits: number): FakeHistory {
    const roll = dice(seed);
    const history = new FakeHistory(new Delta().insert('\n'));
    for (let i = 0; i < edits; i++) {
      const units = history.text(history.head).length();
      const delta = new Delta().retain(roll(units));
      const left = units - 1 - delta.length();
      if (roll(4) === 0 && left > 0) delta.delete(1 + roll(Math.min(left, 5)));
      else if (roll(6) === 0 && left > 0) delta.retain(1 + roll(left), { bold: roll(2) === 0 ? true : null });
      else if (roll(12) === 0) delta.insert({ image: 'x.png' });
      else delta.insert(['x', 'word ', '\n', '😀'][roll(4)] as string, [undefined, undefined, { bold: true }, { color: 'red' }][roll(4)]);
      history.add(delta.chop(), 1 + roll(people.length));
    }
    return history;
  }

  get head(): number {
    return this.operationsMade.length;
  }
  text(revision: number): Delta {
    return this.texts[revision] as Delta;
  }
  authored(revision: number): Delta {
    return this.authoredTexts[revision] as Delta;
  }

  add(delta: Delta, author: number): void {
    const revision = this.head + 1;
    this.operationsMade.push({ revision, author, sequence: revision, atMs: revision * 1_000, delta });
    this.texts.push(this.text(revision - 1).compose(delta));
    this.authoredTexts.push(this.authored(revision - 1).compose(authoredBy(delta, author)));
  }

  private async answer<T>(question: string, make: () => T): Promise<T> {
    this.asked.push(question);
    this.underWay++;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.underWay);
    await this.gate;
    this.underWay--;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    return make();
  }

  get: HistoryApi['get'] = (_, { revision = this.head } = {}) =>
    this.answer(`get ${revision}`, () => ({
      id: 'd',
      type: 'rich-text' as const,
      revision,
      createdMs: 0,
      changedMs: 0,
      headRevision: this.head,
      delta: this.text(revision),
    }));
  operations: HistoryApi['operations'] = (_, { after = 0, limit = 100 } = {}) =>
    this.answer(
      `operations ${after}+${limit}`,
      (): OperationPage => ({
        operations: this.operationsMade.slice(after, after + limit),
        authors: people,
        headRevision: this.head,
      }),
    );
  blame: HistoryApi['blame'] = (_, { revision = this.head } = {}) =>
    this.answer(
      `blame ${revision}`,
      (): Blame => ({
        revision,
        spans: this.authored(revision).ops.map(({ insert, attributes }) => ({
          length: typeof insert === 'string' ? insert.length : 1,
          author: attributes?.['author'] as number,
          revision: 0,
          atMs: 0,
        })),
        authors: people,
      }),
    );
  diff: HistoryApi['diff'] = (_, { from, to = this.head }) =>
    this.answer(
      `diff ${from}`,
      (): RevisionDiff => ({
        from,
        to,
        before: this.text(from),
        delta: composed(this.operationsMade.slice(from, to).map(({ delta }) => delta)),
      }),
    );
  timeline: HistoryApi['timeline'] = () =>
    this.answer(
      'timeline',
      (): Timeline => ({
        headRevision: this.head,
        createdMs: 0,
        changedMs: this.head * 1_000,
        points: this.operationsMade.map(({ revision, atMs, author }) => ({ revision, atMs, author })),
        authors: people,
      }),
    );
  versions: HistoryApi['versions'] = () => this.answer('versions', () => []);
  addVersion: HistoryApi['addVersion'] = () => Promise.reject(new Error('not asked for here'));
  deleteVersion: HistoryApi['deleteVersion'] = () => Promise.reject(new Error('not asked for here'));
}
