// Who the user is to the others: a name and a colour, chosen once and remembered in this browser.
import { displayName } from 'coedit';
import { readStored, writeStored } from './storage.js';

export interface Identity {
  readonly name: string;
  /** "#rrggbb" */
  readonly color: string;
}

export interface NamedColor {
  readonly label: string;
  readonly value: string;
}

/** Each at least 4.5:1 under white letters and 3:1 as a cursor on the light and the dark sheet. */
export const colors: readonly NamedColor[] = [
  { label: 'Red', value: '#db2a24' },
  { label: 'Orange', value: '#c34c10' },
  { label: 'Amber', value: '#9c670d' },
  { label: 'Green', value: '#218241' },
  { label: 'Teal', value: '#128075' },
  { label: 'Blue', value: '#1d73ca' },
  { label: 'Indigo', value: '#5165e6' },
  { label: 'Violet', value: '#8851e6' },
  { label: 'Plum', value: '#af42c0' },
  { label: 'Pink', value: '#d6266f' },
];

const adjectives = ['Brave', 'Bright', 'Calm', 'Clever', 'Gentle', 'Happy', 'Kind', 'Lively', 'Patient', 'Quiet', 'Swift', 'Witty'];
const animals = ['Badger', 'Dolphin', 'Falcon', 'Finch', 'Fox', 'Hare', 'Heron', 'Lynx', 'Otter', 'Owl', 'Robin', 'Seal', 'Wren'];

export const nameCharactersMax = 40;
const storageKey = 'coedit.identity';

function anyOf<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)] as T;
}

/** The name as others will see it, or null when nothing is left of it. */
export function cleanName(name: string): string | null {
  const short = [...name.trim()].slice(0, nameCharactersMax).join('');
  const shown = displayName(short);
  return shown === displayName('') && short !== shown ? null : shown;
}

/** The remembered identity; a friendly random one the first time. */
export function loadIdentity(): Identity {
  const stored = (readStored(storageKey) ?? {}) as Partial<Record<keyof Identity, unknown>>;
  const name = typeof stored.name === 'string' ? cleanName(stored.name) : null;
  const color = colors.find(({ value }) => value === stored.color)?.value;
  const identity = { name: name ?? `${anyOf(adjectives)} ${anyOf(animals)}`, color: color ?? anyOf(colors).value };
  if (name === null || color === undefined) saveIdentity(identity);
  return identity;
}

export function saveIdentity(identity: Identity): void {
  writeStored(storageKey, identity);
}

/** One or two letters for an avatar. */
export function initials(name: string): string {
  const words = name.split(' ').filter((word) => /[\p{L}\p{N}]/u.test(word));
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  const letters = chosen.map((word) => /[\p{L}\p{N}]/u.exec(word ?? '')?.[0] ?? '').join('');
  return letters === '' ? '?' : letters.toLocaleUpperCase();
}
