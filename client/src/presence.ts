// Where everyone's cursor is. Other people's ranges are kept on the confirmed text, at the revision
// they were stamped with, and carried over each later commit; for the view they are carried over
// what this client has pending. Own ranges are kept on the view.
import type { Json } from './canonical_json.js';
import type { Delta } from './delta.js';
import type { Member, Range, ServerValue, User } from './messages.js';
import { displayColor, displayName } from './names.js';
import type { DocumentState } from './state.js';

/** Someone in the room. Name and colour are safe to show. */
export interface RoomMember {
  readonly sessionId: string;
  readonly author: number;
  readonly user: User;
  /** This client itself. */
  readonly self: boolean;
  /** Cursors and selections in the local view; empty for none, absent before any was told. */
  readonly ranges?: readonly Range[];
  readonly state?: Json;
}

interface Entry {
  readonly sessionId: string;
  readonly author: number;
  readonly user: User;
  /** Revision the ranges stand on; absent while there are none. */
  revision?: number;
  ranges: readonly Range[];
  state?: Json;
}

interface Advance {
  readonly revision: number;
  readonly delta: Delta;
  readonly author: number | null;
}

/** How many commits a late presence can be carried over. */
const recentMax = 256;

/** An insert at the very spot: the owner's own moves the cursor after it, another's leaves it before. */
function moved(ranges: readonly Range[], delta: Delta, own: boolean): Range[] {
  return ranges.map(({ anchor, head }) => ({
    anchor: delta.transformPosition(anchor, !own),
    head: delta.transformPosition(head, !own),
  }));
}

function safeUser(user: User, author: number): User {
  return { id: user.id, name: displayName(user.name), color: displayColor(user.color, author) };
}

const unknownUser: User = { id: '', name: '', color: '' };

/** Everyone in one document's room. */
export class Room {
  private readonly entries = new Map<string, Entry>();
  private readonly users = new Map<number, User>();
  private recent: Advance[] = [];

  /** The room as `opened` tells it. */
  reset(members: readonly Member[], authors: readonly { readonly author: number; readonly user: User }[]): void {
    this.entries.clear();
    for (const { author, user } of authors) this.users.set(author, safeUser(user, author));
    for (const { sessionId, author, revision, ranges, state } of members) {
      const entry: Entry = { sessionId, author, user: this.userOf(author), ranges };
      if (revision !== undefined) entry.revision = revision;
      if (state !== undefined) entry.state = state;
      this.entries.set(sessionId, entry);
    }
  }

  /** Commits of another history say nothing about this one. */
  forgetCommits(): void {
    this.recent = [];
  }

  joined({ sessionId, author, user }: ServerValue<'joined'>): void {
    const safe = safeUser(user, author);
    this.users.set(author, safe);
    this.entries.set(sessionId, { sessionId, author, user: safe, ranges: [] });
  }

  /** False when nobody was known under that session. */
  left(sessionId: string): boolean {
    return this.entries.delete(sessionId);
  }

  presence({ sessionId, author, revision, ranges, state }: ServerValue<'presence'>): void {
    let at = revision;
    let carried: readonly Range[] = ranges;
    for (const advance of this.recent) {
      if (advance.revision <= at) continue;
      carried = moved(carried, advance.delta, advance.author === author);
      at = advance.revision;
    }
    const entry: Entry = { sessionId, author, user: this.userOf(author), revision: at, ranges: carried };
    if (state !== undefined) entry.state = state;
    this.entries.set(sessionId, entry);
  }

  /** The confirmed text went forward. */
  advanced(advance: Advance): void {
    this.recent.push(advance);
    if (this.recent.length > recentMax) this.recent.splice(0, this.recent.length - recentMax / 2);
    for (const entry of this.entries.values()) {
      if (entry.revision === undefined || entry.revision >= advance.revision) continue;
      entry.ranges = moved(entry.ranges, advance.delta, advance.author === entry.author);
      entry.revision = advance.revision;
    }
  }

  userOf(author: number): User {
    return this.users.get(author) ?? safeUser(unknownUser, author);
  }

  /** Everyone, with ranges in the view of `state`. */
  list(state: DocumentState, ownSessionId: string | null): RoomMember[] {
    const units = state.view.length();
    const clamp = (position: number): number => Math.min(units, position);
    return [...this.entries.values()].map((entry) => {
      const { sessionId, author, user } = entry;
      const self = sessionId === ownSessionId;
      const member: RoomMember = { sessionId, author, user, self };
      if (entry.revision === undefined) return member;
      let ranges = entry.ranges;
      if (state.inFlight !== null) ranges = moved(ranges, state.inFlight.local, self);
      ranges = moved(ranges, state.buffer, self);
      return {
        ...member,
        ranges: ranges.map(({ anchor, head }) => ({ anchor: clamp(anchor), head: clamp(head) })),
        ...(entry.state === undefined ? {} : { state: entry.state }),
      };
    });
  }
}

/** What this client shows of itself. */
export interface OwnPresence {
  readonly ranges: readonly Range[];
  readonly state?: Json;
}

/** Own presence carried over a change of the view. */
export function carryOwn(presence: OwnPresence, delta: Delta, own: boolean): OwnPresence {
  return { ...presence, ranges: moved(presence.ranges, delta, own) };
}
