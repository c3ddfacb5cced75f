// What this client shows of itself: said when it can be said, at most 20 times a second, the latest
// wins.
import { type Json, canonicalJson } from './canonical_json.js';
import type { Delta } from './delta.js';
import type { ClientMessage, ClientValue, Range } from './messages.js';
import { type OwnPresence, carryOwn } from './presence.js';

/** The channel as presence needs it. */
export interface PresenceOutlet {
  /**
   * The text own ranges count in, as the server knows it: at `revision`, then own operation `after`.
   * Null while there is no such text, because something unsent stands between.
   */
  stamp(): Pick<ClientValue<'presence'>, 'channel' | 'revision' | 'after'> | null;
  send(message: ClientMessage): boolean;
}

const intervalMs = 50;

export class OwnPresenceSender {
  private own: OwnPresence | null = null;
  private unsent = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sentAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly outlet: PresenceOutlet) {}

  /** What is not given stays as it is; ranges are clamped to the text. */
  set({ ranges, state }: { readonly ranges?: readonly Range[]; readonly state?: Json }, units: number): void {
    const clamp = (position: number): number => Math.max(0, Math.min(units, Math.trunc(position)));
    const before = this.own;
    const next: OwnPresence = {
      ranges: ranges?.map(({ anchor, head }) => ({ anchor: clamp(anchor), head: clamp(head) })) ?? before?.ranges ?? [],
      ...(state !== undefined ? { state } : before?.state !== undefined ? { state: before.state } : {}),
    };
    this.own = next;
    // The others carry what they know over the edits themselves: only what that does not tell is sent.
    if (before === null || canonicalJson(before) !== canonicalJson(next)) this.unsent = true;
    this.send();
  }

  /** The view changed under the own ranges. */
  carry(delta: Delta, own: boolean): void {
    if (this.own !== null) this.own = carryOwn(this.own, delta, own);
  }

  /** A new channel knows nothing yet. */
  forgotten(): void {
    this.unsent = this.own !== null;
    this.send();
  }

  /** Sends what is unsent, if it can be said now. */
  send(): void {
    if (!this.unsent || this.own === null || this.timer !== undefined) return;
    const stamp = this.outlet.stamp();
    if (stamp === null) return;
    const waitMs = this.sentAt + intervalMs - performance.now();
    if (waitMs > 0) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.send();
      }, Math.ceil(waitMs));
      return;
    }
    const value: ClientValue<'presence'> = { ...stamp, ranges: this.own.ranges.map((range) => ({ ...range })) };
    if (this.own.state !== undefined) value.state = this.own.state;
    if (!this.outlet.send({ kind: 'presence', value })) return;
    this.unsent = false;
    this.sentAt = performance.now();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
