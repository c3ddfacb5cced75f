// The rolling digest of a document's history, kept by whoever holds its text: handed back on resume it
// proves that this text is of the server's history. docs/protocol.md, "Digest".
import { canonicalJson } from './canonical_json.js';
import { type Delta, opLength } from './delta_class.js';
import { Writer } from './protobuf_wire.js';

const encoder = new TextEncoder();

/** The order of UTF-8, which is that of code points; JavaScript's own is that of UTF-16. */
function byBytes(a: string, b: string): number {
  const left = encoder.encode(a);
  const right = encoder.encode(b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    if (left[i] !== right[i]) return (left[i] as number) - (right[i] as number);
  }
  return left.length - right.length;
}

function bytesOf(author: number, delta: Delta): Uint8Array {
  const writer = new Writer().varint(author);
  for (const op of delta.ops) {
    const { insert, attributes } = op;
    const kind = insert === undefined ? (op.delete === undefined ? 0 : 1) : typeof insert === 'string' ? 2 : 3;
    writer.varint(opLength(op) * 8 + (attributes === undefined ? 0 : 4) + kind);
    if (insert !== undefined) writer.text(typeof insert === 'string' ? insert : canonicalJson(insert));
    if (attributes === undefined) continue;
    const keys = Object.keys(attributes).sort(byBytes);
    writer.varint(keys.length);
    for (const key of keys) writer.text(key).text(canonicalJson(attributes[key]));
  }
  return writer.finish();
}

/** The digest after a commit, eight hex digits as everywhere; the delta is in normal form. */
export function extendDigest(previous: string, author: number, delta: Delta): string {
  let hash = Number.parseInt(previous, 16);
  for (const byte of bytesOf(author, delta)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
