// The start page: what this is, a new document, and the documents opened in this browser.
import './styles/start.css';
import { documentPath, newDocumentId } from './document_id.js';
import { brand, element, icon } from './dom.js';
import { type RecentDocument, forgetDocument, recentDocuments, titleOrUntitled } from './recent.js';

const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];
const relativeMax = 14 * 86_400_000;

/** "5 minutes ago"; a date once that is long past. */
function timeAgo(then: number, now: number): string {
  const spent = now - then;
  if (spent > relativeMax) return new Intl.DateTimeFormat('en', { dateStyle: 'medium' }).format(then);
  for (const [unit, size] of units) {
    if (spent >= size) return new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(-Math.floor(spent / size), unit);
  }
  return 'just now';
}

function newDocumentLink(): HTMLAnchorElement {
  const link = element('a', { class: 'button primary large' }, icon('plus'), 'New document');
  // A link, so that it opens in another tab as any does; each use has an id of its own.
  const renew = (): void => {
    link.href = documentPath(newDocumentId());
  };
  renew();
  for (const event of ['click', 'auxclick']) link.addEventListener(event, () => setTimeout(renew));
  window.addEventListener('pageshow', renew);
  return link;
}

function emptyList(): HTMLElement {
  return element(
    'div',
    { class: 'recent-empty' },
    element('span', { class: 'recent-empty-mark', 'aria-hidden': 'true' }, icon('document')),
    element('p', { class: 'recent-empty-title' }, 'Nothing here yet'),
    element('p', {}, 'Documents you open in this browser are listed here, so you find them again.'),
  );
}

function recentItem({ id, title, openedAt }: RecentDocument, remove: () => void): HTMLLIElement {
  const shown = titleOrUntitled(title);
  const button = element(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': `Remove “${shown}” from this list`, title: 'Remove from this list' },
    icon('close'),
  );
  button.addEventListener('click', remove);
  return element(
    'li',
    { class: 'recent-item' },
    element(
      'a',
      { class: 'recent-link', href: documentPath(id) },
      icon('document'),
      element('span', { class: title === '' ? 'recent-title untitled' : 'recent-title', dir: 'auto' }, shown),
      element('time', { class: 'recent-time', datetime: new Date(openedAt).toISOString() }, timeAgo(openedAt, Date.now())),
    ),
    button,
  );
}

function recentSection(): HTMLElement {
  const heading = element('h2', { id: 'recent-heading', tabindex: '-1' }, 'Recent documents');
  const body = element('div', {});
  const said = element('p', { class: 'visually-hidden', role: 'status' });
  const draw = (): void => {
    const documents = recentDocuments();
    if (documents.length === 0) {
      body.replaceChildren(emptyList());
      return;
    }
    const items = documents.map((recent) =>
      recentItem(recent, () => {
        forgetDocument(recent.id);
        draw();
        heading.focus();
        said.textContent = `“${titleOrUntitled(recent.title)}” was removed from the list.`;
      }),
    );
    body.replaceChildren(element('ul', { class: 'recent-list' }, ...items));
  };
  draw();
  // Other tabs change the list, and a page from the back-forward cache is as old as it was left.
  window.addEventListener('storage', draw);
  window.addEventListener('pageshow', draw);
  return element('section', { 'aria-labelledby': 'recent-heading', class: 'recent' }, heading, body, said);
}

export function showStartPage(root: HTMLElement, problem?: string): void {
  document.title = 'coedit';
  const notice = problem === undefined ? [] : [element('p', { class: 'start-problem', role: 'alert' }, problem)];
  root.replaceChildren(
    element(
      'div',
      { class: 'start' },
      element('header', { class: 'start-header' }, brand()),
      element(
        'main',
        {},
        ...notice,
        element('h1', {}, 'Write together, in one document'),
        element(
          'p',
          { class: 'lead' },
          'Everyone who has a document’s link writes in it at the same time; an edit counts as saved only once it is on the server’s disk.',
        ),
        element('p', { class: 'start-action' }, newDocumentLink()),
        recentSection(),
      ),
    ),
  );
}
