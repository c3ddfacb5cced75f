// What a document may be called.
import { EditError } from './errors.js';

const pattern = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;

/** The id itself; throws EditError (`bad_document_id`). */
export function checkedDocumentId(id: string): string {
  if (!pattern.test(id)) throw new EditError('bad_document_id', `${JSON.stringify(id)} is no document id`);
  return id;
}
