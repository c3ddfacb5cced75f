// A small chat with who is in the document now. It goes by signals: nothing of it is stored, here or
// on the server.
import type { SharedDocument } from 'coedit';
import { avatar } from './avatar.js';
import { ChatLog, type ChatMessage, chatTopic, chatUnitsMax, cleanMessage, messageOf } from './chat_log.js';
import { element, icon } from './dom.js';
import type { Identity } from './identity.js';

/** Messages of one person within this time stand under one name. */
const groupMs = 120_000;
const unreadShownMax = 99;
const ownSession = 'own';

export interface ChatPanelOptions {
  readonly shared: SharedDocument;
  readonly identity: () => Identity;
  /** So many messages came while the chat was out of sight. */
  readonly unread: (words: string) => void;
}

export class ChatPanel {
  readonly node: HTMLElement;
  private readonly log = new ChatLog();
  private readonly list = element('div', { class: 'chat-list', role: 'log', 'aria-label': 'Messages', tabindex: '0' });
  private readonly empty = element('p', { class: 'chat-empty' }, 'Nothing was said yet.');
  private readonly problem = element('p', { class: 'chat-problem', role: 'status' });
  private readonly field = element('textarea', {
    class: 'field chat-field',
    rows: '2',
    maxlength: String(chatUnitsMax),
    'aria-label': 'Message to everyone here',
    placeholder: 'Message to everyone here',
    enterkeyhint: 'send',
    dir: 'auto',
  });
  private readonly lines = new Map<number, HTMLElement>();
  private readonly formatter = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  private last: ChatMessage | null = null;
  private visible = false;
  private unread = 0;

  constructor(private readonly options: ChatPanelOptions) {
    const { shared } = options;
    const send = element('button', { type: 'submit', class: 'button chat-send', 'aria-label': 'Send', title: 'Send (Enter)' }, icon('send'));
    const form = element('form', { class: 'chat-form' }, this.field, send);
    this.node = element(
      'div',
      { class: 'chat' },
      element('p', { class: 'side-note' }, 'Goes to whoever is here now. Nothing of it is stored.'),
      element('div', { class: 'chat-room' }, this.empty, this.list),
      this.problem,
      form,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.send();
    });
    this.field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    this.field.addEventListener('input', () => {
      this.problem.textContent = '';
    });
    shared.on('signal', ({ sessionId, user, topic, payload }) => {
      if (topic !== chatTopic) return;
      this.show(this.log.add(sessionId, user, messageOf(payload), false, Date.now()));
    });
  }

  setVisible(visible: boolean): void {
    this.visible = visible;
    if (!visible) return;
    this.unread = 0;
    this.options.unread('');
    this.list.scrollTop = this.list.scrollHeight;
  }

  private send(): void {
    const text = cleanMessage(this.field.value);
    if (text === '') return;
    const message = this.trySend(text);
    if (message === null) return;
    this.field.value = '';
    this.problem.textContent = '';
    this.show(message);
  }

  private trySend(text: string): ChatMessage | null {
    const { shared, identity } = this.options;
    const { status } = shared;
    if (['connecting', 'reconnecting', 'offline', 'closed'].includes(status)) {
      this.problem.textContent = 'Not connected: the message was not sent.';
      return null;
    }
    // The same limit that the others apply: what they would not show is not sent.
    const message = this.log.add(ownSession, identity(), text, true, Date.now());
    if (message === null) {
      this.problem.textContent = 'That was a lot at once. Wait a moment.';
      return null;
    }
    if (shared.signal(chatTopic, { text })) return message;
    this.problem.textContent = 'Not connected: the message was not sent.';
    return null;
  }

  private show(message: ChatMessage | null): void {
    if (message === null) return;
    const { list } = this;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    this.empty.hidden = true;
    this.lines.set(message.number, this.lineOf(message));
    list.append(this.lines.get(message.number) as HTMLElement);
    this.last = message;
    const oldest = this.log.messages[0]?.number ?? 0;
    for (const [number, line] of this.lines) {
      if (number >= oldest) break;
      line.remove();
      this.lines.delete(number);
    }
    if (atEnd || message.own) list.scrollTop = list.scrollHeight;
    if (this.visible || message.own) return;
    this.unread++;
    this.options.unread(this.unread > unreadShownMax ? `${unreadShownMax}+` : String(this.unread));
  }

  private lineOf(message: ChatMessage): HTMLElement {
    const { user, text, at, own } = message;
    const { last } = this;
    const goesOn = last !== null && last.own === own && last.user.name === user.name && last.user.color === user.color && at - last.at < groupMs;
    const head = element(
      'p',
      { class: goesOn ? 'visually-hidden' : 'chat-head' },
      ...(goesOn ? [] : [avatar(user)]),
      element('span', { class: 'chat-name', dir: 'auto' }, own ? `${user.name} (you)` : user.name),
      element('time', { class: 'chat-time', datetime: new Date(at).toISOString() }, this.formatter.format(at)),
    );
    return element('div', { class: own ? 'chat-message own-message' : 'chat-message' }, head, element('p', { class: 'chat-text', dir: 'auto' }, text));
  }
}
