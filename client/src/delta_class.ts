// The delta as a value, with its algebra: what npm quill-delta 5.1.0 does on deltas this protocol
// allows (no embed retains), in a tenth of its bytes; a test holds the two side by side. Operations
// are shared between deltas and never changed once they are in one.
import { sameJson } from './canonical_json.js';

/** Formats: names to JSON values; `null` takes a format away. */
export type Attributes = { [key: string]: unknown };

/** One component of a delta: exactly one of `insert`, `delete` and `retain`, perhaps with formats. */
export type Op = {
  /** Text, or an embed: an object with one key. */
  insert?: string | Record<string, unknown>;
  /** So many units go. */
  delete?: number;
  /** So many units stay; Quill's type also knows retains of embeds, which this protocol has not. */
  retain?: number | Record<string, unknown>;
  /** Formats of the insert, or changes of format over the retain. */
  attributes?: Attributes;
};

type Kind = 'insert' | 'delete' | 'retain';

/** Length of one operation in UTF-16 code units. */
export function opLength(op: Op): number {
  if (typeof op.delete === 'number') return op.delete;
  if (typeof op.retain === 'number') return op.retain;
  return typeof op.insert === 'string' ? op.insert.length : 1;
}

function withAttributes(op: Op, attributes: Attributes | null | undefined): Op {
  if (attributes !== undefined && attributes !== null && Object.keys(attributes).length > 0) op.attributes = attributes;
  return op;
}

/** Reads a delta piece by piece; behind its end stands a retain without end. */
class Walker {
  private index = 0;
  private offset = 0;
  constructor(private readonly ops: readonly Op[]) {}

  get more(): boolean {
    return this.index < this.ops.length;
  }
  get kind(): Kind {
    const op = this.ops[this.index];
    if (op === undefined || op.retain !== undefined) return 'retain';
    return op.delete === undefined ? 'insert' : 'delete';
  }
  /** Units left in the operation at hand. */
  get left(): number {
    const op = this.ops[this.index];
    return op === undefined ? Number.POSITIVE_INFINITY : opLength(op) - this.offset;
  }

  /** At most so many units of the operation at hand. */
  take(units = Number.POSITIVE_INFINITY): Op {
    const op = this.ops[this.index];
    if (op === undefined) return { retain: units };
    const { offset, left } = this;
    const length = Math.min(units, left);
    if (length === left) {
      this.index++;
      this.offset = 0;
      if (offset === 0) return op;
    } else {
      this.offset += length;
    }
    if (op.delete !== undefined) return { delete: length };
    if (op.retain !== undefined) return withAttributes({ retain: length }, op.attributes);
    return withAttributes({ insert: (op.insert as string).slice(offset, offset + length) }, op.attributes);
  }

  /** All that is left. */
  rest(): Op[] {
    const first = this.offset > 0 ? [this.take()] : [];
    return [...first, ...this.ops.slice(this.index)];
  }
}

function composeAttributes(first: Attributes = {}, second: Attributes = {}, keepNull: boolean): Attributes {
  const result: Attributes = {};
  for (const key of Object.keys(second)) if (keepNull || second[key] !== null) result[key] = second[key];
  for (const key of Object.keys(first)) if (second[key] === undefined) result[key] = first[key];
  return result;
}

function transformAttributes(over: Attributes | undefined, own: Attributes | undefined, overWins: boolean): Attributes | undefined {
  if (over === undefined || own === undefined || !overWins) return own;
  return Object.fromEntries(Object.entries(own).filter(([key]) => over[key] === undefined));
}

function invertAttributes(change: Attributes, base: Attributes = {}): Attributes {
  const result: Attributes = {};
  for (const [key, value] of Object.entries(change)) {
    const before = base[key] ?? null;
    if (!sameJson(before, value)) result[key] = before;
  }
  return result;
}

/**
 * A change, or a document (then it holds inserts only). Lengths and positions are UTF-16 code
 * units, an embed is one. Built by chaining: `new Delta().retain(5).insert('x', { bold: true })`.
 */
export class Delta {
  /** The operations, in order. Not to be changed by anyone but the methods of this class. */
  ops: Op[];

  /** Of these operations, which are taken as they are. */
  constructor(ops: Op[] | { readonly ops: Op[] } = []) {
    this.ops = Array.isArray(ops) ? ops : ops.ops;
  }

  /** Adds text or an embed. */
  insert(insert: string | Record<string, unknown>, attributes?: Attributes | null): this {
    return insert === '' ? this : this.push(withAttributes({ insert }, attributes));
  }

  /** Takes so many units away. */
  delete(length: number): this {
    return length > 0 ? this.push({ delete: length }) : this;
  }

  /** Keeps so many units, with attributes formats them. */
  retain(length: number, attributes?: Attributes | null): this {
    return length > 0 ? this.push(withAttributes({ retain: length }, attributes)) : this;
  }

