// The server's refusals in words for the person at the keyboard.
import type { CoeditError, Delta, Recovery } from 'coedit';
import type { Notice, NoticeCopy } from './notices.js';

interface Words {
  readonly title: string;
  readonly body: string;
}

const refusedEdits: { readonly [reason: string]: Words } = {
  document_limit: {
    title: 'This document is full',
    body: 'The server took your last edit back because the document may not grow any more. Everything before it is saved; what you wrote is kept below.',
  },
  forbidden: {
    title: 'You may only read this document now',
    body: 'Your right to edit was taken away. What was not saved by then was taken back; it is kept below.',
  },
  too_big: {
    title: 'That was too large',
    body: 'A single piece of what you inserted is larger than the server takes. It was taken back; it is kept below.',
  },
  epoch: {
    title: 'The document was replaced on the server',
    body: 'The server now holds another version, perhaps restored from a backup. Yours could not be joined with it; it is kept below.',
  },
  closed: {
    title: 'Some edits were not saved',
    body: 'The document was closed before the server had them. They are kept below.',
  },
};

const unknownRefusal: Words = {
  title: 'An edit was refused',
  body: 'The server took your last edit back. Everything before it is saved; what you wrote is kept below.',
};

const closings: { readonly [code: string]: Words } = {
  replaced: {
    title: 'This document is in use elsewhere',
    body: 'Another tab took over your place in it. Only one of them can edit.',
  },
  no_such_document: { title: 'The document was deleted', body: 'Somebody has deleted it, for everyone. This cannot be undone.' },
  forbidden: { title: 'You may not open this document', body: 'Ask whoever sent you the link.' },
  unauthenticated: { title: 'The server does not know you', body: 'Sign in again, then reload this page.' },
  type_mismatch: { title: 'This is another kind of document', body: 'It was made as another kind than this page asked for. Reload to open it as it is.' },
  version: { title: 'This page is out of date', body: 'The server was updated since you opened it. Reload to go on.' },
};

/** The text a delta inserts: of an edit what the user put in, of a document all of it. */
function insertedText(delta: Delta): string {
  return delta.ops.map(({ insert }) => (typeof insert === 'string' ? insert : '')).join('');
}

function kept(label: string, text: string, fileName: string): { readonly copy?: NoticeCopy } {
  return text.trim() === '' ? {} : { copy: { label, text, fileName } };
}

/** Edits that left the document: why, and their text. */
export function recoveryNotice(recovery: Recovery): Notice {
  const { reason, document, pending } = recovery;
  const words = refusedEdits[reason] ?? { ...unknownRefusal, body: `${unknownRefusal.body} (${recovery.message})` };
  const text = insertedText(reason === 'epoch' ? document : pending);
  return { ...words, ...kept('Your text', text, 'my-edits.txt') };
}

/** The document was closed for good; `unsavedText` is its text if edits were not saved. */
export function closedNotice(error: CoeditError, unsavedText: string | null): Notice {
  const known = closings[error.code];
  const words = known ?? { title: 'The connection ended', body: `The server closed this document: ${error.message}.` };
  return { ...words, ...kept('Text of the document with your unsaved edits', unsavedText ?? '', 'my-copy.txt') };
}
