// Who is typing just now, told by the state of everyone's presence: a number that is 0 for who is not
// and another one every few seconds for who is, so that a state nobody takes back grows old by itself.
import type { RoomMember, SharedDocument } from 'coedit';

const idleAfterMs = 2_000;
const repeatEveryMs = 3_000;
/** Longer than `repeatEveryMs` on a slow way. */
const staleAfterMs = 7_000;

/** Tells the others while this page edits. */
export function tellTyping(shared: SharedDocument): void {
  let count = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (typing: number): void => {
    if (shared.status !== 'closed') shared.presence.set({ state: { typing } });
  };
  shared.on('change', ({ source }) => {
    if (source !== 'local' && source !== 'undo' && source !== 'redo') return;
    const now = performance.now();
    if (now - toldAt > repeatEveryMs) {
      toldAt = now;
      tell(++count);
    }
    clearTimeout(timer);
    timer = setTimeout(() => {
      toldAt = Number.NEGATIVE_INFINITY;
      tell(0);
    }, idleAfterMs);
  });
}

/** The number a member tells; 0 for none, whatever a stranger may have sent. */
function typingOf({ state }: RoomMember): number {
  if (typeof state !== 'object' || state === null || !('typing' in state)) return 0;
  const { typing } = state as { readonly typing: unknown };
  return typeof typing === 'number' ? typing : 0;
}

export class TypingWatch {
  private readonly heard = new Map<string, { readonly count: number; readonly at: number }>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `changed` is called when `isTyping` may say another thing of someone. */
  constructor(
    private readonly shared: SharedDocument,
    private readonly changed: () => void,
  ) {
    shared.on('presence', (member) => this.hear(member));
    shared.on('members', (members) => {
      for (const session of this.heard.keys()) if (!members.some(({ sessionId }) => sessionId === session)) this.heard.delete(session);
    });
  }

  isTyping(sessionId: string): boolean {
    const heard = this.heard.get(sessionId);
    return heard !== undefined && heard.count > 0 && performance.now() - heard.at < staleAfterMs;
  }

  private hear(member: RoomMember): void {
    const { sessionId } = member;
    const count = typingOf(member);
    if (this.heard.get(sessionId)?.count === count) return;
    const before = this.isTyping(sessionId);
    this.heard.set(sessionId, { count, at: performance.now() });
    if (count > 0) this.lookLater();
    if (this.isTyping(sessionId) !== before) this.changed();
  }

  private lookLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.changed();
      if (this.shared.members.some(({ sessionId }) => this.isTyping(sessionId))) this.lookLater();
    }, staleAfterMs + 100);
  }
}
