// The JSON encoding: subprotocol coedit.v1.json, one text frame {"messages":[{"kind":{...}}, ...]}.
import { checkJson, isRefusedKey, isWellFormed } from './canonical_json.js';
import { type Op, deltaFromWire } from './delta.js';
import { ProtocolError } from './errors.js';
import {
  type ClientMessage,
  type Codec,
  type Piece,
  type ServerMessage,
  clientTable,
  serverTable,
} from './messages.js';
import type { Schema } from './schema.js';

const smallMax = 2 ** 32 - 1;

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value that came as JSON, checked against its schema; throws ProtocolError, which names `where`. */
export function decodeValue(schema: Schema, value: unknown, where: string): unknown {
  const wrong = (wanted: string): ProtocolError => new ProtocolError(`${where} is not ${wanted}`);
  switch (schema.is) {
    case 'text':
      if (typeof value !== 'string' || !isWellFormed(value)) throw wrong('text');
      return value;
    case 'integer':
    case 'small': {
      const max = schema.is === 'small' ? smallMax : Number.MAX_SAFE_INTEGER;
      if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
        throw wrong(`an integer from 0 to ${max}`);
      }
      return value;
    }
    case 'digest':
      if (typeof value !== 'string' || !/^[0-9a-f]{8}$/.test(value)) throw wrong('8 hex digits');
      return value;
    case 'flag':
      if (typeof value !== 'boolean') throw wrong('true or false');
      return value;
    case 'json':
      return checkJson(value, where);
    case 'delta':
    case 'bare delta': {
      const ops = Array.isArray(value) ? value : isObject(value) ? value['ops'] : undefined;
      if (!Array.isArray(ops)) throw wrong('a delta');
      return deltaFromWire(ops as Op[]);
    }
    case 'optional':
      return decodeValue(schema.of as Schema, value, where);
    case 'list':
      if (!Array.isArray(value)) throw wrong('a list');
      return value.map((item: unknown) => decodeValue(schema.of as Schema, item, where));
    case 'record': {
      if (!isObject(value)) throw wrong('an object');
      const result: Record<string, unknown> = {};
      for (const [name, field] of Object.entries(schema.fields) as [string, Schema][]) {
        const given = Object.hasOwn(value, name) ? value[name] : undefined;
        // A JSON value may be null itself.
        const none = given === undefined || (given === null && field.is === 'optional' && (field.of as Schema).is !== 'json');
        if (!none) {
          result[name] = decodeValue(field, given, `${where}.${name}`);
        } else if (field.is === 'list') {
          result[name] = [];
        } else if (field.is !== 'optional') {
          throw new ProtocolError(`${where} has no ${name}`);
        }
      }
      return result;
    }
  }
}

function decodeFrame(table: { readonly [kind: string]: Schema }, frame: string): unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(frame);
  } catch {
    throw new ProtocolError('a frame is not JSON');
  }
  if (!isObject(parsed) || !Array.isArray(parsed['messages'])) throw new ProtocolError('a frame has no messages');
  return parsed['messages'].map((message: unknown) => {
    const kinds = isObject(message) ? Object.keys(message) : [];
    const kind = kinds[0];
    if (kinds.length !== 1 || kind === undefined || isRefusedKey(kind) || !Object.hasOwn(table, kind)) {
      throw new ProtocolError(`a message of kind ${JSON.stringify(kinds)} is not known`);
    }
    const value = (message as { readonly [key: string]: unknown })[kind];
    return { kind, value: decodeValue(table[kind] as Schema, value, kind) };
  });
}

function encodeMessage(message: ClientMessage | ServerMessage): string {
  return JSON.stringify({ [message.kind]: message.value });
}

/** Length of the text in UTF-8, without making the bytes. */
function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // Each half of a pair counts two of the four bytes.
    bytes += unit < 0x800 || (unit & 0xf800) === 0xd800 ? 1 : 2;
  }
  return bytes;
}

const envelope = '{"messages":[]}';

export const jsonCodec: Codec = {
  encoding: 'json',
  subprotocol: 'coedit.v1.json',
  encode(message: ClientMessage): Piece {
    const data = encodeMessage(message);
    return { data, bytes: utf8Length(data) + envelope.length };
  },
  frame(pieces: readonly Piece[]): string {
    return `{"messages":[${pieces.map(({ data }) => data as string).join(',')}]}`;
  },
  decode(data: ArrayBuffer | string): ServerMessage[] {
    if (typeof data !== 'string') throw new ProtocolError('a binary frame on a JSON connection');
    return decodeFrame(serverTable as { readonly [kind: string]: Schema }, data) as ServerMessage[];
  },
};

/** The server's side of the JSON encoding. */
export const jsonServerCodec = {
  encode(messages: readonly ServerMessage[]): string {
    return `{"messages":[${messages.map(encodeMessage).join(',')}]}`;
  },
  decode(frame: string): ClientMessage[] {
    return decodeFrame(clientTable as { readonly [kind: string]: Schema }, frame) as ClientMessage[];
  },
};
