// The binary encoding: subprotocol coedit.v1.protobuf, one ClientFrame or ServerFrame a frame.
// Frames of one message each concatenate to a frame of all of them. Written by the table of
// messages.ts, where fields and kinds stand in the order of their numbers in proto/coedit.proto.
import { canonicalJson, parseJson } from './canonical_json.js';
import { type Attributes, Delta, type Op, deltaFromWire, opLength } from './delta.js';
import { ProtocolError } from './errors.js';
import {
  type ClientMessage,
  type Codec,
  type Piece,
  type ServerMessage,
  clientTable,
  serverTable,
} from './messages.js';
import { Reader, Writer, wireBytes, wireFixed32, wireVarint } from './protobuf_wire.js';
import type { RecordOf, Schema } from './schema.js';

const smallMax = 2 ** 32 - 1;

// ---- deltas ----

const kindRetain = 0;
const kindDelete = 1;
const kindText = 2;
const kindEmbed = 3;

// The fields of a delta, counted from its first.
const fieldOps = 0;
const fieldText = 1;
const fieldEmbeds = 2;
const fieldAttributes = 3;

function writeDelta(writer: Writer, first: number, delta: Delta): Writer {
  const ops = new Writer();
  const embeds: string[] = [];
  const attributeIndex = new Map<string, number>();
  let text = '';
  for (const op of delta.ops) {
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
    ops.varint(opLength(op) * 8 + (op.attributes === undefined ? 0 : 4) + kind);
    if (op.attributes !== undefined) {
      const set = canonicalJson(op.attributes);
      if (!attributeIndex.has(set)) attributeIndex.set(set, attributeIndex.size);
      ops.varint(attributeIndex.get(set) as number);
    }
  }
  if (delta.ops.length > 0) writer.tag(first + fieldOps, wireBytes).chunk(ops.finish());
  if (text !== '') writer.tag(first + fieldText, wireBytes).text(text);
  for (const embed of embeds) writer.tag(first + fieldEmbeds, wireBytes).text(embed);
  for (const set of attributeIndex.keys()) writer.tag(first + fieldAttributes, wireBytes).text(set);
  return writer;
}

/** Gathers the fields of a delta, in a message of its own or not. */
class DeltaReader {
  private readonly packed: number[] = [];
  private readonly embeds: string[] = [];
  private readonly sets: string[] = [];
  private text = '';

  /** One field, `field` counted from the delta's first; false if it is none of a delta. */
  take(reader: Reader, field: number, wire: number): boolean {
    if (field === fieldOps && wire === wireBytes) {
      const ops = new Reader(reader.chunk());
      while (ops.more) this.packed.push(ops.varint());
    } else if (field === fieldOps && wire === wireVarint) {
      this.packed.push(reader.varint());
    } else if (field === fieldText && wire === wireBytes) {
      this.text = reader.text();
    } else if (field === fieldEmbeds && wire === wireBytes) {
      this.embeds.push(reader.text());
    } else if (field === fieldAttributes && wire === wireBytes) {
      this.sets.push(reader.text());
    } else {
      return false;
    }
    return true;
  }

  finish(): Delta {
    return unpackDelta(this.packed, this.text, this.embeds, this.sets);
  }
}

function readDelta(bytes: Uint8Array): Delta {
  const delta = new DeltaReader();
  const reader = new Reader(bytes);
  while (reader.more) {
    const tag = reader.varint();
    if (!delta.take(reader, Math.floor(tag / 8) - 1, tag % 8)) reader.skip(tag % 8);
  }
  return delta.finish();
}

