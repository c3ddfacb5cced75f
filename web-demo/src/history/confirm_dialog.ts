// A question before something happens for everyone: the browser's own modal dialog, as those of dialogs.ts, but
// for what can be taken back.
import { element } from '../dom.js';

export interface Question {
  readonly title: string;
  readonly words: string;
  readonly confirm: string;
}

let dialogs = 0;

/** Whether it was confirmed; `parent` is where the dialog stands, and goes from. */
export function confirmed(parent: HTMLElement, { title, words, confirm }: Question): Promise<boolean> {
  const id = `history-question-${++dialogs}`;
  const no = element('button', { type: 'submit', value: 'no', class: 'button' }, 'Cancel');
  const yes = element('button', { type: 'submit', value: 'yes', class: 'button primary' }, confirm);
  const dialog = element(
    'dialog',
    { class: 'dialog', 'aria-labelledby': id, 'aria-describedby': `${id}-words` },
    element(
      'form',
      { method: 'dialog' },
      element('h2', { id, class: 'dialog-title' }, title),
      element('p', { id: `${id}-words`, class: 'dialog-words' }, words),
      element('div', { class: 'dialog-buttons' }, no, yes),
    ),
  );
  parent.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    dialog.showModal();
    yes.focus();
  });
}
