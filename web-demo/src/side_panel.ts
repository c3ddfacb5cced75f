// The column beside the text: people, chat and network as tabs. On a narrow window it lies over the
// text, opened by a button that shows the faces.
import type { RoomMember } from 'coedit';
import { avatar } from './avatar.js';
import { element, iconButton } from './dom.js';

const facesMax = 3;

type Face = Pick<RoomMember['user'], 'name' | 'color'>;

export interface SideTab {
  readonly id: string;
  readonly label: string;
  readonly content: HTMLElement;
  /** It came into sight (true), or went out of it. */
  readonly shown?: (shown: boolean) => void;
}

interface Tab {
  readonly definition: SideTab;
  readonly button: HTMLButtonElement;
  readonly badge: HTMLElement;
  readonly panel: HTMLElement;
}

export class SidePanel {
  readonly node: HTMLElement;
  /** Opens the panel; seen on a narrow window only. */
  readonly button: HTMLButtonElement;
  private readonly tabs: readonly Tab[];
  private readonly faces = element('span', { class: 'faces' });
  private readonly unread = element('span', { class: 'faces-unread', hidden: true });
  private readonly facesLabel = element('span', { class: 'visually-hidden' });
  private readonly narrow = matchMedia('(max-width: 62rem)');
  private names = '';
  private selected: Tab;
  private visible: Tab | null = null;

  constructor(definitions: readonly [SideTab, ...SideTab[]]) {
    this.tabs = definitions.map((definition) => this.createTab(definition));
    this.selected = this.tabs[0] as Tab;
    this.button = element(
      'button',
      { type: 'button', class: 'button faces-button', 'aria-expanded': 'false', 'aria-controls': 'side' },
      this.faces,
      this.unread,
      this.facesLabel,
    );
    const close = iconButton('close', 'Close', { class: 'icon-button side-close' });
    const bar = element('div', { class: 'side-tabs', role: 'tablist', 'aria-label': 'Beside the text' }, ...this.tabs.map(({ button }) => button));
    this.node = element(
      'aside',
      { id: 'side', class: 'side', 'aria-label': 'People, chat and network' },
      element('div', { class: 'side-head' }, bar, close),
      ...this.tabs.map(({ panel }) => panel),
    );
    close.addEventListener('click', () => this.toggle(false, true));
    this.button.addEventListener('click', () => this.toggle(!this.isOpen));
    document.addEventListener('pointerdown', ({ target }) => {
      if (!(target instanceof Node) || this.node.contains(target) || this.button.contains(target)) return;
      this.toggle(false);
    });
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.isOpen) this.toggle(false, true);
    });
    bar.addEventListener('keydown', (event) => this.moveByKey(event));
    this.narrow.addEventListener('change', () => this.tellShown());
    this.select(this.selected.definition.id);
  }

  /** Brings a tab into sight. */
  select(id: string): void {
    const next = this.tabs.find(({ definition }) => definition.id === id);
    if (next === undefined) return;
    this.selected = next;
    for (const { button, panel } of this.tabs) {
      const chosen = button === next.button;
      button.setAttribute('aria-selected', String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      panel.hidden = !chosen;
    }
    this.tellShown();
  }

  /** A number beside a tab's name; empty for none. `alert` also shows it at the button of the panel. */
  count(id: string, words: string, { alert = false, label = '' } = {}): void {
    const tab = this.tabs.find(({ definition }) => definition.id === id);
    if (tab === undefined) return;
    tab.badge.textContent = words;
    tab.badge.classList.toggle('alert', alert && words !== '');
    tab.badge.title = label;
    if (!alert) return;
    this.unread.hidden = words === '';
    this.unread.textContent = words;
    this.tellNames();
  }

  showFaces(users: readonly Face[]): void {
    const hidden = users.length - facesMax;
    this.faces.replaceChildren(
      ...users.slice(0, facesMax).map((user) => avatar(user)),
      ...(hidden > 0 ? [element('span', { class: 'avatar more', 'aria-hidden': 'true' }, `+${hidden}`)] : []),
    );
    this.names = users.map(({ name }, index) => (index === 0 ? `${name} (you)` : name)).join(', ');
    this.tellNames();
  }

  private get isOpen(): boolean {
    return this.button.getAttribute('aria-expanded') === 'true';
  }

  private createTab(definition: SideTab): Tab {
    const { id, label, content } = definition;
    const badge = element('span', { class: 'side-badge' });
    const button = element(
      'button',
      { type: 'button', role: 'tab', id: `tab-${id}`, class: 'side-tab', 'aria-controls': `panel-${id}` },
      element('span', { class: 'side-tab-label' }, label),
      badge,
    );
    button.addEventListener('click', () => this.select(id));
    const panel = element('div', { role: 'tabpanel', id: `panel-${id}`, class: 'side-panel', 'aria-labelledby': `tab-${id}` }, content);
    return { definition, button, badge, panel };
  }

  private moveByKey(event: KeyboardEvent): void {
    const at = this.tabs.indexOf(this.selected);
    const steps: { readonly [key: string]: number } = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: this.tabs.length - 1 };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = this.tabs.at(to % this.tabs.length);
    if (next === undefined) return;
    this.select(next.definition.id);
    next.button.focus();
  }

  /** Matters on a narrow window only: a wide one always shows the panel. */
  private toggle(open: boolean, focusButton = false): void {
    if (open === this.isOpen) return;
    this.button.setAttribute('aria-expanded', String(open));
    this.node.classList.toggle('open', open);
    if (open) this.selected.button.focus();
    else if (focusButton) this.button.focus();
    this.tellShown();
  }

  private tellShown(): void {
    const visible = !this.narrow.matches || this.isOpen ? this.selected : null;
    if (visible === this.visible) return;
    this.visible?.definition.shown?.(false);
    this.visible = visible;
    visible?.definition.shown?.(true);
  }

  private tellNames(): void {
    const { textContent } = this.unread;
    this.facesLabel.textContent = `People here: ${this.names}${textContent === '' ? '' : `; unread messages: ${textContent}`}`;
  }
}
