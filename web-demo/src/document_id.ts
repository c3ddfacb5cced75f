// Document ids of the demo: the link is the key to a document, so nobody must be able to guess it.

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const randomBits = 128;

/** A new id: 128 random bits in base32 without letters that are easily mistaken, 26 characters. */
export function newDocumentId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(randomBits / 8));
  let id = '';
  let value = 0;
  let bits = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      id += alphabet.charAt((value >> bits) & 31);
      value &= (1 << bits) - 1;
    }
  }
  if (bits > 0) id += alphabet.charAt((value << (5 - bits)) & 31);
  return id;
}

/** What the server takes for a document id. */
export function isDocumentId(id: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/.test(id);
}
