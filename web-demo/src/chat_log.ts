// What was said in the room while this page was open: bounded, cleaned, and with a limit for who says
// too much. No nodes; the panel draws it.
import type { Json, User } from 'coedit';

export interface ChatMessage {
  readonly number: number;
  readonly user: Pick<User, 'name' | 'color'>;
  readonly own: boolean;
  readonly text: string;
  /** Milliseconds since 1970, by this browser's clock. */
  readonly at: number;
}

export const chatTopic = 'coedit.chat';
export const chatUnitsMax = 500;
const messagesMax = 200;
/** One session may say so many in such a time; what is more is not shown. */
const burstMax = 8;
const burstMs = 10_000;
/** As many sessions are counted; the rest share one count. */
const sessionsMax = 500;

/** A message as it may be shown or sent: no controls, nothing that turns the direction; empty for nothing. */
export function cleanMessage(text: string): string {
  const clean = text
    .slice(0, 4 * chatUnitsMax)
    .replace(/\r\n?/g, '\n')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, (character) => (character === '\u200d' || character === '\n' ? character : ''))
    .replace(/(\p{M}{4})\p{M}+/gu, '$1')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return [...clean].slice(0, chatUnitsMax).join('').trim();
}

/** The text in a payload of a signal, which may hold anything. */
export function messageOf(payload: Json): string {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return '';
  const { text } = payload as { readonly text?: Json };
  return typeof text === 'string' ? cleanMessage(text) : '';
}

export class ChatLog {
  private readonly said: ChatMessage[] = [];
  private readonly recent = new Map<string, number[]>();
  private number = 0;

  get messages(): readonly ChatMessage[] {
    return this.said;
  }

  /** Null when it says nothing, or its author has said too much just now. */
  add(sessionId: string, user: ChatMessage['user'], text: string, own: boolean, at: number): ChatMessage | null {
    const clean = cleanMessage(text);
    if (clean === '' || !this.admits(sessionId, at)) return null;
    const message = { number: this.number++, user, own, text: clean, at };
    this.said.push(message);
    if (this.said.length > messagesMax) this.said.shift();
    return message;
  }

  private admits(sessionId: string, at: number): boolean {
    const key = this.recent.has(sessionId) || this.recent.size < sessionsMax ? sessionId : '';
    const times = (this.recent.get(key) ?? []).filter((time) => at - time < burstMs);
    this.recent.set(key, times);
    if (times.length >= burstMax) return false;
    times.push(at);
    return true;
  }
}
