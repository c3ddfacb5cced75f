// The digest of docs/protocol.md for deltas of plain text, in whole numbers below 2^32 as they stand
// there in hex. Written from that page, like document_channel.mjs.

function* varint(value) {
  for (; value >= 128; value = Math.floor(value / 128)) yield (value % 128) + 128;
  yield value;
}

function* bytesOf(author, ops) {
  yield* varint(author);
  for (const {retain, delete: removed, insert} of ops) {
    if (retain !== undefined) yield* varint(retain * 8);
    else if (removed !== undefined) yield* varint(removed * 8 + 1);
    else {
      const utf8 = Buffer.from(insert, 'utf8');
      yield* varint(insert.length * 8 + 2);
      yield* varint(utf8.length);
      yield* utf8;
    }
  }
}

/** The digest after a commit of `author` with these ops, in normal form. */
export function extendDigest(previous, author, {ops}) {
  let digest = Number.parseInt(previous, 16);
  for (const byte of bytesOf(author, ops)) digest = Math.imul(digest ^ byte, 0x01000193);
  return (digest >>> 0).toString(16).padStart(8, '0');
}
