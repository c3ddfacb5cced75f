// The documents opened in this browser, the latest first.
import { isDocumentId } from './document_id.js';
import { readStored, writeStored } from './storage.js';

export interface RecentDocument {
  readonly id: string;
  /** First line of its text when it was last seen; empty while nothing is written. */
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
}

const storageKey = 'coedit.recent';
const recentMax = 30;
const titleCharactersMax = 80;

function isRecent(value: unknown): value is RecentDocument {
  if (typeof value !== 'object' || value === null) return false;
  const { id, title, openedAt } = value as Partial<Record<keyof RecentDocument, unknown>>;
  return typeof id === 'string' && isDocumentId(id) && typeof title === 'string' && typeof openedAt === 'number';
}

export function recentDocuments(): RecentDocument[] {
  const stored = readStored(storageKey);
  return Array.isArray(stored) ? stored.filter(isRecent) : [];
}

/** Puts a document first. Reads the list again each time: other tabs write it too. */
export function rememberDocument(document: RecentDocument): void {
  const others = recentDocuments().filter(({ id }) => id !== document.id);
  writeStored(storageKey, [document, ...others].slice(0, recentMax));
}

export function forgetDocument(id: string): void {
  writeStored(
    storageKey,
    recentDocuments().filter((recent) => recent.id !== id),
  );
}

/** The first line with something on it, shortened. */
export function titleOf(text: string): string {
  const line = /[^\s\ufffc][^\n]*/u.exec(text)?.[0].replaceAll('\ufffc', '').trim() ?? '';
  const characters = [...line];
  return characters.length <= titleCharactersMax ? line : `${characters.slice(0, titleCharactersMax).join('').trimEnd()}…`;
}

export function titleOrUntitled(title: string): string {
  return title === '' ? 'Untitled document' : title;
}
