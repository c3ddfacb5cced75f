// The documents opened in this browser, the latest first.
import type { DocumentType } from 'coedit';
import { isDocumentId } from './document_id.js';
import { readStored, writeStored } from './storage.js';

export interface RecentDocument {
  readonly id: string;
  /** Its title, or the first line of its text, when it was last seen; empty while nothing is written. */
  readonly title: string;
  readonly type: DocumentType;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
}

const storageKey = 'coedit.recent';
const recentMax = 30;

function recentOf(value: unknown): RecentDocument | null {
  if (typeof value !== 'object' || value === null) return null;
  const { id, title, type, openedAt } = value as Partial<Record<keyof RecentDocument, unknown>>;
  if (typeof id !== 'string' || !isDocumentId(id) || typeof title !== 'string' || typeof openedAt !== 'number') return null;
  return { id, title, openedAt, type: type === 'plain-text' ? type : 'rich-text' };
}

export function recentDocuments(): RecentDocument[] {
  const stored = readStored(storageKey);
  return Array.isArray(stored) ? stored.map(recentOf).filter((recent) => recent !== null) : [];
}

/** Puts a document first. Reads the list again each time: other tabs write it too. */
export function rememberDocument(document: RecentDocument): void {
  const others = recentDocuments().filter(({ id }) => id !== document.id);
  writeStored(storageKey, [document, ...others].slice(0, recentMax));
}

/** Another title for one that is in the list; its place stays. */
export function retitleDocument(id: string, title: string): void {
  writeStored(
    storageKey,
    recentDocuments().map((recent) => (recent.id === id ? { ...recent, title } : recent)),
  );
}

export function forgetDocument(id: string): void {
  writeStored(
    storageKey,
    recentDocuments().filter((recent) => recent.id !== id),
  );
}
