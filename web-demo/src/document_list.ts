// All documents of the server, found by search, page by page. What is shown stays until what comes
// next is there, so that nothing jumps.
import type { DocumentInfo, DocumentsApi } from 'coedit/http';
import type { DocumentActions } from './document_actions.js';
import { type DocumentRow, documentRow } from './document_row.js';
import { element, icon } from './dom.js';
import { FirstLines } from './first_lines.js';
import { cleanTitle } from './titles.js';

const pageRows = 20;
const searchAfterMs = 200;
const searchUnitsMax = 128;
const skeletonRows = 4;

export class DocumentList {
  readonly node: HTMLElement;
  private readonly body = element('div', { class: 'list-body' });
  private readonly list = element('ul', { class: 'list' });
  private readonly more = element('button', { type: 'button', class: 'button list-more', hidden: true }, 'Show more');
  private readonly said = element('p', { class: 'visually-hidden', role: 'status' });
  private readonly field = element('input', {
    type: 'search',
    class: 'field search-field',
    'aria-label': 'Search all documents',
    placeholder: 'Search by title or address',
    maxlength: String(searchUnitsMax),
    autocomplete: 'off',
    spellcheck: 'false',
  });
  private readonly firstLines = new FirstLines();
  private readonly inSight: IntersectionObserver;
  private readonly wanted = new WeakMap<Element, () => void>();
  private asking: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private next: string | undefined;
  private rows = 0;

  constructor(
    private readonly api: DocumentsApi,
    private readonly actions: DocumentActions,
  ) {
    this.node = element(
      'section',
      { class: 'section', 'aria-labelledby': 'all-heading' },
      element(
        'div',
        { class: 'section-head' },
        element('h2', { id: 'all-heading', tabindex: '-1' }, 'All documents'),
        element('div', { class: 'search' }, icon('search'), this.field),
      ),
      this.body,
      this.more,
      this.said,
    );
    this.inSight = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        this.inSight.unobserve(target);
        this.wanted.get(target)?.();
      }
    }, { rootMargin: '400px' });
    this.field.addEventListener('input', () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.load(), searchAfterMs);
    });
    this.more.addEventListener('click', () => void this.load(this.next));
    this.body.append(this.skeleton());
  }

  focusHeading(): void {
    this.node.querySelector<HTMLElement>('h2')?.focus();
  }

  /** Asks for the first page, or with `after` for what comes after that. */
  async load(after?: string): Promise<void> {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    const search = this.field.value.trim();
    this.body.setAttribute('aria-busy', 'true');
    this.more.disabled = true;
    try {
      const query = { limit: pageRows, ...(search === '' ? {} : { search }), ...(after === undefined ? {} : { after }) };
      const { documents, next } = await this.api.list({ ...query, signal: asking.signal });
      if (this.asking === asking) this.show(documents, next, after !== undefined, search);
    } catch (error) {
      if (this.asking === asking) this.showError(error, after);
    } finally {
      if (this.asking === asking) {
        this.body.removeAttribute('aria-busy');
        this.more.disabled = false;
      }
    }
  }

  private show(documents: readonly DocumentInfo[], next: string | undefined, isMore: boolean, search: string): void {
    this.next = next;
    this.more.hidden = next === undefined;
    const rows = documents.map((info) => this.rowOf(info));
    if (isMore) {
      this.list.append(...rows);
      this.rows += rows.length;
      // The button may be gone: the keyboard goes on with what came.
      rows[0]?.querySelector('a')?.focus();
    } else {
      this.rows = rows.length;
      this.list.replaceChildren(...rows);
      this.body.replaceChildren(rows.length === 0 ? this.nothing(search) : this.list);
    }
    const found = `${this.rows}${next === undefined ? '' : ' or more'} ${this.rows === 1 ? 'document' : 'documents'}`;
    this.said.textContent = search === '' && !isMore ? '' : `${found} ${search === '' ? 'shown' : 'found'}.`;
  }

  private rowOf(info: DocumentInfo): HTMLLIElement {
    const { id, type, revision, changedMs } = info;
    let title = cleanTitle(info.title ?? '');
    const row: DocumentRow = documentRow({
      id,
      type,
      title,
      event: 'Changed',
      at: changedMs,
      entries: this.actions.entries(() => ({ id, type, title })),
    });
    if (title === '') {
      this.wanted.set(row.node, () => {
        void this.firstLines.of(id, revision).then((line) => {
          title = line;
          if (line !== '') row.setTitle(line);
        });
      });
      this.inSight.observe(row.node);
    }
    return row.node;
  }

  private nothing(search: string): HTMLElement {
    const [title, words] =
      search === '' ? ['No documents yet', 'Make the first one above.'] : [`Nothing found for “${search}”`, 'Titles and addresses are searched, not texts.'];
    return element(
      'div',
      { class: 'empty' },
      element('span', { class: 'empty-mark', 'aria-hidden': 'true' }, icon(search === '' ? 'document' : 'search')),
      element('p', { class: 'empty-title' }, title as string),
      element('p', {}, words as string),
    );
  }

  private showError(error: unknown, after: string | undefined): void {
    const unreachable = (error as { readonly code?: unknown } | null)?.code === 'unreachable';
    const reason = unreachable ? 'The server cannot be reached just now.' : error instanceof Error ? error.message : String(error);
    const again = element('button', { type: 'button', class: 'button' }, 'Try again');
    again.addEventListener('click', () => void this.load(after));
    this.more.hidden = true;
    this.body.replaceChildren(
      element(
        'div',
        { class: 'empty failed', role: 'alert' },
        element('span', { class: 'empty-mark', 'aria-hidden': 'true' }, icon('network')),
        element('p', { class: 'empty-title' }, 'The list could not be loaded'),
        element('p', {}, `${reason} Documents of this browser are above.`),
        again,
      ),
    );
  }

  private skeleton(): HTMLElement {
    const row = (): HTMLElement => element('div', { class: 'row skeleton' }, element('span', { class: 'skeleton-line' }));
    return element('div', { class: 'list', 'aria-label': 'Loading', role: 'img' }, ...Array.from({ length: skeletonRows }, row));
  }
}
