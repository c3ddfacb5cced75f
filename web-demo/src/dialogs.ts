// Questions that need an answer before anything else happens: the browser's own modal dialogs.
import { type Child, element } from './dom.js';

interface Question {
  readonly title: string;
  readonly content: readonly Child[];
  readonly confirm: string;
  readonly danger?: boolean;
}

/** Whether it was confirmed. */
function ask({ title, content, confirm, danger = false }: Question): Promise<boolean> {
  const yes = element('button', { type: 'submit', value: 'yes', class: danger ? 'button danger' : 'button primary' }, confirm);
  const no = element('button', { type: 'button', class: 'button' }, 'Cancel');
  const form = element(
    'form',
    { method: 'dialog' },
    element('h2', { class: 'dialog-title', id: 'dialog-title' }, title),
    ...content,
    element('div', { class: 'dialog-buttons' }, no, yes),
  );
  const dialog = element('dialog', { class: 'dialog', 'aria-labelledby': 'dialog-title' }, form);
  no.addEventListener('click', () => dialog.close(''));
  // A press on the shade around it.
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close('');
  });
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    dialog.showModal();
    (form.querySelector('input') ?? (danger ? no : yes)).focus();
    form.querySelector('input')?.select();
  });
}

export function confirmDanger(title: string, words: string, confirm: string): Promise<boolean> {
  return ask({ title, content: [element('p', { class: 'dialog-words' }, words)], confirm, danger: true });
}

/** The text, or null when it was given up. */
export async function askText(title: string, label: string, value: string, hint: string, unitsMax: number): Promise<string | null> {
  const field = element('input', { type: 'text', class: 'field', id: 'dialog-field', maxlength: String(unitsMax), 'aria-describedby': 'dialog-hint', dir: 'auto' });
  field.value = value;
  const confirmed = await ask({
    title,
    content: [
      element('label', { for: 'dialog-field', class: 'dialog-label' }, label),
      field,
      element('p', { class: 'dialog-hint', id: 'dialog-hint' }, hint),
    ],
    confirm: 'Save',
  });
  return confirmed ? field.value : null;
}
