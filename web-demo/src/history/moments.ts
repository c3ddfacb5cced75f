// Times and numbers in words.
const whole = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
const short = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hour12: false });
const numbers = new Intl.NumberFormat('en');

/** To the second. */
export function timeOf(ms: number): string {
  return whole.format(ms);
}

export function shortTimeOf(ms: number): string {
  return short.format(ms);
}

export function numberOf(value: number): string {
  return numbers.format(value);
}
