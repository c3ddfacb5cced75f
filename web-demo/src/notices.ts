// What the user has to know and decide: refusals, a closed document, text that would be lost.
import { element, icon } from './dom.js';
import { copyText, downloadText } from './text_out.js';

export interface NoticeAction {
  readonly label: string;
  readonly run: () => void;
}

export interface NoticeCopy {
  /** Says what the text is. */
  readonly label: string;
  readonly text: string;
  readonly fileName: string;
}

export interface Notice {
  readonly title: string;
  readonly body: string;
  /** Text that is nowhere else any more: to read, to copy, to download. */
  readonly copy?: NoticeCopy;
  readonly action?: NoticeAction;
}

/** The button tells for so long that it worked. */
const feedbackMs = 2_000;

/** Changes a button's words for a moment, and says them. Its width stays that of the longer ones. */
export function flash(button: HTMLElement, words: string): void {
  button.dataset['feedback'] = words;
  button.setAttribute('aria-live', 'polite');
  const before = button.getAttribute('data-label') ?? button.textContent ?? '';
  button.setAttribute('data-label', before);
  const label = button.querySelector('.button-label') ?? button;
  label.textContent = words;
  setTimeout(() => {
    if (button.dataset['feedback'] !== words) return;
    delete button.dataset['feedback'];
    label.textContent = before;
  }, feedbackMs);
}

export class Notices {
  readonly node = element('div', { class: 'notices', role: 'region', 'aria-label': 'Messages' });

  /** Stays until it is dismissed or `remove` is called. */
  show(notice: Notice): { remove(): void } {
    const card = element('section', { class: 'notice', role: 'alert' });
    const remove = (): void => card.remove();
    const dismiss = element(
      'button',
      { type: 'button', class: 'icon-button', 'aria-label': 'Dismiss this message', title: 'Dismiss' },
      icon('close'),
    );
    dismiss.addEventListener('click', remove);
    card.append(
      element('div', { class: 'notice-head' }, element('h2', { class: 'notice-title' }, notice.title), dismiss),
      element('p', { class: 'notice-body' }, notice.body),
    );
    if (notice.copy !== undefined) card.append(this.copyBox(notice.copy));
    const buttons = [...this.copyButtons(notice.copy), ...this.actionButton(notice.action, remove)];
    if (buttons.length > 0) card.append(element('div', { class: 'notice-buttons' }, ...buttons));
    this.node.append(card);
    return { remove };
  }

  private copyBox({ label, text }: NoticeCopy): HTMLElement {
    const area = element('textarea', { class: 'field notice-text', readonly: true, rows: '4', 'aria-label': label, dir: 'auto' });
    area.value = text;
    return area;
  }

  private copyButtons(copy: NoticeCopy | undefined): HTMLElement[] {
    if (copy === undefined) return [];
    const { text, fileName } = copy;
    const copyButton = element('button', { type: 'button', class: 'button' }, icon('copy'), element('span', { class: 'button-label' }, 'Copy text'));
    copyButton.addEventListener('click', () => {
      void copyText(text).then((done) => flash(copyButton, done ? 'Copied' : 'Not allowed'));
    });
    const saveButton = element('button', { type: 'button', class: 'button' }, icon('download'), 'Download');
    saveButton.addEventListener('click', () => downloadText(fileName, text));
    return [copyButton, saveButton];
  }

  private actionButton(action: NoticeAction | undefined, remove: () => void): HTMLElement[] {
    if (action === undefined) return [];
    const button = element('button', { type: 'button', class: 'button primary' }, action.label);
    button.addEventListener('click', () => {
      remove();
      action.run();
    });
    return [button];
  }
}
