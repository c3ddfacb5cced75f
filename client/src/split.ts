// Cutting a pending delta down to what one message may carry.
import { Delta, type Op, opLength, targetLength } from './delta.js';

/** What one `submit` may hold, and how to measure it in the encoding in use. */
export interface SubmitLimits {
  readonly deltaComponents: number;
  readonly messageBytes: number;
  /** Bytes of the whole message around this delta. */
  readonly measure: (delta: Delta) => number;
}

/** A pending delta in two: `first` applies before `rest`; `rest` is empty when all of it fits. */
export interface Split {
  readonly first: Delta;
  readonly rest: Delta;
}

/** Where to cut: after so many whole components, and so many units into the next insert of text. */
interface Cut {
  readonly components: number;
  readonly units: number;
}

function cutAt(delta: Delta, cut: Cut): Split {
  const first = new Delta();
  const rest = new Delta();
  delta.ops.forEach((op: Op, index) => {
    if (index < cut.components) {
      first.push(op);
    } else if (index === cut.components && cut.units > 0 && typeof op.insert === 'string') {
      first.push({ ...op, insert: op.insert.slice(0, cut.units) });
      rest.push({ ...op, insert: op.insert.slice(cut.units) });
    } else {
      rest.push(op);
    }
  });
  const kept = targetLength(first);
  const shifted = new Delta();
  if (kept > 0) shifted.retain(kept);
  for (const op of rest.ops) shifted.push(op);
  return { first: first.chop(), rest: shifted.chop() };
}

/** The cut that leaves about `share` of the delta's weight in front; never zero, never inside a pair. */
function cutOfWeight(delta: Delta, weight: number): Cut {
  let left = weight;
  for (let index = 0; index < delta.ops.length; index++) {
    const op = delta.ops[index] as Op;
    const own = weightOf(op);
    if (own <= left) {
      left -= own;
      continue;
    }
    if (typeof op.insert !== 'string') return { components: index, units: 0 };
    let units = Math.max(0, Math.floor(left) - componentWeight);
    const unit = op.insert.charCodeAt(units);
    if (units > 0 && (unit & 0xfc00) === 0xdc00) units--;
    return { components: index, units };
  }
  return { components: delta.ops.length, units: 0 };
}

const componentWeight = 8;

function weightOf(op: Op): number {
  return componentWeight + (typeof op.insert === 'string' ? opLength(op) : 0);
}

/** The least that can be cut off: one component, or its first character. */
function leastCut(delta: Delta): Cut {
  const insert = delta.ops[0]?.insert;
  if (typeof insert !== 'string') {
    // A plain retain alone would send nothing: take what follows it too.
    const bare = delta.ops[0]?.retain !== undefined && delta.ops[0].attributes === undefined;
    if (!bare) return { components: 1, units: 0 };
    const next = delta.ops[1]?.insert;
    return typeof next === 'string' && next.length > 2
      ? { components: 1, units: next.codePointAt(0)! > 0xffff ? 2 : 1 }
      : { components: 2, units: 0 };
  }
  return insert.length > 2 ? { components: 0, units: insert.codePointAt(0)! > 0xffff ? 2 : 1 } : { components: 1, units: 0 };
}

/**
 * The longest prefix that fits the limits, near enough, and what is left. Null when not even the
 * smallest piece fits: nothing of it can ever be sent.
 */
export function splitToFit(delta: Delta, limits: SubmitLimits): Split | null {
  const whole: Cut = { components: delta.ops.length, units: 0 };
  let cut = delta.ops.length > limits.deltaComponents ? { components: limits.deltaComponents, units: 0 } : whole;
  let split = cutAt(delta, cut);
  let bytes = limits.measure(split.first);
  let weight = split.first.ops.reduce((sum: number, op: Op) => sum + weightOf(op), 0);
  while (bytes > limits.messageBytes) {
    weight = Math.floor(weight * Math.min(0.9, (limits.messageBytes / bytes) * 0.97));
    cut = cutOfWeight(delta, weight);
    split = cutAt(delta, cut);
    if (split.first.ops.length === 0) {
      split = cutAt(delta, leastCut(delta));
      return limits.measure(split.first) <= limits.messageBytes ? split : null;
    }
    bytes = limits.measure(split.first);
  }
  return split;
}
