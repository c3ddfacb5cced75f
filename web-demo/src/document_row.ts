// A document in a list: a link to it, when, and a menu of what can be done with it.
import type { DocumentType } from 'coedit';
import { documentPath } from './document_link.js';
import { element, icon } from './dom.js';
import { type MenuEntry, menuButton } from './menu.js';
import { timeAgo } from './time_ago.js';
import { titleOrUntitled } from './titles.js';

export interface RowOptions {
  readonly id: string;
  readonly type: DocumentType;
  /** Empty for none. */
  readonly title: string;
  /** What happened then, such as "Opened". */
  readonly event: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly entries: readonly MenuEntry[];
}

export interface DocumentRow {
  readonly node: HTMLLIElement;
  setTitle(title: string): void;
}

export function documentRow({ id, type, title, event, at, entries }: RowOptions): DocumentRow {
  const words = element('span', { class: 'row-title', dir: 'auto' });
  const ago = timeAgo(at, Date.now());
  const place = element('span', { class: 'row-menu' });
  const setTitle = (next: string): void => {
    words.textContent = titleOrUntitled(next);
    words.classList.toggle('untitled', next === '');
    place.replaceChildren(menuButton(`More about “${titleOrUntitled(next)}”`, entries));
  };
  setTitle(title);
  const kind = type === 'plain-text' ? 'Plain text' : 'Rich text';
  const node = element(
    'li',
    { class: 'row' },
    element(
      'a',
      { class: 'row-link', href: documentPath(id) },
      icon(type === 'plain-text' ? 'code' : 'document'),
      words,
      element('span', { class: 'row-details' }, element('span', {}, kind), ' · ', element('time', { datetime: new Date(at).toISOString(), title: `${event} ${new Date(at).toLocaleString('en')}` }, `${event.toLowerCase()} ${ago}`)),
    ),
    place,
  );
  return { node, setTitle };
}
