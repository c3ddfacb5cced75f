// The bytes of protobuf: varints, fixed32 and length-delimited fields, as far as proto/coedit.proto
// uses them. Knows nothing of messages.
import { ProtocolError } from './errors.js';

export const wireVarint = 0;
export const wireBytes = 2;
export const wireFixed32 = 5;
const wireFixed64 = 1;

const encoder = new TextEncoder();
// Fatal: text that is not UTF-8 is refused. A byte order mark is text like any other.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Builds one message. */
export class Writer {
  private bytes = new Uint8Array(64);
  private length = 0;

  private reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** An integer from 0 to 2^53 - 1. */
  varint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not from 0 to 2^53 - 1`);
    this.reserve(8);
    let left = value;
    // Not by bits: those of JavaScript end at 32.
    for (; left >= 128; left = Math.floor(left / 128)) this.bytes[this.length++] = (left % 128) + 128;
    this.bytes[this.length++] = left;
    return this;
  }

  tag(field: number, wire: number): this {
    return this.varint(field * 8 + wire);
  }

  fixed32(value: number): this {
    this.reserve(4);
    for (let shift = 0; shift < 32; shift += 8) this.bytes[this.length++] = (value >>> shift) & 255;
    return this;
  }

  /** A length and so many bytes. */
  chunk(bytes: Uint8Array): this {
    this.varint(bytes.length).reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  text(text: string): this {
    return this.chunk(encoder.encode(text));
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }
}

/** Reads one message. Throws ProtocolError. */
export class Reader {
  private at = 0;
  constructor(private readonly bytes: Uint8Array) {}

  get more(): boolean {
    return this.at < this.bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1, count = 0; count < 10; factor *= 128, count++) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new ProtocolError('a frame ends inside a number');
      value += (byte & 127) * factor;
      if (byte >= 128) continue;
      if (!Number.isSafeInteger(value)) throw new ProtocolError('a number is beyond 2^53 - 1');
      return value;
    }
    throw new ProtocolError('a number has more than ten bytes');
  }

  fixed32(): number {
    const bytes = this.take(4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  }

  chunk(): Uint8Array {
    return this.take(this.varint());
  }

  text(): string {
    try {
      return decoder.decode(this.chunk());
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      throw new ProtocolError('a text is not UTF-8');
    }
  }

  /** A field this version does not know. */
  skip(wire: number): void {
    if (wire === wireVarint) this.varint();
    else if (wire === wireBytes) this.chunk();
    else if (wire === wireFixed32) this.take(4);
    else if (wire === wireFixed64) this.take(8);
    else throw new ProtocolError(`a field has the wire type ${wire}`);
  }

  private take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) throw new ProtocolError('a frame ends inside a field');
    return this.bytes.subarray(this.at, (this.at += length));
  }
}
