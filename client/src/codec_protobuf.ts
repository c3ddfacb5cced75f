// The binary encoding: subprotocol coedit.v1.protobuf, one ClientFrame or ServerFrame a frame.
// Frames of one message each concatenate to a frame of all of them.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { canonicalJson, parseJson } from './canonical_json.js';
import { type Attributes, Delta, type Op, deltaFromWire, opLength } from './delta.js';
import { ProtocolError } from './errors.js';
import { ClientFrameSchema, ServerFrameSchema } from './generated/coedit_pb.js';
import {
  type ClientMessage,
  type Codec,
  type Piece,
  type ServerMessage,
  clientTable,
  serverTable,
} from './messages.js';
import type { Schema } from './schema.js';

interface PackedDelta {
  readonly ops: readonly bigint[];
  readonly text: string;
  readonly embeds: readonly string[];
  readonly attributes: readonly string[];
}

const kindRetain = 0;
const kindDelete = 1;
const kindText = 2;
const kindEmbed = 3;

function packDelta(delta: Delta): PackedDelta {
  const ops: bigint[] = [];
  const embeds: string[] = [];
  const attributes: string[] = [];
  const attributeIndex = new Map<string, number>();
  let text = '';
  for (const op of delta.ops as Op[]) {
    let kind = kindRetain;
    if (op.delete !== undefined) {
      kind = kindDelete;
    } else if (typeof op.insert === 'string') {
      kind = kindText;
      text += op.insert;
    } else if (op.insert !== undefined) {
      kind = kindEmbed;
      embeds.push(canonicalJson(op.insert));
    }
    // 2^31 * 8 is exact as a number; only the carrier is a bigint.
    ops.push(BigInt(opLength(op) * 8 + (op.attributes === undefined ? 0 : 4) + kind));
    if (op.attributes !== undefined) {
      const set = canonicalJson(op.attributes);
      let index = attributeIndex.get(set);
      if (index === undefined) {
        index = attributes.push(set) - 1;
        attributeIndex.set(set, index);
      }
      ops.push(BigInt(index));
    }
  }
  return { ops, text, embeds, attributes };
}

function unpackDelta(packed: PackedDelta): Delta {
  const ops: Op[] = [];
  // Parsed afresh for each use: deltas own their formats.
  const attributesAt = (index: number): Attributes => {
    const set = packed.attributes[index];
    if (set === undefined) throw new ProtocolError(`a delta has no format set ${index}`);
    const value = parseJson(set, 'a format');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ProtocolError('a format set is no object');
    }
    return value as Attributes;
  };
  let textAt = 0;
  let embedAt = 0;
  for (let i = 0; i < packed.ops.length; i++) {
    const head = numberOf(packed.ops[i] as bigint, 'a component');
    const length = Math.floor(head / 8);
    const kind = head % 4;
    const op: Op = {};
    if (kind === kindRetain) {
      op.retain = length;
    } else if (kind === kindDelete) {
      op.delete = length;
    } else if (kind === kindText) {
      if (textAt + length > packed.text.length) throw new ProtocolError('a delta has less text than it says');
      op.insert = packed.text.slice(textAt, (textAt += length));
    } else {
      const embed = packed.embeds[embedAt++];
      if (embed === undefined || length !== 1) throw new ProtocolError('a delta has fewer embeds than it says');
      op.insert = parseJson(embed, 'an embed') as Record<string, unknown>;
    }
    if (head % 8 >= 4) {
      const index = packed.ops[++i];
      if (index === undefined) throw new ProtocolError('a delta ends before its format set');
      op.attributes = attributesAt(numberOf(index, 'a format set'));
    }
    ops.push(op);
  }
  if (textAt !== packed.text.length || embedAt !== packed.embeds.length) {
    throw new ProtocolError('a delta has more text or embeds than it says');
  }
  return deltaFromWire(ops);
}

function numberOf(value: bigint, where: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new ProtocolError(`${where} of ${value} is beyond 2^53 - 1`);
  return number;
}

