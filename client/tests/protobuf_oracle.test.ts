// The hand-written binary codec beside protobuf-es, on random messages of every kind: both write
// the same bytes, and the bytes are read back to the same message.
import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { canonicalJson } from '../src/canonical_json.js';
import { protobufCodec, protobufServerCodec } from '../src/codec_protobuf.js';
import { Delta, opLength } from '../src/delta.js';
import { type ClientMessage, type ServerMessage, clientTable, serverTable } from '../src/messages.js';
import type { Schema } from '../src/schema.js';
import { ClientFrameSchema, ServerFrameSchema } from './generated/coedit_pb.js';
import { Random, breathe, randomDocument, randomEdit, seedOfRun } from './support/random.js';

const cases = Number(process.env['CASES'] ?? 40);

const texts = ['', 'a', 'Grüße 😀', '\ufeffbom', '"\\\n\u2028', 'x'.repeat(300)];
const integers = [0, 1, 127, 128, 300, 2 ** 28 - 1, 2 ** 31, 2 ** 32 - 1];
const jsons = [null, true, 0, -1.5, 'é', [], {}, { b: [1, { c: 'x' }], a: null }];

function randomValue(random: Random, schema: Schema): unknown {
  switch (schema.is) {
    case 'text':
      return random.pick(texts);
    case 'integer':
      return random.pick([...integers, 2 ** 40 + 3, Number.MAX_SAFE_INTEGER]);
    case 'small':
      return random.pick(integers);
    case 'digest':
      return random.pick(['00000000', '00000001', 'ffffffff', '89abcdef']);
    case 'flag':
      return random.chance(0.5);
    case 'json':
      return random.pick(jsons);
    case 'delta':
    case 'bare delta':
      return random.chance(0.2) ? new Delta() : randomEdit(random, randomDocument(random, 4));
    case 'optional':
      return random.chance(0.4) ? undefined : randomValue(random, schema.of as Schema);
    case 'list':
      return Array.from({ length: random.below(4) }, () => randomValue(random, schema.of as Schema));
    case 'record': {
      const entries = Object.entries(schema.fields).map(([name, of]) => [name, randomValue(random, of as Schema)] as const);
      return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
    }
  }
}

/** As protobuf-es wants it: bigints, JSON text, packed deltas, wrapped lists. */
function toOracle(schema: Schema, value: unknown): unknown {
  switch (schema.is) {
    case 'integer':
      return BigInt(value as number);
    case 'digest':
      return Number.parseInt(value as string, 16);
    case 'json':
      return canonicalJson(value);
    case 'delta':
    case 'bare delta': {
      const ops: bigint[] = [];
      const embeds: string[] = [];
      const attributes: string[] = [];
      let text = '';
      for (const op of (value as Delta).ops) {
        const kind = op.delete !== undefined ? 1 : op.insert === undefined ? 0 : typeof op.insert === 'string' ? 2 : 3;
        if (typeof op.insert === 'string') text += op.insert;
        if (kind === 3) embeds.push(canonicalJson(op.insert));
        ops.push(BigInt(opLength(op) * 8 + (op.attributes === undefined ? 0 : 4) + kind));
        if (op.attributes === undefined) continue;
        const set = canonicalJson(op.attributes);
        if (!attributes.includes(set)) attributes.push(set);
        ops.push(BigInt(attributes.indexOf(set)));
      }
      return { ops, text, embeds, attributes };
    }
    case 'optional':
      return toOracle(schema.of as Schema, value);
    case 'list': {
      const items = (value as unknown[]).map((item) => toOracle(schema.of as Schema, item));
      return schema.wrapper === undefined ? items : { [schema.wrapper]: items };
    }
    case 'record':
      return Object.fromEntries(
        Object.entries(value as object).flatMap(([name, item]): [string, unknown][] => {
          const of = (schema.fields as Record<string, Schema>)[name] as Schema;
          return of.is === 'bare delta' ? Object.entries(toOracle(of, item) as object) : [[name, toOracle(of, item)]];
        }),
      );
    default:
      return value;
  }
}

test.each([
  ['client', clientTable, ClientFrameSchema],
  ['server', serverTable, ServerFrameSchema],
] as const)('%s messages', async (direction, table, frameSchema) => {
  const seed = seedOfRun();
  console.log(`protobuf oracle, ${direction}: SEED=${seed}`);
  for (let i = 0; i < cases; i++) {
    await breathe();
    const random = new Random(seed + i);
    for (const [kind, schema] of Object.entries(table)) {
      const value = randomValue(random, schema as Schema);
      const message = { kind, value } as ClientMessage | ServerMessage;
      const oracle = create(frameSchema, { messages: [{ kind: { case: kind, value: toOracle(schema as Schema, value) } }] } as never);
      const theirs = toBinary(frameSchema, oracle as never);
      const own =
        direction === 'client'
          ? (protobufCodec.encode(message as ClientMessage).data as Uint8Array)
          : protobufServerCodec.encode([message as ServerMessage]);
      expect(Buffer.from(own).toString('hex'), `SEED=${seed + i} ${kind}`).toBe(Buffer.from(theirs).toString('hex'));
      const read = direction === 'client' ? protobufServerCodec.decode(theirs) : protobufCodec.decode(new Uint8Array(theirs).buffer);
      expect(read, `SEED=${seed + i} ${kind}`).toEqual([message]);
    }
  }
});

test('damaged bytes are refused or read, never anything else', async () => {
  const seed = seedOfRun();
  console.log(`protobuf damage: SEED=${seed}`);
  for (let i = 0; i < cases * 5; i++) {
    await breathe();
    const random = new Random(seed + i);
    const [kind, schema] = random.pick(Object.entries(serverTable));
    const bytes = protobufServerCodec.encode([{ kind, value: randomValue(random, schema as Schema) } as ServerMessage]);
    for (let hits = 1 + random.below(3); hits > 0; hits--) bytes[random.below(bytes.length)] = random.below(256);
    const damaged = bytes.slice(0, random.chance(0.3) ? random.below(bytes.length) : bytes.length);
    try {
      protobufCodec.decode(new Uint8Array(damaged).buffer);
    } catch (error) {
      expect((error as Error).name, `SEED=${seed + i}`).toBe('ProtocolError');
    }
  }
});
