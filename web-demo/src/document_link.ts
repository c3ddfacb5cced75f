// Addresses of documents: `/d/<id>`, with `?role=reader` for a page that only reads, and with
// `?new=<type>` for one that may have to be made first.
import type { DocumentType } from 'coedit';
import { isDocumentId } from './document_id.js';

export interface DocumentLink {
  readonly id: string;
  /** What to make where there is no document yet; null for nothing. */
  readonly create: DocumentType | null;
  readonly readOnly: boolean;
}

const prefix = '/d/';

export function documentPath(id: string, { create, readOnly }: Partial<DocumentLink> = {}): string {
  const query = create !== undefined && create !== null ? `?new=${create}` : readOnly === true ? '?role=reader' : '';
  return `${prefix}${id}${query}`;
}

/** The same for whoever gets it from elsewhere. */
export function documentAddress(id: string, options: Partial<DocumentLink> = {}): string {
  return new URL(documentPath(id, options), location.origin).href;
}

/** Null where the address is not one below `/d/`; an empty id where it is, and names no document. */
export function documentLink({ pathname, searchParams }: URL): DocumentLink | null {
  if (!pathname.startsWith(prefix)) return null;
  const id = pathname.slice(prefix.length);
  const wanted = searchParams.get('new');
  return {
    id: isDocumentId(id) ? id : '',
    create: wanted === 'rich-text' || wanted === 'plain-text' ? wanted : null,
    readOnly: searchParams.get('role') === 'reader',
  };
}
