// The title in the bar: a field that reads as a heading until one writes in it. The first line of the
// text stands in it as a placeholder while no title was given.
import type { DocumentTitle } from './document_title.js';
import { element } from './dom.js';
import type { Notices } from './notices.js';
import { titleOrUntitled, titleUnitsMax, untitled } from './titles.js';

export interface TitleFieldOptions {
  readonly title: DocumentTitle;
  readonly notices: Notices;
  readonly readOnly: boolean;
}

export function titleField({ title, notices, readOnly }: TitleFieldOptions): HTMLElement {
  const field = element('input', {
    type: 'text',
    class: 'document-title',
    'aria-label': 'Title of the document',
    maxlength: String(titleUnitsMax),
    placeholder: '',
    spellcheck: 'false',
    autocomplete: 'off',
    enterkeyhint: 'done',
    dir: 'auto',
    readonly: true,
  });
  const heading = element('h1', { class: 'visually-hidden' }, untitled);
  const draw = (): void => {
    const shown = titleOrUntitled(title.shown);
    if (heading.textContent !== shown) heading.textContent = shown;
    if (document.title !== `${shown} – coedit`) document.title = `${shown} – coedit`;
    field.placeholder = titleOrUntitled(title.substitute);
    field.readOnly = readOnly || !title.isKnown;
    field.title = readOnly ? '' : 'Rename';
    // Who writes a title is not disturbed by somebody else's.
    if (document.activeElement !== field) field.value = title.own;
  };
  const give = (): void => {
    if (field.readOnly) return;
    title.give(field.value).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      notices.show({ title: 'The title was not saved', body: `The server did not take it: ${reason}.` });
    });
    field.value = title.own;
    field.scrollLeft = 0;
  };
  field.addEventListener('blur', give);
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') field.value = title.own;
    if ((event.key === 'Enter' && !event.isComposing) || event.key === 'Escape') field.blur();
  });
  title.onChange(draw);
  return element('div', { class: 'title-place' }, heading, field);
}
