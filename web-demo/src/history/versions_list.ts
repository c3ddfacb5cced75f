// The named versions of a document: to save the one that is shown, to jump to one, to take a name away.
import type { NamedVersion } from 'coedit/http';
import { element, iconButton } from '../dom.js';
import { confirmed } from './confirm_dialog.js';
import { historyIcon } from './history_icons.js';
import { numberOf, shortTimeOf } from './moments.js';
import type { HistoryApi } from './revision_source.js';

const nameUnitsMax = 256;

export interface VersionsListOptions {
  readonly api: HistoryApi;
  readonly id: string;
  /** Where a dialog may stand. */
  readonly dialogs: HTMLElement;
  /** Names can be looked at only. */
  readonly readOnly: boolean;
  /** Whoever saves a version. */
  readonly by: () => string | null;
  readonly jump: (revision: number) => void;
  /** The list is another; `own`: by what was done here. */
  readonly changed: (versions: readonly NamedVersion[], own: boolean) => void;
  /** Said to screen readers. */
  readonly announce: (words: string) => void;
}

export class VersionsList {
  readonly node: HTMLElement;
  private readonly field = element('input', {
    type: 'text',
    id: 'history-version-name',
    class: 'field',
    maxlength: String(nameUnitsMax),
    placeholder: 'Draft for review',
    autocomplete: 'off',
    enterkeyhint: 'done',
    dir: 'auto',
  });
  private readonly save = element('button', { type: 'submit', class: 'button' }, historyIcon('flag'), 'Save');
  private readonly problem = element('p', { class: 'history-problem', role: 'alert', hidden: true });
  private readonly list = element('ul', { class: 'history-versions' });
  private readonly empty = element('p', { class: 'history-empty', hidden: true });
  private readonly heading = element('h3', { tabindex: '-1' }, 'Named versions');
  private versions: readonly NamedVersion[] = [];
  private shown = 0;

  constructor(private readonly options: VersionsListOptions) {
    const form = element(
      'form',
      { class: 'history-save', hidden: options.readOnly },
      element('label', { for: 'history-version-name' }, 'Name this moment'),
      element('div', { class: 'history-save-row' }, this.field, this.save),
      this.problem,
    );
    this.empty.textContent = options.readOnly ? 'No names yet.' : 'No names yet. Name the moment that is shown to find it again.';
    this.node = element('section', { class: 'history-named' }, this.heading, form, this.empty, this.list);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.add();
    });
    this.field.addEventListener('input', () => this.say(null));
  }

  async load(): Promise<void> {
    try {
      this.take(await this.options.api.versions(this.options.id), false);
    } catch {
      this.say('The list of named versions could not be loaded.');
    }
  }

  /** The revision that is shown now: that is what a name is given to. */
  show(revision: number): void {
    if (revision === this.shown) return;
    this.shown = revision;
    this.markCurrent();
  }

  private async add(): Promise<void> {
    const name = this.field.value.trim();
    if (name === '') {
      this.say('A version needs a name.');
      this.field.focus();
      return;
    }
    const by = this.options.by();
    this.save.disabled = true;
    try {
      const version = await this.options.api.addVersion(this.options.id, { name, revision: this.shown, ...(by !== null && { by }) });
      this.field.value = '';
      this.say(null);
      const versions = [...this.versions, version].sort((a, b) => a.revision - b.revision || a.version - b.version);
      this.take(versions, true);
      this.options.announce(`Saved as “${name}”`);
    } catch (error) {
      const full = (error as { readonly code?: string }).code === 'document_limit';
      this.say(full ? 'This document has as many named versions as it may have.' : 'The version was not saved. Try again.');
    } finally {
      this.save.disabled = false;
    }
  }

  private async remove({ version, name }: NamedVersion): Promise<void> {
    const words = `“${name}” goes from the list for everyone. The text of that moment stays in the history.`;
    if (!(await confirmed(this.options.dialogs, { title: 'Delete this name?', words, confirm: 'Delete name' }))) return;
    try {
      await this.options.api.deleteVersion(this.options.id, version);
    } catch (error) {
      // Somebody else was quicker.
      if ((error as { readonly code?: string }).code !== 'no_such_document') {
        this.say('The name was not deleted. Try again.');
        return;
      }
    }
    this.take(this.versions.filter((other) => other.version !== version), true);
    this.heading.focus();
    this.options.announce(`Deleted the name “${name}”`);
  }

  private take(versions: readonly NamedVersion[], own: boolean): void {
    this.versions = versions;
    this.empty.hidden = versions.length > 0;
    // The latest first.
    this.list.replaceChildren(...[...versions].reverse().map((version) => this.item(version)));
    this.markCurrent();
    this.options.changed(versions, own);
  }

  private item(version: NamedVersion): HTMLLIElement {
    const { name, revision, createdMs, by } = version;
    const detail = [by, shortTimeOf(createdMs), `revision ${numberOf(revision)}`].filter((part) => part !== undefined).join(' · ');
    const jump = element(
      'button',
      { type: 'button', class: 'history-version', 'data-revision': String(revision) },
      element('span', { class: 'history-version-name', dir: 'auto' }, name),
      element('span', { class: 'history-version-detail', dir: 'auto' }, detail),
    );
    jump.addEventListener('click', () => this.options.jump(revision));
    if (this.options.readOnly) return element('li', {}, jump);
    const remove = iconButton('trash', `Delete the name “${name}”`);
    remove.addEventListener('click', () => void this.remove(version));
    return element('li', {}, jump, remove);
  }

  private markCurrent(): void {
    for (const button of this.list.querySelectorAll<HTMLElement>('.history-version')) {
      const current = button.dataset['revision'] === String(this.shown);
      button.toggleAttribute('data-current', current);
      if (current) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    }
  }

  private say(problem: string | null): void {
    this.problem.hidden = problem === null;
    this.problem.textContent = problem ?? '';
  }
}
