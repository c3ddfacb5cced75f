// Who is here, and who the user wants to be. A column of its own on a wide window, elsewhere opened
// by a button that shows the faces.
import type { RoomMember, SharedDocument } from 'coedit';
import { avatar } from './avatar.js';
import { element } from './dom.js';
import { type Identity, cleanName, colors, nameCharactersMax } from './identity.js';

const facesMax = 3;

export interface PeoplePanelOptions {
  readonly shared: SharedDocument;
  readonly identity: Identity;
  /** The user chose another name or colour. */
  readonly changed: (identity: Identity) => void;
}

export class PeoplePanel {
  readonly panel: HTMLElement;
  readonly button: HTMLButtonElement;
  private readonly count = element('span', { class: 'people-count' });
  private readonly list = element('ul', { class: 'people-list' });
  private readonly alone = element('p', { class: 'people-alone' }, 'Nobody else is here. Share the link to write together.');
  private readonly faces = element('span', { class: 'faces' });
  private readonly facesLabel = element('span', { class: 'visually-hidden' });
  private readonly nameField = element('input', {
    type: 'text',
    id: 'your-name',
    class: 'field',
    maxlength: String(nameCharactersMax),
    autocomplete: 'nickname',
    enterkeyhint: 'done',
    spellcheck: 'false',
  });
  private identity: Identity;

  constructor(private readonly options: PeoplePanelOptions) {
    this.identity = options.identity;
    this.button = element(
      'button',
      { type: 'button', class: 'button faces-button', 'aria-expanded': 'false', 'aria-controls': 'people' },
      this.faces,
      this.facesLabel,
    );
    this.panel = element(
      'aside',
      { id: 'people', class: 'people', 'aria-labelledby': 'people-heading' },
      element('h2', { id: 'people-heading', class: 'people-heading' }, 'Here now ', this.count),
      element('div', { class: 'people-room' }, this.list, this.alone),
      this.ownForm(),
    );
    this.button.addEventListener('click', () => this.toggle(!this.isOpen));
    document.addEventListener('pointerdown', (event) => {
      const { target } = event;
      if (!(target instanceof Node) || this.panel.contains(target) || this.button.contains(target)) return;
      this.toggle(false);
    });
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.isOpen) return;
      this.toggle(false);
      this.button.focus();
    });
    options.shared.on('members', () => this.draw());
    options.shared.on('status', () => this.draw());
    this.draw();
  }

  private get isOpen(): boolean {
    return this.button.getAttribute('aria-expanded') === 'true';
  }

  /** Matters on a narrow window only: a wide one always shows the panel. */
  private toggle(open: boolean): void {
    if (open === this.isOpen) return;
    this.button.setAttribute('aria-expanded', String(open));
    this.panel.classList.toggle('open', open);
    if (open) this.panel.querySelector<HTMLElement>('input')?.focus();
  }

  // ---- the others ----

  private draw(): void {
    const { shared } = this.options;
    const others = shared.members.filter(({ self }) => !self);
    // Without a connection nobody can know who is here.
    const known = !['connecting', 'reconnecting', 'offline', 'closed'].includes(shared.status);
    const own = { name: this.identity.name, color: this.identity.color };
    const users = [own, ...others.map(({ user }) => user)];
    this.panel.classList.toggle('stale', !known);
    this.count.textContent = known ? String(users.length) : '';
    this.alone.hidden = !known || others.length > 0;
    this.list.replaceChildren(this.item(own, true), ...others.map(({ user }) => this.item(user, false)));
    const hidden = users.length - facesMax;
    this.faces.replaceChildren(
      ...users.slice(0, facesMax).map((user) => avatar(user)),
      ...(hidden > 0 ? [element('span', { class: 'avatar more', 'aria-hidden': 'true' }, `+${hidden}`)] : []),
    );
    const names = users.map(({ name }, index) => (index === 0 ? `${name} (you)` : name)).join(', ');
    this.facesLabel.textContent = `People here: ${names}`;
  }

  private item(user: Pick<RoomMember['user'], 'name' | 'color'>, self: boolean): HTMLLIElement {
    return element(
      'li',
      { class: self ? 'person self' : 'person' },
      avatar(user),
      element('span', { class: 'person-name', dir: 'auto' }, user.name),
      ...(self ? [element('span', { class: 'person-you' }, 'you')] : []),
    );
  }

  // ---- oneself ----

  private ownForm(): HTMLFormElement {
    const { nameField } = this;
    nameField.value = this.identity.name;
    const form = element(
      'form',
      { class: 'own' },
      element('label', { for: 'your-name', class: 'own-label' }, 'Your name'),
      nameField,
      this.colorChoice(),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      nameField.blur();
    });
    nameField.addEventListener('change', () => this.takeName());
    nameField.addEventListener('focus', () => nameField.select());
    return form;
  }

  private takeName(): void {
    const name = cleanName(this.nameField.value);
    // An empty name is a slip: the old one comes back.
    this.nameField.value = name ?? this.identity.name;
    if (name !== null) this.take({ ...this.identity, name });
  }

  private colorChoice(): HTMLFieldSetElement {
    const radios = colors.map(({ label, value }) => {
      const radio = element('input', { type: 'radio', name: 'color', value, 'aria-label': label, class: 'swatch', title: label });
      radio.checked = value === this.identity.color;
      radio.style.setProperty('--swatch', value);
      radio.addEventListener('change', () => this.take({ ...this.identity, color: value }));
      return radio;
    });
    return element(
      'fieldset',
      { class: 'swatches' },
      element('legend', { class: 'own-label' }, 'Your colour'),
      element('div', { class: 'swatch-row' }, ...radios),
    );
  }

  private take(identity: Identity): void {
    if (identity.name === this.identity.name && identity.color === this.identity.color) return;
    this.identity = identity;
    this.draw();
    this.options.changed(identity);
  }
}
