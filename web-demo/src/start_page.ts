// The start page: what this is, new documents, those of this browser, and all of the server.
import './styles/start.css';
import type { DocumentType } from 'coedit';
import { DocumentsApi } from 'coedit/http';
import { DocumentActions } from './document_actions.js';
import { newDocumentId } from './document_id.js';
import { documentPath } from './document_link.js';
import { DocumentList } from './document_list.js';
import { documentRow } from './document_row.js';
import { type IconName, brand, element, icon } from './dom.js';
import { type RecentDocument, forgetDocument, recentDocuments } from './recent.js';
import { titleOrUntitled } from './titles.js';

const recentShown = 6;
const saidMs = 6_000;

function newDocumentLink(create: DocumentType, name: IconName, label: string, primary: boolean): HTMLAnchorElement {
  const link = element('a', { class: primary ? 'button primary large' : 'button large' }, icon(name), label);
  // A link, so that it opens in another tab as any does; each use has an id of its own.
  const renew = (): void => {
    link.href = documentPath(newDocumentId(), { create });
  };
  renew();
  for (const event of ['click', 'auxclick']) link.addEventListener(event, () => setTimeout(renew));
  window.addEventListener('pageshow', renew);
  return link;
}

/** What an action came to: said to everyone, shown for a while. */
class Outcome {
  readonly node = element('p', { class: 'outcome', role: 'status' });
  private timer: ReturnType<typeof setTimeout> | undefined;

  say(words: string, bad = false): void {
    clearTimeout(this.timer);
    this.node.textContent = words;
    this.node.classList.toggle('bad', bad);
    this.node.classList.add('shown');
    this.timer = setTimeout(() => {
      this.node.classList.remove('shown');
      this.node.textContent = '';
    }, saidMs);
  }
}

class RecentSection {
  readonly node: HTMLElement;
  private readonly heading = element('h2', { id: 'recent-heading', tabindex: '-1' }, 'Recent in this browser');
  private readonly body = element('div', { class: 'list-body' });
  private readonly all = element('button', { type: 'button', class: 'button list-more', hidden: true });
  private isWhole = false;

  constructor(
    private readonly actions: DocumentActions,
    private readonly say: (words: string) => void,
  ) {
    this.node = element('section', { class: 'section', 'aria-labelledby': 'recent-heading' }, element('div', { class: 'section-head' }, this.heading), this.body, this.all);
    this.all.addEventListener('click', () => {
      this.isWhole = true;
      this.draw();
      this.heading.focus();
    });
    this.draw();
    // Other tabs change the list, and a page from the back-forward cache is as old as it was left.
    window.addEventListener('storage', () => this.draw());
    window.addEventListener('pageshow', () => this.draw());
  }

  draw(): void {
    const documents = recentDocuments();
    if (documents.length === 0) {
      this.all.hidden = true;
      this.body.replaceChildren(
        element(
          'div',
          { class: 'empty' },
          element('span', { class: 'empty-mark', 'aria-hidden': 'true' }, icon('document')),
          element('p', { class: 'empty-title' }, 'Nothing here yet'),
          element('p', {}, 'Documents you open in this browser are listed here, so you find them again.'),
        ),
      );
      return;
    }
    const shown = this.isWhole ? documents : documents.slice(0, recentShown);
    this.all.hidden = shown.length === documents.length;
    this.all.textContent = `Show all ${documents.length}`;
    this.body.replaceChildren(element('ul', { class: 'list' }, ...shown.map((recent) => this.rowOf(recent))));
  }

  private rowOf({ id, type, title, openedAt }: RecentDocument): HTMLLIElement {
    const forget = (): void => {
      forgetDocument(id);
      this.draw();
      this.heading.focus();
      this.say(`“${titleOrUntitled(title)}” was removed from this list. It is still on the server.`);
    };
    const entries = this.actions.entries(() => ({ id, type, title }), [{ icon: 'close', label: 'Remove from this list', run: forget }]);
    return documentRow({ id, type, title, event: 'Opened', at: openedAt, entries }).node;
  }
}

export function showStartPage(root: HTMLElement, problem?: string): void {
  document.title = 'coedit';
  const api = new DocumentsApi(location.origin);
  const outcome = new Outcome();
  const say = (words: string, bad?: boolean): void => outcome.say(words, bad);
  const actions: DocumentActions = new DocumentActions({
    api,
    say,
    changed: () => {
      recent.draw();
      void list.load();
      // The row that had the focus may be gone.
      if (document.activeElement === document.body || document.activeElement === null) list.focusHeading();
    },
  });
  const recent = new RecentSection(actions, say);
  const list = new DocumentList(api, actions);
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
        element(
          'p',
          { class: 'start-actions' },
          newDocumentLink('rich-text', 'plus', 'New document', true),
          newDocumentLink('plain-text', 'code', 'New plain text or code', false),
        ),
        recent.node,
        list.node,
      ),
      outcome.node,
    ),
  );
  void list.load();
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) void list.load();
  });
}