function unpackDelta(packed: readonly number[], text: string, embeds: readonly string[], sets: readonly string[]): Delta {
  const ops: Op[] = [];
  // Parsed afresh for each use: deltas own their formats.
  const attributesAt = (index: number): Attributes => {
    const set = sets[index];
    if (set === undefined) throw new ProtocolError(`a delta has no format set ${index}`);
    const value = parseJson(set, 'a format');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ProtocolError('a format set is no object');
    }
    return value as Attributes;
  };
  let textAt = 0;
  let embedAt = 0;
  for (let i = 0; i < packed.length; i++) {
    const head = packed[i] as number;
    const length = Math.floor(head / 8);
    const kind = head % 4;
    const op: Op = {};
    if (kind === kindRetain) {
      op.retain = length;
    } else if (kind === kindDelete) {
      op.delete = length;
    } else if (kind === kindText) {
      if (textAt + length > text.length) throw new ProtocolError('a delta has less text than it says');
      op.insert = text.slice(textAt, (textAt += length));
    } else {
      const embed = embeds[embedAt++];
      if (embed === undefined || length !== 1) throw new ProtocolError('a delta has fewer embeds than it says');
      op.insert = parseJson(embed, 'an embed') as Record<string, unknown>;
    }
    if (head % 8 >= 4) {
      const index = packed[++i];
      if (index === undefined) throw new ProtocolError('a delta ends before its format set');
      op.attributes = attributesAt(index);
    }
    ops.push(op);
  }
  if (textAt !== text.length || embedAt !== embeds.length) {
    throw new ProtocolError('a delta has more text or embeds than it says');
  }
  return deltaFromWire(ops);
}

// ---- values by their schema ----

type Fields = Record<string, unknown>;

/** One field; `always` writes it also where it is zero or empty, which otherwise is left out. */
function writeField(writer: Writer, field: number, schema: Schema, value: unknown, always: boolean): void {
  switch (schema.is) {
    case 'optional':
      if (value !== undefined) writeField(writer, field, schema.of as Schema, value, true);
      return;
    case 'list': {
      const items = value as readonly unknown[];
      if (schema.wrapper !== undefined) {
        const list = new Writer();
        for (const item of items) writeField(list, 1, schema.of as Schema, item, true);
        writer.tag(field, wireBytes).chunk(list.finish());
      } else {
        for (const item of items) writeField(writer, field, schema.of as Schema, item, true);
      }
      return;
    }
    case 'record':
      writer.tag(field, wireBytes).chunk(writeRecord(schema as RecordOf<Fields>, value as Fields));
      return;
    case 'delta':
      writer.tag(field, wireBytes).chunk(writeDelta(new Writer(), 1, value as Delta).finish());
      return;
    case 'bare delta':
      writeDelta(writer, field, value as Delta);
      return;
    case 'digest': {
      const bits = Number.parseInt(value as string, 16);
      if (always || bits !== 0) writer.tag(field, wireFixed32).fixed32(bits);
      return;
    }
    case 'integer':
    case 'small':
    case 'flag':
      if (always || value) writer.tag(field, wireVarint).varint(Number(value));
      return;
    case 'text':
    case 'json': {
      const text = schema.is === 'json' ? canonicalJson(value) : (value as string);
      if (always || text !== '') writer.tag(field, wireBytes).text(text);
    }
  }
}

function writeRecord(schema: RecordOf<Fields>, value: Fields): Uint8Array {
  const writer = new Writer();
  let field = schema.first;
  for (const [name, of] of Object.entries(schema.fields)) writeField(writer, field++, of as Schema, value[name], false);
  return writer.finish();
}

/** The wire type a value of this schema is written with. */
function wireOf(schema: Schema): number {
  switch (schema.is) {
    case 'optional':
      return wireOf(schema.of as Schema);
    case 'integer':
    case 'small':
    case 'flag':
      return wireVarint;
    case 'digest':
      return wireFixed32;
    default:
      return wireBytes;
  }
}

function readValue(reader: Reader, schema: Schema, where: string): unknown {
  switch (schema.is) {
    case 'optional':
      return readValue(reader, schema.of as Schema, where);
    case 'list': {
      // Only those in a message of their own come here; the others are read one by one.
      const list = { is: 'record', first: 1, fields: { items: { is: 'list', of: schema.of } } } as const;
      return readRecord(new Reader(reader.chunk()), list, where)['items'];
    }
    case 'record':
      return readRecord(new Reader(reader.chunk()), schema as RecordOf<Fields>, where);
    case 'delta':
      return readDelta(reader.chunk());
    case 'bare delta':
      throw new Error('it is read field by field, with its record');
    case 'digest':
      return reader.fixed32().toString(16).padStart(8, '0');
    case 'integer':
      return reader.varint();
    case 'small': {
      const value = reader.varint();
      if (value > smallMax) throw new ProtocolError(`${where} of ${value} is beyond 2^32 - 1`);
      return value;
    }
    case 'flag':
      return reader.varint() !== 0;
    case 'text':
      return reader.text();
    case 'json':
      return parseJson(reader.text(), where);
  }
}

