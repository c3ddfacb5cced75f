// When a revision came into being and by whom, as far as the evenly spread points of a timeline and the
// operations that are known tell; and the coloured band above the slider.
import { displayColor, displayName } from 'coedit';
import type { StoredOperation, Timeline, TimelinePoint } from 'coedit/http';
import type { AuthorNames } from './revision_source.js';

export interface ShownAuthor {
  readonly author: number;
  readonly name: string;
  /** "#rrggbb", safe to put into a style. */
  readonly color: string;
}

export interface Moment {
  readonly atMs: number;
  readonly author: number;
  /** False: read off the nearest point before it. */
  readonly exact: boolean;
}

/** A stretch of revisions drawn in one colour, as shares of the whole from 0 to 1. */
export interface BandPiece {
  readonly from: number;
  readonly to: number;
  readonly author: number;
}

const nobody = '#8b8f96';

export class TimelineModel {
  private readonly authors = new Map<number, ShownAuthor>();
  private points: readonly TimelinePoint[] = [];
  private createdMs = 0;

  set(timeline: Timeline): void {
    this.points = timeline.points;
    this.createdMs = timeline.createdMs;
    this.learn(timeline.authors);
  }

  /** True when one was not known. */
  learn(authors: readonly AuthorNames[]): boolean {
    let news = false;
    for (const { author, name, color } of authors) {
      const known = this.authors.get(author);
      const shown = { author, name: displayName(name), color: displayColor(color, author) };
      if (known?.name === shown.name && known.color === shown.color) continue;
      this.authors.set(author, shown);
      news = true;
    }
    return news;
  }

  author(author: number): ShownAuthor {
    return this.authors.get(author) ?? { author, name: author === 0 ? 'Nobody: there from the start' : `Author ${author}`, color: nobody };
  }

  /** Everyone heard of, by number. */
  get everyone(): readonly ShownAuthor[] {
    return [...this.authors.values()].sort((a, b) => a.author - b.author);
  }

  moment(revision: number, operation: Pick<StoredOperation, 'atMs' | 'author'> | undefined): Moment {
    if (revision === 0) return { atMs: this.createdMs, author: 0, exact: true };
    if (operation !== undefined) return { atMs: operation.atMs, author: operation.author, exact: true };
    const point = this.pointBefore(revision);
    if (point === null) return { atMs: this.createdMs, author: this.points[0]?.author ?? 0, exact: false };
    return { atMs: point.atMs, author: point.author, exact: point.revision === revision };
  }

  /** The last point at or before a revision. */
  private pointBefore(revision: number): TimelinePoint | null {
    let [low, high] = [0, this.points.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.points[middle] as TimelinePoint).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.points[low - 1] ?? null;
  }

  /** Neighbours of one author are one piece; what came after the last point is like it. */
  band(head: number): readonly BandPiece[] {
    const pieces: { from: number; to: number; author: number }[] = [];
    let before = 0;
    for (const { revision, author } of this.points) {
      const to = Math.min(revision, head);
      if (to <= before) continue;
      const last = pieces.at(-1);
      if (last?.author === author) last.to = to / head;
      else pieces.push({ from: before / head, to: to / head, author });
      before = to;
    }
    const last = pieces.at(-1);
    if (last !== undefined) last.to = 1;
    return pieces;
  }

  /** The band as a CSS image; the colours are "#rrggbb" and nothing else. */
  bandImage(head: number): string {
    const percent = (share: number): string => `${(share * 100).toFixed(3)}%`;
    const stops = this.band(head).map(({ from, to, author }) => `${this.author(author).color} ${percent(from)} ${percent(to)}`);
    return stops.length === 0 ? 'none' : `linear-gradient(to right, ${stops.join(', ')})`;
  }
}
