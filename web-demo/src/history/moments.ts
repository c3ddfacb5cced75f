// Times and numbers in words.
const toTheSecond = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false } as const;
const ofThisYear = new Intl.DateTimeFormat('en', toTheSecond);
const ofAnyYear = new Intl.DateTimeFormat('en', { ...toTheSecond, year: 'numeric' });
const short = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hour12: false });
const numbers = new Intl.NumberFormat('en');

/** To the second; this year is not named. */
export function timeOf(ms: number): string {
  return (new Date(ms).getFullYear() === new Date().getFullYear() ? ofThisYear : ofAnyYear).format(ms);
}

export function shortTimeOf(ms: number): string {
  return short.format(ms);
}

export function numberOf(value: number): string {
  return numbers.format(value);
}
