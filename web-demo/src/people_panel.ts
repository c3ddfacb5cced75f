// Who is here, and who the user wants to be.
import type { RoomMember, SharedDocument } from 'coedit';
import { avatar } from './avatar.js';
import { element } from './dom.js';
import type { Follower } from './follow.js';
import { type Identity, cleanName, colors, nameCharactersMax } from './identity.js';
import { TypingWatch } from './typing.js';

/** Rows; a document may have more members than anyone wants to read. */
const rowsMax = 60;

type Shown = Pick<RoomMember['user'], 'name' | 'color'>;

export interface PeoplePanelOptions {
  readonly shared: SharedDocument;
  readonly identity: Identity;
  readonly follower: Follower;
  /** The user chose another name or colour. */
  readonly changed: (identity: Identity) => void;
  /** Who is here is another: oneself first; null while nobody can know. */
  readonly counted: (users: readonly Shown[], known: boolean) => void;
}

/** One person's row: its nodes stay, so that a focus on it does, too. */
class PersonRow {
  readonly node: HTMLLIElement;
  private readonly face = element('span', { class: 'person-face' });
  private readonly name = element('span', { class: 'person-name', dir: 'auto' });
  private readonly note = element('span', { class: 'person-note' });
  private readonly button: HTMLButtonElement | null;
  private shown = '';

  constructor(follow: (() => void) | null) {
    const content = [this.face, element('span', { class: 'person-words' }, this.name, this.note)];
    if (follow === null) {
      this.button = null;
      this.node = element('li', { class: 'person self' }, ...content, element('span', { class: 'person-you' }, 'you'));
      return;
    }
    this.button = element('button', { type: 'button', class: 'person-button', 'aria-pressed': 'false' }, ...content);
    this.button.addEventListener('click', follow);
    this.node = element('li', { class: 'person' }, this.button);
  }

  show(user: Shown, { typing, followed }: { readonly typing: boolean; readonly followed: boolean }): void {
    const shown = JSON.stringify([user.name, user.color, typing, followed]);
    if (shown === this.shown) return;
    this.shown = shown;
    this.face.replaceChildren(avatar(user));
    this.name.textContent = user.name;
    this.note.textContent = followed ? 'Following' : typing ? 'typing…' : '';
    this.node.classList.toggle('typing', typing);
    this.button?.setAttribute('aria-pressed', String(followed));
    if (this.button !== null) this.button.title = followed ? `Stop following ${user.name}` : `Follow ${user.name}’s cursor`;
  }
}

export class PeoplePanel {
  readonly node: HTMLElement;
  private readonly list = element('ul', { class: 'people-list' });
  private readonly alone = element('p', { class: 'people-alone' }, 'Nobody else is here. Share the link to write together.');
  private readonly more = element('p', { class: 'people-alone', hidden: true });
  private readonly rows = new Map<string, PersonRow>();
  private readonly own = new PersonRow(null);
  private readonly typing: TypingWatch;
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
    const { shared, follower } = options;
    this.identity = options.identity;
    this.list.append(this.own.node);
    this.node = element(
      'div',
      { class: 'people' },
      element('div', { class: 'people-room' }, this.list, this.more, this.alone),
      this.ownForm(),
    );
    this.typing = new TypingWatch(shared, () => this.draw());
    shared.on('members', () => this.draw());
    shared.on('status', () => this.draw());
    follower.onChange(() => this.draw());
    this.draw();
  }

  // ---- the others ----

  private draw(): void {
    const { shared, follower, counted } = this.options;
    const others = shared.members.filter(({ self }) => !self);
    // Without a connection nobody can know who is here.
    const known = !['connecting', 'reconnecting', 'offline', 'closed'].includes(shared.status);
    this.node.classList.toggle('stale', !known);
    this.alone.hidden = !known || others.length > 0;
    this.own.show(this.identity, { typing: false, followed: false });
    const seen = new Set<string>();
    let before: HTMLElement = this.own.node;
    for (const { sessionId, user } of others.slice(0, rowsMax)) {
      seen.add(sessionId);
      let row = this.rows.get(sessionId);
      if (row === undefined) this.rows.set(sessionId, (row = new PersonRow(() => follower.toggle(sessionId))));
      row.show(user, { typing: known && this.typing.isTyping(sessionId), followed: follower.following === sessionId });
      // Moving a node takes its focus: only what is elsewhere is moved.
      if (before.nextSibling !== row.node) before.after(row.node);
      before = row.node;
    }
    for (const [sessionId, row] of this.rows) {
      if (seen.has(sessionId)) continue;
      row.node.remove();
      this.rows.delete(sessionId);
    }
    this.more.hidden = others.length <= rowsMax;
    this.more.textContent = `and ${others.length - rowsMax} more`;
    counted([this.identity, ...others.map(({ user }) => user)], known);
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
