// Both encodings carry the same things: the golden vectors are shared with the C++ tests.
import { create, toBinary } from '@bufbuild/protobuf';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { jsonCodec, jsonServerCodec } from '../src/codec_json.js';
import { protobufCodec, protobufServerCodec } from '../src/codec_protobuf.js';
import { Delta, type Op, deltaFromWire } from '../src/delta.js';
import { ProtocolError } from '../src/errors.js';
import { ServerFrameSchema } from './generated/coedit_pb.js';
import { type ClientMessage, type ServerMessage, clientTable, serverTable } from '../src/messages.js';
import { extendDigest } from '../src/replica_digest.js';

interface Vector {
  readonly name: string;
  readonly direction: 'client' | 'server';
  readonly json: Record<string, unknown>;
  readonly protobuf: string;
}

const file = new URL('../../tests/vectors/messages.json', import.meta.url);
const vectors: readonly Vector[] = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Vector[]) : [];

const bytesOf = (hex: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array((hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)));

function decodeProtobuf(direction: Vector['direction'], bytes: Uint8Array<ArrayBuffer>): (ClientMessage | ServerMessage)[] {
  return direction === 'client' ? protobufServerCodec.decode(bytes) : protobufCodec.decode(bytes.buffer);
}
function decodeJson(direction: Vector['direction'], text: string): (ClientMessage | ServerMessage)[] {
  return direction === 'client' ? jsonServerCodec.decode(text) : jsonCodec.decode(text);
}
function encodeProtobuf(direction: Vector['direction'], message: ClientMessage | ServerMessage): Uint8Array<ArrayBuffer> {
  const bytes =
    direction === 'client'
      ? protobufCodec.frame([protobufCodec.encode(message as ClientMessage)])
      : protobufServerCodec.encode([message as ServerMessage]);
  return new Uint8Array(bytes as Uint8Array);
}
function encodeJson(direction: Vector['direction'], message: ClientMessage | ServerMessage): string {
  return direction === 'client'
    ? (jsonCodec.frame([jsonCodec.encode(message as ClientMessage)]) as string)
    : jsonServerCodec.encode([message as ServerMessage]);
}

