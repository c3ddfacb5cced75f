// A menu button: arrow keys go along the entries, letters are not searched.
import { type IconName, element, icon, iconButton } from './dom.js';

export interface MenuEntry {
  readonly icon: IconName;
  readonly label: string;
  /** For what cannot be undone. */
  readonly danger?: boolean;
  readonly run: () => void;
}

export function menuButton(label: string, entries: readonly MenuEntry[]): HTMLElement {
  const button = iconButton('more', label, { 'aria-haspopup': 'menu', 'aria-expanded': 'false' });
  const menu = element('div', { class: 'popover menu', role: 'menu', 'aria-label': label, hidden: true });
  const node = element('span', { class: 'popover-place' }, button, menu);
  const items = entries.map(({ icon: name, label: words, danger = false, run }) => {
    const item = element(
      'button',
      { type: 'button', role: 'menuitem', tabindex: '-1', class: danger ? 'menu-item danger' : 'menu-item' },
      icon(name),
      words,
    );
    item.addEventListener('click', () => {
      close();
      run();
    });
    return item;
  });
  menu.append(...items);
  const outside = (event: Event): void => {
    if (event.target instanceof Node && !node.contains(event.target)) close(false);
  };
  function close(focusButton = true): void {
    if (menu.hidden) return;
    menu.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    document.removeEventListener('pointerdown', outside, true);
    if (focusButton) button.focus();
  }
  button.addEventListener('click', () => {
    if (!menu.hidden) return close();
    menu.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    document.addEventListener('pointerdown', outside, true);
    menu.classList.remove('upwards');
    if (menu.getBoundingClientRect().bottom > innerHeight) menu.classList.add('upwards');
    items[0]?.focus();
  });
  node.addEventListener('keydown', (event) => {
    if (menu.hidden) return;
    const at = items.findIndex((item) => item === document.activeElement);
    const steps: { readonly [key: string]: number } = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
    const to = steps[event.key];
    if (to !== undefined) {
      event.preventDefault();
      items.at(to % items.length)?.focus();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      if (event.key === 'Escape') event.preventDefault();
      close();
    }
  });
  return node;
}
