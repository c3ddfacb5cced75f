// Goes along with somebody's cursor: wherever they write, the page scrolls there, until the reader
// types, scrolls or presses somewhere in the text.
import type { RoomMember, SharedDocument } from 'coedit';
import { element, icon } from './dom.js';
import type { MountedEditor } from './mounted_editor.js';

export class Follower {
  /** Says whom one follows, above the text. */
  readonly node = element('div', { class: 'following', hidden: true });
  private readonly words = element('span', { class: 'following-words', dir: 'auto' });
  private readonly listeners: (() => void)[] = [];
  private session: string | null = null;
  private frame: number | null = null;

  constructor(
    private readonly shared: SharedDocument,
    private readonly editor: () => MountedEditor | null,
    /** What is not reading: presses and keys there go on following. */
    private readonly aside: (node: Node) => boolean,
  ) {
    const stop = element('button', { type: 'button', class: 'following-stop' }, icon('close'), 'Stop');
    stop.addEventListener('click', () => this.stop());
    this.node.append(this.words, stop);
    shared.on('presence', ({ sessionId }) => {
      if (sessionId === this.session) this.goSoon();
    });
    shared.on('change', () => this.goSoon());
    shared.on('members', () => this.check());
    shared.on('status', () => this.check());
    const given = (event: Event): void => {
      if (this.session === null || !(event.target instanceof Node)) return;
      if (this.aside(event.target) || this.node.contains(event.target)) return;
      this.stop();
    };
    for (const event of ['wheel', 'touchmove', 'pointerdown'] as const) {
      document.addEventListener(event, given, { capture: true, passive: true });
    }
    document.addEventListener('keydown', (event) => {
      if (['Shift', 'Control', 'Alt', 'Meta', 'Tab'].includes(event.key)) return;
      if (event.key === 'Escape') this.stop();
      else given(event);
    }, true);
  }

  get following(): string | null {
    return this.session;
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Follows that person, or nobody when it is the one who is followed already. */
  toggle(sessionId: string): void {
    if (this.session === sessionId) this.stop();
    else this.start(sessionId);
  }

  stop(): void {
    if (this.session === null) return;
    this.session = null;
    this.node.hidden = true;
    this.tell();
  }

  private start(sessionId: string): void {
    this.session = sessionId;
    this.check();
    if (this.session === null) return;
    this.node.hidden = false;
    this.goSoon();
    this.tell();
  }

  private member(): RoomMember | undefined {
    return this.shared.members.find(({ sessionId }) => sessionId === this.session);
  }

  /** Whoever left, or cannot be known to be here, is not followed any more. */
  private check(): void {
    if (this.session === null) return;
    const member = this.member();
    if (member === undefined || ['connecting', 'offline', 'closed'].includes(this.shared.status)) {
      this.stop();
      return;
    }
    const words = `Following ${member.user.name}`;
    if (this.words.textContent !== words) this.words.textContent = words;
    this.node.style.setProperty('--follow', member.user.color);
  }

  private goSoon(): void {
    if (this.session === null || this.frame !== null) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      const head = this.member()?.ranges?.[0]?.head;
      if (head !== undefined) this.editor()?.reveal(head);
    });
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