/** From our value to the generated message's fields. */
function toProto(schema: Schema, value: unknown): unknown {
  switch (schema.is) {
    case 'integer':
      if (!Number.isSafeInteger(value)) throw new RangeError(`${String(value)} is beyond 2^53 - 1`);
      return BigInt(value as number);
    case 'digest':
      return Number.parseInt(value as string, 16);
    case 'json':
      return canonicalJson(value);
    case 'delta':
      return packDelta(value as Delta);
    case 'optional':
      return toProto(schema.of as Schema, value);
    case 'list': {
      const items = (value as readonly unknown[]).map((item) => toProto(schema.of as Schema, item));
      return schema.wrapper === undefined ? items : { [schema.wrapper]: items };
    }
    case 'record': {
      const fields: Record<string, unknown> = {};
      for (const [name, field] of Object.entries(schema.fields) as [string, Schema][]) {
        const own = (value as Record<string, unknown>)[name];
        if (own !== undefined) fields[name] = toProto(field, own);
      }
      return fields;
    }
    default:
      return value;
  }
}

/** From the generated message's fields to our value; absent scalars hold their zero. */
function fromProto(schema: Schema, value: unknown, where: string): unknown {
  switch (schema.is) {
    case 'integer':
      return numberOf(value as bigint, where);
    case 'digest':
      return (value as number).toString(16).padStart(8, '0');
    case 'json':
      return parseJson(value as string, where);
    case 'delta':
      return value === undefined ? new Delta() : unpackDelta(value as PackedDelta);
    case 'optional':
      return fromProto(schema.of as Schema, value, where);
    case 'list': {
      const items = schema.wrapper === undefined ? value : (value as Record<string, unknown>)[schema.wrapper];
      return (items as readonly unknown[]).map((item) => fromProto(schema.of as Schema, item, where));
    }
    case 'record': {
      if (value === undefined) throw new ProtocolError(`${where} is missing`);
      const fields: Record<string, unknown> = {};
      for (const [name, field] of Object.entries(schema.fields) as [string, Schema][]) {
        const own = (value as Record<string, unknown>)[name];
        if (own === undefined && field.is === 'optional') continue;
        fields[name] = fromProto(field, own, `${where}.${name}`);
      }
      return fields;
    }
    default:
      return value;
  }
}

interface Kind {
  readonly case: string | undefined;
  readonly value?: unknown;
}

function fromKind(table: object, { case: kind, value }: Kind): unknown {
  if (kind === undefined) throw new ProtocolError('a message is of no known kind');
  const schema = (table as { readonly [kind: string]: Schema })[kind];
  if (schema === undefined) throw new ProtocolError(`a message of kind ${kind} is not known`);
  return { kind, value: fromProto(schema, value, kind) };
}

function toKind(table: object, { kind, value }: { readonly kind: string; readonly value: unknown }): never {
  const schema = (table as { readonly [kind: string]: Schema })[kind] as Schema;
  // The one place where the table stands in for the generated types; the golden vectors hold it.
  return { kind: { case: kind, value: toProto(schema, value) } } as never;
}

/** Runs the generated parser, whose own errors are about the bytes. */
function parsing<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw new ProtocolError(`a frame is not protobuf: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const protobufCodec: Codec = {
  encoding: 'protobuf',
  subprotocol: 'coedit.v1.protobuf',
  encode(message: ClientMessage): Piece {
    const data = toBinary(ClientFrameSchema, create(ClientFrameSchema, { messages: [toKind(clientTable, message)] }));
    return { data: data as Uint8Array<ArrayBuffer>, bytes: data.length };
  },
  frame(pieces: readonly Piece[]): Uint8Array<ArrayBuffer> {
    return concatenate(pieces.map(({ data }) => data as Uint8Array));
  },
  decode(data: ArrayBuffer | string): ServerMessage[] {
    if (typeof data === 'string') throw new ProtocolError('a text frame on a binary connection');
    return parsing(() => fromBinary(ServerFrameSchema, new Uint8Array(data))).messages.map(
      ({ kind }) => fromKind(serverTable, kind) as ServerMessage,
    );
  },
};

/** The server's side of the binary encoding. */
export const protobufServerCodec = {
  encode(messages: readonly ServerMessage[]): Uint8Array {
    const kinds = messages.map((message) => toKind(serverTable, message));
    return toBinary(ServerFrameSchema, create(ServerFrameSchema, { messages: kinds }));
  },
  decode(frame: Uint8Array): ClientMessage[] {
    return parsing(() => fromBinary(ClientFrameSchema, frame)).messages.map(
      ({ kind }) => fromKind(clientTable, kind) as ClientMessage,
    );
  },
};
