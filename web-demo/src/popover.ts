// A small box below a button, for a menu or a few fields: opens by the button, closes by Escape, by a
// press elsewhere and by leaving it with the keyboard.
import { element } from './dom.js';

export interface Popover {
  readonly node: HTMLElement;
  readonly isOpen: boolean;
  close(): void;
}

/**
 * `node` holds the button and the box. `fill` makes the content anew at each opening; what has the
 * attribute `autofocus`, or else the first control, gets the focus.
 */
export function popover(button: HTMLButtonElement, label: string, fill: (close: () => void) => readonly Node[]): Popover {
  const box = element('div', { class: 'popover', role: 'dialog', 'aria-label': label, hidden: true });
  const node = element('span', { class: 'popover-place' }, button, box);
  button.setAttribute('aria-haspopup', 'dialog');
  button.setAttribute('aria-expanded', 'false');
  const outside = (event: Event): void => {
    if (event.target instanceof Node && !node.contains(event.target)) close(false);
  };
  const close = (focusButton = true): void => {
    if (box.hidden) return;
    box.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    document.removeEventListener('pointerdown', outside, true);
    if (focusButton) button.focus();
    box.replaceChildren();
  };
  const open = (): void => {
    box.replaceChildren(...fill(() => close()));
    box.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    document.addEventListener('pointerdown', outside, true);
    // Where it would stick out below the window, it opens upwards.
    box.classList.remove('upwards');
    if (box.getBoundingClientRect().bottom > innerHeight) box.classList.add('upwards');
    const first = box.querySelector<HTMLElement>('[autofocus]') ?? box.querySelector<HTMLElement>('button, a, input');
    first?.focus();
  };
  button.addEventListener('click', () => (box.hidden ? open() : close()));
  node.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || box.hidden) return;
    event.stopPropagation();
    close();
  });
  node.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !node.contains(relatedTarget)) close(false);
  });
  return {
    node,
    get isOpen() {
      return !box.hidden;
    },
    close: () => close(),
  };
}