/** As JSON says it, absent and empty lists being the same. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined && !(Array.isArray(item) && item.length === 0));
  return Object.fromEntries(entries.map(([key, item]) => [key, plain(item)]));
}

describe('golden vectors', () => {
  test('are there, for every kind of message', () => {
    for (const [direction, table] of [['client', clientTable], ['server', serverTable]] as const) {
      for (const kind of Object.keys(table)) {
        expect(vectors.some((vector) => vector.direction === direction && kind in vector.json), `${direction} ${kind}`).toBe(true);
      }
    }
  });
  test.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (name, { direction, json, protobuf }) => {
    const fromJson = decodeJson(direction, JSON.stringify({ messages: [json] }));
    const fromProtobuf = decodeProtobuf(direction, bytesOf(protobuf));
    expect(fromProtobuf).toEqual(fromJson);
    expect(fromJson).toHaveLength(1);
    const message = fromJson[0] as ClientMessage | ServerMessage;
    const again = JSON.parse(encodeJson(direction, message)) as { messages: unknown[] };
    const kind = Object.keys(json)[0] as string;
    // A part's operations are a bare list in JSON; as a Delta it reads both.
    if (kind !== 'part') expect(plain(again.messages[0]), name).toEqual(plain(json));
    expect(decodeJson(direction, encodeJson(direction, message))).toEqual(fromJson);
    expect(decodeProtobuf(direction, encodeProtobuf(direction, message))).toEqual(fromJson);
  });
});

const user = { id: 'u-1', name: 'Ada 😀', color: '#d9480f' };
const rich = new Delta()
  .retain(5)
  .insert('Hé😀', { bold: true, a: { z: [1, null], b: '\u2028' } })
  .insert({ image: 'https://example.org/ä.png' }, { bold: true, a: { b: '\u2028', z: [1, null] } })
  .delete(2)
  .retain(3, { header: null });
const commit = { revision: 2 ** 40, author: 7, delta: rich };

const clientMessages: ClientMessage[] = [
  { kind: 'hello', value: { protocol: 1, clientId: 'ab'.repeat(16), attempt: 3, sdk: 'x/1', name: '', capabilities: ['parts'] } },
  { kind: 'open', value: { request: 1, document: 'd', create: 'rich-text' } },
  { kind: 'open', value: { request: 0, document: 'd', known: { epoch: 'e', revision: 0, digest: '00000000' }, inFlight: 4, composed: true } },
  { kind: 'submit', value: { channel: 2 ** 32 - 1, sequence: Number.MAX_SAFE_INTEGER, revision: 0, delta: rich } },
  { kind: 'submit', value: { channel: 1, sequence: 1, revision: 0, delta: new Delta() } },
  { kind: 'presence', value: { channel: 1, revision: 5, after: 2, ranges: [{ anchor: 0, head: 9 }], state: { typing: true } } },
  { kind: 'presence', value: { channel: 1, revision: 5, ranges: [] } },
  { kind: 'signal', value: { channel: 1, topic: 't', payload: [null, 1.5, 'x'] } },
  { kind: 'leave', value: { channel: 1 } },
  { kind: 'authenticate', value: { token: 'a.b.c' } },
  { kind: 'ping', value: { nonce: 12 } },
];
const limits = { messageBytes: 1, deltaComponents: 2, documentUnits: 3, catchUpRevisions: 4, presenceBytes: 5, signalBytes: 6 };
const opened = {
  request: 1,
  channel: 7,
  document: 'd',
  type: 'rich-text',
  epoch: 'e',
  revision: 3,
  digest: '0000000a',
  role: 'writer',
  author: 1,
  lastSequence: 0,
  authors: [{ author: 1, user }],
  members: [
    { sessionId: 's-1', author: 1, ranges: [] },
    { sessionId: 's-2', author: 2, revision: 3, ranges: [{ anchor: 1, head: 1 }], state: {} },
  ],
};
const serverMessages: ServerMessage[] = [
  { kind: 'welcome', value: { sessionId: 's', user, limits, heartbeatSeconds: 20, server: 'x', capabilities: [] } },
  { kind: 'opened', value: { ...opened, snapshot: new Delta().insert('\n') } },
  { kind: 'opened', value: { ...opened, commits: [], inFlight: { sequence: 1, committed: false } } },
  { kind: 'opened', value: { ...opened, commits: [commit, { ...commit, revision: 4, sequence: 9 }], composed: rich, inFlight: { sequence: 1, committed: true, revision: 2 } } },
  { kind: 'opened', value: { ...opened, more: true } },
  { kind: 'part', value: { channel: 7, ops: new Delta().insert('x'), last: true } },
  { kind: 'committed', value: { channel: 7, ...commit } },
  { kind: 'ack', value: { channel: 7, sequence: 1, revision: 2 } },
  { kind: 'presence', value: { channel: 7, sessionId: 's', author: 1, revision: 2, ranges: [{ anchor: 3, head: 1 }], state: null } },
  { kind: 'refused', value: { request: 1, code: 'unavailable', text: '', retry: true, afterMs: 0 } },
  { kind: 'rejected', value: { channel: 7, sequence: 1, code: 'too_complex', text: 'x' } },
  { kind: 'joined', value: { channel: 7, sessionId: 's', author: 1, user } },
  { kind: 'left', value: { channel: 7, sessionId: 's', author: 1, user } },
  { kind: 'signal', value: { channel: 7, sessionId: 's', author: 1, topic: 't', payload: { a: 1 } } },
  { kind: 'role', value: { channel: 7, role: 'reader' } },
  { kind: 'closed', value: { channel: 7, code: 'too_slow', text: '', retry: true, afterMs: 500 } },
  { kind: 'error', value: { code: 'bad_message', text: '' } },
  { kind: 'goAway', value: { afterMs: 1500, reason: 'restart' } },
  { kind: 'pong', value: { nonce: 0 } },
];

describe('every message goes there and back', () => {
  const all = [
    ...clientMessages.map((message) => [`client ${message.kind}`, 'client', message] as const),
    ...serverMessages.map((message) => [`server ${message.kind}`, 'server', message] as const),
  ];
  test.each(all)('%s', (_, direction, message) => {
    expect(decodeJson(direction, encodeJson(direction, message))).toEqual([message]);
    expect(decodeProtobuf(direction, encodeProtobuf(direction, message))).toEqual([message]);
  });
  test('the measure of a piece is what a frame with it alone weighs', () => {
    for (const message of clientMessages) {
      const binary = protobufCodec.encode(message);
      expect(protobufCodec.frame([binary]).length).toBe(binary.bytes);
      const text = jsonCodec.encode(message);
      expect(new TextEncoder().encode(jsonCodec.frame([text]) as string).length).toBe(text.bytes);
    }
  });
  test('frames join', () => {
    expect(protobufServerCodec.decode(protobufCodec.frame(clientMessages.map(protobufCodec.encode)) as Uint8Array)).toEqual(clientMessages);
    expect(jsonServerCodec.decode(jsonCodec.frame(clientMessages.map(jsonCodec.encode)) as string)).toEqual(clientMessages);
  });
  test('one typed letter costs few bytes', () => {
    const letter = new Delta().retain(300).insert('x');
    const { bytes } = protobufCodec.encode({ kind: 'submit', value: { channel: 1, sequence: 9, revision: 300, delta: letter } });
    expect(bytes).toBeLessThan(28);
  });
});

test.runIf(existsSync(file))('the digests of the golden vectors, one commit after the other', () => {
  const commits = JSON.parse(readFileSync(new URL('digests.json', file), 'utf8')) as { author: number; delta: { ops: Op[] }; digest: string }[];
  let before = '00000000';
  for (const { author, delta, digest } of commits) {
    before = extendDigest(before, author, deltaFromWire(delta.ops));
    expect(before).toBe(digest);
  }
});

describe('what no server sends is refused', () => {
  test.each([
    ['no JSON', '{'],
    ['no messages', '{}'],
    ['an unknown kind', '{"messages":[{"dance":{}}]}'],
    ['a prototype name as kind', '{"messages":[{"constructor":{}}]}'],
    ['two kinds', '{"messages":[{"pong":{"nonce":1},"role":{"channel":1,"role":"x"}}]}'],
    ['a missing field', '{"messages":[{"ack":{"channel":1,"sequence":1}}]}'],
    ['a text for a number', '{"messages":[{"pong":{"nonce":"1"}}]}'],
    ['a fraction', '{"messages":[{"pong":{"nonce":1.5}}]}'],
    ['beyond 2^53', '{"messages":[{"pong":{"nonce":9007199254740993}}]}'],
    ['half a pair', '{"messages":[{"error":{"code":"x","text":"\\ud83c"}}]}'],
    ['an embed retain', '{"messages":[{"part":{"channel":1,"ops":[{"retain":{"a":1}}],"last":true}}]}'],
    ['a prototype name in a format', '{"messages":[{"part":{"channel":1,"ops":[{"insert":"a","attributes":{"__proto__":1}}],"last":true}}]}'],
  ])('JSON: %s', (_, frame) => {
    expect(() => jsonCodec.decode(frame)).toThrow(ProtocolError);
  });
  test('unknown fields are ignored', () => {
    expect(jsonCodec.decode('{"messages":[{"pong":{"nonce":1,"later":{}}}],"more":1}')).toEqual([{ kind: 'pong', value: { nonce: 1 } }]);
  });
  test.each([
    ['an unfinished message', '0a05'],
    ['an unknown kind', '0a04fa07017a'],
    ['no kind', '0a00'],
  ])('protobuf: %s', (_, hex) => {
    expect(() => protobufCodec.decode(bytesOf(hex).buffer)).toThrow(ProtocolError);
  });
  test.each([
    ['less text than said', { ops: [18n], text: 'a' }],
    ['more text than said', { ops: [10n], text: 'ab' }],
    ['a pair cut by two inserts', { ops: [10n, 9n, 10n], text: '😀' }],
    ['an embed that is not there', { ops: [11n] }],
    ['an embed of length 2', { ops: [19n], embeds: ['{"a":1}'] }],
    ['an embed that is no object', { ops: [11n], embeds: ['1'] }],
    ['an embed that is no JSON', { ops: [11n], embeds: ['{'] }],
    ['a format set that is not there', { ops: [14n, 1n], text: 'a', attributes: ['{}'] }],
    ['no entry for the format set', { ops: [14n], text: 'a', attributes: ['{"b":1}'] }],
    ['a format set that is no object', { ops: [14n, 0n], text: 'a', attributes: ['[1]'] }],
    ['a length of 0', { ops: [0n] }],
    ['a length beyond 2^31 - 1', { ops: [(2n ** 31n) << 3n] }],
    ['an entry beyond 2^53', { ops: [2n ** 60n] }],
  ])('protobuf delta: %s', (_, ops) => {
    const frame = create(ServerFrameSchema, { messages: [{ kind: { case: 'part', value: { channel: 1, last: true, ops } } }] });
    expect(() => protobufCodec.decode(new Uint8Array(toBinary(ServerFrameSchema, frame)).buffer)).toThrow(ProtocolError);
  });
  test('protobuf: an integer beyond 2^53 - 1', () => {
    const frame = create(ServerFrameSchema, { messages: [{ kind: { case: 'pong', value: { nonce: 2n ** 53n } } }] });
    expect(() => protobufCodec.decode(new Uint8Array(toBinary(ServerFrameSchema, frame)).buffer)).toThrow(/2\^53/);
  });
  test('the wrong kind of frame', () => {
    expect(() => protobufCodec.decode('{}')).toThrow(ProtocolError);
    expect(() => jsonCodec.decode(new ArrayBuffer(0))).toThrow(ProtocolError);
  });
  test('an integer beyond 2^53 - 1 is never written', () => {
    expect(() => protobufCodec.encode({ kind: 'ping', value: { nonce: 2 ** 53 } })).toThrow(RangeError);
  });
  test('a frame decoded never touches Object.prototype', () => {
    try {
      jsonCodec.decode('{"messages":[{"signal":{"channel":1,"sessionId":"s","author":1,"topic":"t","payload":{"__proto__":{"polluted":1}}}}]}');
    } catch {
      // refused
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
