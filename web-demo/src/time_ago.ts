// Times as people say them.

const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];
const relativeMax = 14 * 86_400_000;

/** "5 minutes ago"; a date once that is long past. */
export function timeAgo(then: number, now: number): string {
  const spent = now - then;
  if (spent > relativeMax) return new Intl.DateTimeFormat('en', { dateStyle: 'medium' }).format(then);
  for (const [unit, size] of units) {
    if (spent >= size) return new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(-Math.floor(spent / size), unit);
  }
  return 'just now';
}
