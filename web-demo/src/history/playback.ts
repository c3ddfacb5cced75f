// The pace of playback: so many edits a second, whatever the frames do. Waiting for the server does not
// count, so that nothing is skipped when it comes.

export interface Speed {
  readonly editsPerSecond: number;
  readonly label: string;
}

const rates = [10, 50, 250, 1_000, 5_000];

export const speeds: readonly Speed[] = rates.map((editsPerSecond) => ({
  editsPerSecond,
  label: `${editsPerSecond.toLocaleString('en')} edits/s`,
}));

/** Longer than this from one frame to the next: the page was hidden. */
const frameMsMax = 250;
/** At the speed that is chosen first, a whole history takes no longer. */
const wholeSecondsMax = 60;

export function firstSpeed(head: number): Speed {
  return speeds.find(({ editsPerSecond }) => head / editsPerSecond <= wholeSecondsMax) ?? (speeds.at(-1) as Speed);
}

export class Playback {
  private position: number;
  private lastMs: number;

  constructor(revision: number, nowMs: number) {
    this.position = revision;
    this.lastMs = nowMs;
  }

  /** The revision to show at this time, at most `reachable`, which is as far as the texts are there. */
  step(nowMs: number, { editsPerSecond }: Speed, reachable: number): number {
    const passedMs = Math.min(Math.max(0, nowMs - this.lastMs), frameMsMax);
    this.lastMs = nowMs;
    this.position = Math.max(this.position, Math.min(reachable, this.position + (passedMs * editsPerSecond) / 1_000));
    return Math.floor(this.position);
  }
}
