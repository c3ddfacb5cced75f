// The door to deltas: the checks and the normal form of deltas at the door, lengths, and
// the two directions of transformation by name. delta_class.ts does the algebra.
import { checkJson, isRefusedKey, isWellFormed, sameJson } from './canonical_json.js';
import { type Attributes, Delta, type Op, opLength } from './delta_class.js';
import { EditError, ProtocolError } from './errors.js';

export { type Attributes, Delta, type Op, opLength };

/** Anything that reads as a delta: Quill's own, ours, or plain data. */
export type DeltaLike = { readonly ops: readonly Op[] } | readonly Op[];

/** Lengths on the wire are below 2^31. */
export const lengthMax = 2 ** 31 - 1;

export const emptyDelta: Delta = new Delta();

/** The operations of whatever reads as a delta. */
export function opsOf(delta: DeltaLike): readonly Op[] {
  return 'ops' in delta ? delta.ops : delta;
}

/** True when it changes nothing. */
export function isEmpty(delta: Delta): boolean {
  return delta.ops.length === 0;
}

/** Units a delta asks of the text it stands on. */
export function baseLength(delta: Delta): number {
  let length = 0;
  for (const op of delta.ops) if (op.insert === undefined) length += opLength(op);
  return length;
}

/** Units of the text it leaves, counted up to its own end. */
export function targetLength(delta: Delta): number {
  let length = 0;
  for (const op of delta.ops) if (op.delete === undefined) length += opLength(op);
  return length;
}

/** A copy that shares nothing an application could change. */
export function copyOf(delta: Delta): Delta {
  return new Delta(
    delta.ops.map((op) =>
      op.attributes === undefined && typeof op.insert !== 'object' ? { ...op } : structuredClone(op),
    ),
  );
}

/** The text of a document, embeds as U+FFFC so that positions in it are positions in the document. */
export function textOf(document: Delta): string {
  let text = '';
  for (const op of document.ops) text += typeof op.insert === 'string' ? op.insert : '\ufffc';
  return text;
}

/** Whether two deltas in normal form are the same, whatever the order of their keys. */
export function sameDelta(a: Delta, b: Delta): boolean {
  return a === b || sameJson(a.ops, b.ops);
}

/** `delta` carried over `committed`, which stands first: its text left, its formats win. */
export function overCommitted(delta: Delta, committed: Delta): Delta {
  return committed.transform(delta, true);
}

/** `committed` carried over own `pending` edits, keeping its place as the first of the two. */
export function overPending(committed: Delta, pending: Delta): Delta {
  return pending.transform(committed, false);
}

function checkLength(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > lengthMax) {
    throw new ProtocolError(`${what} of ${String(value)} is no length`);
  }
  return value;
}

function checkAttributes(attributes: unknown): Attributes | undefined {
  if (attributes === undefined || attributes === null) return undefined;
  if (typeof attributes !== 'object' || Array.isArray(attributes)) {
    throw new ProtocolError('attributes are no object');
  }
  const checked = attributes as Attributes;
  checkJson(checked, 'a format');
  // A copy: what is in a delta is never changed any more.
  return Object.keys(checked).length === 0 ? undefined : structuredClone(checked);
}

function withoutNulls(attributes: Attributes | undefined): Attributes | undefined {
  if (attributes === undefined || !Object.values(attributes).includes(null)) return attributes;
  const kept = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null));
  return Object.keys(kept).length === 0 ? undefined : kept;
}

function checkEmbed(embed: unknown): Record<string, unknown> {
  if (typeof embed !== 'object' || embed === null || Array.isArray(embed)) {
    throw new ProtocolError(`an insert of ${JSON.stringify(embed)} is neither text nor an embed`);
  }
  const keys = Object.keys(embed);
  if (keys.length !== 1 || isRefusedKey(keys[0] as string)) {
    throw new ProtocolError(`an embed has the keys ${JSON.stringify(keys)}, exactly one is asked`);
  }
  checkJson(embed, 'an embed');
  return structuredClone(embed) as Record<string, unknown>;
}

function kindsOf(op: Op): number {
  return Number(op.insert !== undefined) + Number(op.retain !== undefined) + Number(op.delete !== undefined);
}

/**
 * A delta that came over the wire, checked and in normal form. Throws ProtocolError.
 * Nulls on inserts are refused here: the server never sends them.
 */
export function deltaFromWire(ops: readonly Op[]): Delta {
  const delta = new Delta();
  for (const op of ops) {
    if (typeof op !== 'object' || op === null || kindsOf(op) !== 1) {
      throw new ProtocolError(`a component has ${kindsOf(op ?? {})} kinds, exactly one is asked`);
    }
    const attributes = checkAttributes(op.attributes);
    if (op.delete !== undefined) {
      delta.delete(checkLength(op.delete, 'a delete'));
    } else if (op.retain !== undefined) {
      delta.retain(checkLength(op.retain, 'a retain'), attributes);
    } else if (typeof op.insert === 'string') {
      if (op.insert.length === 0) throw new ProtocolError('an insert is empty');
      if (!isWellFormed(op.insert)) throw new ProtocolError('an insert holds half a surrogate pair');
      delta.insert(op.insert, attributes);
    } else {
      delta.insert(checkEmbed(op.insert), attributes);
    }
  }
  return delta.chop();
}

/** Line ends become LF, U+0000 goes. */
export function normalText(text: string): string {
  return /[\r\0]/.test(text) ? text.replace(/\r\n?/g, '\n').replaceAll('\0', '') : text;
}

/**
 * A local edit in normal form: line ends LF, no U+0000, no nulls on inserts, no empty formats or
 * components. Inserted text may still hold half a surrogate pair (see `alignPairs` in diff.ts).
 * Throws EditError.
 */
export function deltaFromEditor(edit: DeltaLike): Delta {
  const delta = new Delta();
  try {
    for (const op of opsOf(edit)) {
      if (kindsOf(op) !== 1) {
        throw new ProtocolError(`a component has ${kindsOf(op)} kinds, exactly one is asked`);
      }
      const attributes = checkAttributes(op.attributes);
      if (op.delete !== undefined) {
        if (op.delete !== 0) delta.delete(checkLength(op.delete, 'a delete'));
      } else if (op.retain !== undefined) {
        if (op.retain !== 0) delta.retain(checkLength(op.retain, 'a retain'), attributes);
      } else if (typeof op.insert === 'string') {
        const text = normalText(op.insert);
        if (text.length > 0) delta.insert(text, withoutNulls(attributes));
      } else {
        delta.insert(checkEmbed(op.insert), withoutNulls(attributes));
      }
    }
  } catch (error) {
    if (error instanceof ProtocolError) throw new EditError('invalid_operation', error.message);
    throw error;
  }
  return delta.chop();
}
