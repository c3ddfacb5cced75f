// The small language in which messages.ts describes the wire. A field kind says how a value looks
// in memory; codec_json.ts and codec_protobuf.ts say how it looks in each encoding.
import type { Json } from './canonical_json.js';
import type { Delta } from './delta.js';

export interface Scalar<T> {
  readonly is: 'text' | 'integer' | 'small' | 'digest' | 'flag' | 'json' | 'delta' | 'bare delta';
  /** Only a carrier of the type; no value is ever there. */
  readonly type?: T;
}
export interface Optional<S> {
  readonly is: 'optional';
  readonly of: S;
}
export interface List<S> {
  readonly is: 'list';
  readonly of: S;
  /** Protobuf wraps a list whose absence means something in a message with this one field. */
  readonly wrapper?: string;
}
export interface RecordOf<F> {
  readonly is: 'record';
  readonly fields: F;
  /** Number of the first field in protobuf; the others follow one by one. */
  readonly first: number;
}
export type Schema =
  | Scalar<unknown>
  | Optional<unknown>
  | List<unknown>
  | RecordOf<{ readonly [name: string]: unknown }>;

export const text: Scalar<string> = { is: 'text' };
/** 64 bits on the wire, at most 2^53 - 1. */
export const integer: Scalar<number> = { is: 'integer' };
/** 32 bits on the wire. */
export const small: Scalar<number> = { is: 'small' };
/** 32 bits, in memory 8 lower-case hex digits. */
export const digest: Scalar<string> = { is: 'digest' };
export const flag: Scalar<boolean> = { is: 'flag' };
export const json: Scalar<Json> = { is: 'json' };
export const delta: Scalar<Delta> = { is: 'delta' };
/** The last field of a record; in protobuf the four fields of a delta without a message around them. */
export const bareDelta: Scalar<Delta> = { is: 'bare delta' };

export function optional<S>(of: S): Optional<S> {
  return { is: 'optional', of };
}
/** A list; absent and empty are the same. */
export function list<S>(of: S): List<S> {
  return { is: 'list', of };
}
/** A list that, when optional, may be absent or empty. */
export function listMessage<S>(wrapper: string, of: S): List<S> {
  return { is: 'list', of, wrapper };
}
/** A message: its fields in the order of their numbers. */
export function record<F>(fields: F, first = 1): RecordOf<F> {
  return { is: 'record', fields, first };
}

type OptionalKeys<F> = { [K in keyof F]: F[K] extends Optional<unknown> ? K : never }[keyof F];

export type Infer<S> =
  S extends Scalar<infer T>
    ? T
    : S extends Optional<infer I>
      ? Infer<I>
      : S extends List<infer I>
        ? Infer<I>[]
        : S extends RecordOf<infer F>
          ? { [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]> } & {
              [K in OptionalKeys<F>]?: Infer<F[K]>;
            }
          : never;
