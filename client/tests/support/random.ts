// Seeded random values for the property tests.
import { Delta } from '../../src/delta.js';

export class Random {
  private state: number;
  constructor(readonly seed: number) {
    this.state = seed >>> 0;
  }
  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  /** From 0 to below `bound`. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }
  chance(probability: number): boolean {
    return this.next() < probability;
  }
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

/** The seed of this run: `SEED` in the environment, or a fresh one. Printed by whoever uses it. */
export function seedOfRun(): number {
  const given = process.env['SEED'];
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}

/** Lets the test runner's own messages through; long loops call it now and then. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const texts = ['a', 'b', 'xyz', '\n', '😀', '👩‍👩‍👦', 'e\u0301', ' ', '🌀🏆', '漢'];
const formats: readonly Record<string, unknown>[] = [
  { bold: true },
  { bold: false },
  { color: '#d9480f' },
  { header: 1 },
  { data: { b: [1, null], a: 'x' } },
];
const changes: readonly Record<string, unknown>[] = [...formats, { bold: null }, { header: null, color: null }];
const embeds: readonly Record<string, unknown>[] = [{ image: 'https://example.org/a.png' }, { formula: 'e=mc^2' }];

/** Positions of `document` that are not inside a surrogate pair, 0 and the end among them. */
export function edgesOf(document: Delta): number[] {
  const edges: number[] = [];
  let at = 0;
  for (const op of document.ops) {
    const insert = op.insert;
    if (typeof insert !== 'string') {
      edges.push(at++);
      continue;
    }
    for (const point of insert) {
      edges.push(at);
      at += point.length;
    }
  }
  edges.push(at);
  return edges;
}

/** A random edit of `document` that cuts no pair; plain text without formats and embeds. */
export function randomEdit(random: Random, document: Delta, rich = true): Delta {
  const edges = edgesOf(document);
  const edit = new Delta();
  let index = 0;
  for (let count = 1 + random.below(3); count > 0; count--) {
    const skip = random.below(edges.length - index);
    edit.retain((edges[index + skip] as number) - (edges[index] as number));
    index += skip;
    const kind = random.below(rich ? 5 : 3);
    const span = Math.min(edges.length - 1 - index, 1 + random.below(4));
    const length = (edges[index + span] as number) - (edges[index] as number);
    if (kind === 0 && length > 0) {
      edit.delete(length);
      index += span;
    } else if (kind === 3 && length > 0) {
      edit.retain(length, random.pick(changes));
      index += span;
    } else if (kind === 4) {
      edit.insert(random.pick(embeds), random.chance(0.3) ? random.pick(formats) : undefined);
    } else {
      edit.insert(random.pick(texts), rich && random.chance(0.3) ? random.pick(formats) : undefined);
    }
  }
  return edit.chop();
}

/** A random document. */
export function randomDocument(random: Random, edits: number, rich = true): Delta {
  let document = new Delta().insert('\n');
  for (let i = 0; i < edits; i++) document = document.compose(randomEdit(random, document, rich));
  return document;
}
