// JSON values as the protocol keeps them: RFC 8785 text (keys by UTF-16 units, ECMAScript numbers,
// minimal escapes), no key that names a member of Object.prototype, no lone surrogate, no integer
// beyond 2^53 (from 1e21 on the canonical form has an exponent and is no integer).
import { ProtocolError } from './errors.js';

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Nesting beyond this is refused; the server's own bound for formats and embeds is lower. */
const depthMax = 64;

type Keyed = { readonly [key: string]: unknown };

const refusedKeys: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Whether a key would collide with what every JavaScript object inherits. */
export function isRefusedKey(key: string): boolean {
  return refusedKeys.has(key);
}

/** Whether every high surrogate is followed by a low one and every low one follows a high one. */
export function isWellFormed(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if ((unit & 0xf800) !== 0xd800) continue;
    if (unit >= 0xdc00) return false;
    const next = text.charCodeAt(i + 1);
    if (!(next >= 0xdc00 && next <= 0xdfff)) return false;
    i++;
  }
  return true;
}

/** A checked value; throws ProtocolError naming what is wrong. Returns the value itself. */
export function checkJson(value: unknown, where: string, depth = 0): Json {
  if (depth > depthMax) throw new ProtocolError(`${where} is nested deeper than ${depthMax}`);
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      if (!isWellFormed(value)) throw new ProtocolError(`${where} holds half a surrogate pair`);
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw new ProtocolError(`${where} holds the number ${value}`);
      if (Math.abs(value) > 2 ** 53 && Math.abs(value) < 1e21) {
        throw new ProtocolError(`${where} holds the integer ${value}, beyond 2^53`);
      }
      return value;
    case 'object': {
      if (value === null) return null;
      if (Array.isArray(value)) {
        for (const item of value) checkJson(item, where, depth + 1);
        return value as Json;
      }
      for (const [key, item] of Object.entries(value)) {
        if (isRefusedKey(key)) throw new ProtocolError(`${where} has the refused key "${key}"`);
        checkJson(key, where, depth + 1);
        checkJson(item, where, depth + 1);
      }
      return value as Json;
    }
    default:
      throw new ProtocolError(`${where} holds a ${typeof value}, which is not JSON`);
  }
}

/** Whether two JSON values, or two absent ones, are the same, whatever the order of their keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameJson((a as Keyed)[key], (b as Keyed)[key]))
  );
}
/** RFC 8785 text of a value. The default sort of JavaScript is by UTF-16 units, as that asks. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const record = value as Record<string, unknown>;
    const members = Object.keys(record)
      .filter((key) => record[key] !== undefined)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key])}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Parses and checks JSON text that came in a string field. */
export function parseJson(text: string, where: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProtocolError(`${where} is not JSON`);
  }
  return checkJson(value, where);
}