/** What an absent field stands for; undefined where it may be absent. */
function absent(schema: Schema, where: string): unknown {
  switch (schema.is) {
    case 'optional':
      return undefined;
    case 'list':
      return [];
    case 'delta':
    case 'bare delta':
      return new Delta();
    case 'digest':
      return '00000000';
    case 'integer':
    case 'small':
      return 0;
    case 'flag':
      return false;
    case 'text':
      return '';
    case 'json':
    case 'record':
      throw new ProtocolError(`${where} is missing`);
  }
}

function readRecord(reader: Reader, schema: RecordOf<Fields>, where: string): Fields {
  const names = Object.keys(schema.fields);
  const value: Fields = {};
  const last = names.at(-1) as string;
  const bare = (schema.fields[last] as Schema).is === 'bare delta' ? new DeltaReader() : null;
  while (reader.more) {
    const tag = reader.varint();
    const index = Math.floor(tag / 8) - schema.first;
    if (bare?.take(reader, index - (names.length - 1), tag % 8) === true) continue;
    const name = names[index];
    const field = name === undefined ? undefined : (schema.fields[name] as Schema);
    if (name === undefined || field === undefined || tag % 8 !== wireOf(field)) {
      reader.skip(tag % 8);
    } else if (field.is === 'list') {
      const items = (value[name] ??= []) as unknown[];
      items.push(readValue(reader, field.of as Schema, `${where}.${name}`));
    } else {
      value[name] = readValue(reader, field, `${where}.${name}`);
    }
  }
  if (bare !== null) value[last] = bare.finish();
  for (const name of names) {
    if (value[name] !== undefined) continue;
    const otherwise = absent(schema.fields[name] as Schema, `${where}.${name}`);
    if (otherwise !== undefined) value[name] = otherwise;
  }
  return value;
}

// ---- frames ----

type Table = { readonly [kind: string]: RecordOf<Fields> };

/** A frame with this message alone: field 1 of the frame, and in it the field of its kind. */
function writeMessage(table: Table, { kind, value }: { readonly kind: string; readonly value: unknown }): Uint8Array<ArrayBuffer> {
  const message = new Writer();
  writeField(message, Object.keys(table).indexOf(kind) + 1, table[kind] as Schema, value, true);
  return new Writer().tag(1, wireBytes).chunk(message.finish()).finish();
}

function readMessage(table: Table, bytes: Uint8Array): unknown {
  const kinds = Object.keys(table);
  const reader = new Reader(bytes);
  let message: unknown;
  while (reader.more) {
    const tag = reader.varint();
    const kind = kinds[Math.floor(tag / 8) - 1];
    if (kind === undefined || tag % 8 !== wireBytes) reader.skip(tag % 8);
    else message = { kind, value: readRecord(new Reader(reader.chunk()), table[kind] as RecordOf<Fields>, kind) };
  }
  if (message === undefined) throw new ProtocolError('a message is of no known kind');
  return message;
}

function readFrame(table: Table, bytes: Uint8Array): unknown[] {
  const reader = new Reader(bytes);
  const messages: unknown[] = [];
  while (reader.more) {
    const tag = reader.varint();
    if (tag === 8 + wireBytes) messages.push(readMessage(table, reader.chunk()));
    else reader.skip(tag % 8);
  }
  return messages;
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
    const data = writeMessage(clientTable, message);
    return { data, bytes: data.length };
  },
  frame(pieces: readonly Piece[]): Uint8Array<ArrayBuffer> {
    return concatenate(pieces.map(({ data }) => data as Uint8Array));
  },
  decode(data: ArrayBuffer | string): ServerMessage[] {
    if (typeof data === 'string') throw new ProtocolError('a text frame on a binary connection');
    return readFrame(serverTable, new Uint8Array(data)) as ServerMessage[];
  },
};

/** The server's side of the binary encoding. */
export const protobufServerCodec = {
  encode(messages: readonly ServerMessage[]): Uint8Array {
    return concatenate(messages.map((message) => writeMessage(serverTable, message)));
  },
  decode(frame: Uint8Array): ClientMessage[] {
    return readFrame(clientTable, frame) as ClientMessage[];
  },
};
