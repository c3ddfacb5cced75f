// Links of a document: to write in it, and to read it only.
import { documentAddress } from './document_link.js';
import { element, icon } from './dom.js';
import { type Notices, flash } from './notices.js';
import { popover } from './popover.js';
import { copyText } from './text_out.js';

interface Kind {
  readonly label: string;
  readonly words: string;
  readonly copy: string;
  readonly readOnly: boolean;
}

const kinds: readonly Kind[] = [
  { label: 'Link to write', words: 'Whoever has it reads and writes.', copy: 'Copy link', readOnly: false },
  {
    label: 'Link to read',
    words: 'The page it opens does not edit. That is a courtesy of the page, not a right that the server enforces.',
    copy: 'Copy read-only link',
    readOnly: true,
  },
];

export function shareButton(id: string, notices: Notices): HTMLElement {
  const button = element(
    'button',
    { type: 'button', class: 'button bar-button', title: 'Share' },
    icon('share'),
    element('span', { class: 'button-label' }, 'Share'),
  );
  const row = ({ label, words, copy, readOnly }: Kind): HTMLElement => {
    const address = documentAddress(id, { readOnly });
    const field = element('input', { type: 'text', class: 'field share-address', readonly: true, 'aria-label': label });
    field.value = address;
    field.addEventListener('focus', () => field.select());
    const copyButton = element('button', { type: 'button', class: 'button', ...(readOnly ? {} : { autofocus: true }) }, icon('link'), element('span', { class: 'button-label' }, copy));
    copyButton.addEventListener('click', () => {
      void copyText(address).then((done) => {
        if (done) flash(copyButton, 'Copied');
        else notices.show({ title: 'Copy this link', body: `The browser does not let this page copy. The link is ${address}` });
      });
    });
    return element('div', { class: 'share-row' }, element('p', { class: 'share-label' }, label), element('p', { class: 'share-words' }, words), field, copyButton);
  };
  return popover(button, 'Share this document', () => kinds.map(row)).node;
}
