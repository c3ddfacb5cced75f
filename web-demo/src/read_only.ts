// A document that this page only reads, because its link asks for that. Nobody enforces it: the server
// would take edits from here, so this is a courtesy to the reader and no protection of the text.
import { EditError, type SharedDocument } from 'coedit';

/** The same document, in which this page is a reader. */
export function readerOf(shared: SharedDocument): SharedDocument {
  const refuse = (): never => {
    throw new EditError('forbidden', 'this page was opened to read');
  };
  return new Proxy(shared, {
    get: (target, key) => {
      if (key === 'role') return target.role === null ? null : 'reader';
      if (key === 'apply') return refuse;
      if (key === 'status') {
        const { status } = target;
        return status === 'synchronised' || status === 'saved' ? 'read-only' : status;
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