  /** Adds an operation, joined with the one before where that can be; an insert goes before a delete. */
  push(op: Op): this {
    const { ops } = this;
    let index = ops.length;
    const last = ops[index - 1];
    if (last?.delete !== undefined) {
      if (op.delete !== undefined) {
        ops[index - 1] = { delete: last.delete + op.delete };
        return this;
      }
      if (op.insert !== undefined) index--;
    }
    const before = ops[index - 1];
    if (before !== undefined && op.delete === undefined && sameJson(op.attributes, before.attributes)) {
      if (typeof op.insert === 'string' && typeof before.insert === 'string') {
        ops[index - 1] = withAttributes({ insert: before.insert + op.insert }, op.attributes);
        return this;
      }
      if (typeof op.retain === 'number' && typeof before.retain === 'number') {
        ops[index - 1] = withAttributes({ retain: before.retain + op.retain }, op.attributes);
        return this;
      }
    }
    if (index === ops.length) ops.push(op);
    else ops.splice(index, 0, op);
    return this;
  }

  /** Drops a last retain that changes nothing. */
  chop(): this {
    const last = this.ops.at(-1);
    if (last?.retain !== undefined && last.attributes === undefined) this.ops.pop();
    return this;
  }

  /** The sum of the lengths of all operations; of a document, its length. */
  length(): number {
    let length = 0;
    for (const op of this.ops) length += opLength(op);
    return length;
  }

  /** The operations from one position to another, cut where they begin or end in the middle. */
  slice(start = 0, end = Number.POSITIVE_INFINITY): Delta {
    const ops: Op[] = [];
    const walker = new Walker(this.ops);
    for (let at = 0; at < end && walker.more; ) {
      const op = walker.take((at < start ? start : end) - at);
      if (at >= start) ops.push(op);
      at += opLength(op);
    }
    return new Delta(ops);
  }

  /** This delta, followed by the operations of another. */
  concat(other: Delta): Delta {
    const delta = new Delta([...this.ops]);
    const [first] = other.ops;
    if (first !== undefined) delta.push(first).ops = delta.ops.concat(other.ops.slice(1));
    return delta;
  }

  /** One delta that does what this one does and then `other`. */
  compose(other: Delta): Delta {
    const first = new Walker(this.ops);
    const second = new Walker(other.ops);
    const result = new Delta();
    // Whole operations in front of the first change are taken over as they are.
    const skip = other.ops[0];
    if (skip !== undefined && typeof skip.retain === 'number' && skip.attributes === undefined) {
      let left = skip.retain;
      while (first.more && first.kind === 'insert' && first.left <= left) {
        left -= first.left;
        result.ops.push(first.take());
      }
      if (left < skip.retain) second.take(skip.retain - left);
    }
    while (first.more || second.more) {
      if (second.kind === 'insert') {
        result.push(second.take());
      } else if (first.kind === 'delete') {
        result.push(first.take());
      } else if (!second.more) {
        // Inserts still go before a delete that ends the result; the rest is as it was.
        const rest = first.rest();
        let taken = 0;
        do result.push(rest[taken++] as Op);
        while (taken < rest.length && result.ops.at(-1)?.delete !== undefined);
        result.ops = result.ops.concat(rest.slice(taken));
        break;
      } else {
        const units = Math.min(first.left, second.left);
        const own = first.take(units);
        const change = second.take(units);
        if (change.delete !== undefined) {
          // What was inserted and deleted never was.
          if (own.retain !== undefined) result.push(change);
        } else if (own.retain !== undefined) {
          result.retain(units, composeAttributes(own.attributes, change.attributes, true));
        } else {
          result.push(withAttributes({ insert: own.insert as string }, composeAttributes(own.attributes, change.attributes, false)));
        }
      }
    }
    return result.chop();
  }

  /** The delta that takes this one back from `base` with it applied. */
  invert(base: Delta): Delta {
    const result = new Delta();
    const walker = new Walker(base.ops);
    for (const op of this.ops) {
      const length = opLength(op);
      if (op.insert !== undefined) {
        result.delete(length);
        continue;
      }
      for (let left = length; left > 0 && walker.more; ) {
        const before = walker.take(left);
        const units = opLength(before);
        if (op.delete !== undefined) result.push(before);
        else result.retain(units, op.attributes && invertAttributes(op.attributes, before.attributes));
        left -= units;
      }
    }
    return result.chop();
  }

  /**
   * `other`, made on the same text as this delta, rewritten to apply after it. With `priority` this
   * one stands first: at one spot its text is left of the other's, and its formats win.
   */
  transform(other: Delta, priority = false): Delta {
    const own = new Walker(this.ops);
    const theirs = new Walker(other.ops);
    const result = new Delta();
    while (theirs.more) {
      if (own.kind === 'insert' && (priority || theirs.kind !== 'insert')) {
        result.retain(opLength(own.take()));
      } else if (theirs.kind === 'insert') {
        result.push(theirs.take());
      } else {
        const units = Math.min(own.left, theirs.left);
        const mine = own.take(units);
        const change = theirs.take(units);
        if (mine.delete !== undefined) continue;
        if (change.delete !== undefined) result.push(change);
        else result.retain(units, transformAttributes(mine.attributes, change.attributes, priority));
      }
    }
    return result.chop();
  }

  /**
   * Where a position is after this delta. An insert exactly there moves it behind the insert; with
   * `priority` it stays before.
   */
  transformPosition(position: number, priority = false): number {
    let offset = 0;
    let moved = position;
    for (const op of this.ops) {
      if (offset > moved) break;
      const length = opLength(op);
      if (op.delete !== undefined) {
        moved -= Math.min(length, moved - offset);
        continue;
      }
      if (op.insert !== undefined && (offset < moved || !priority)) moved += length;
      offset += length;
    }
    return moved;
  }
}
