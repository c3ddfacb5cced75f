// What the user did to a text field, from the values before and after and the caret: browsers say what
// kind of input it was, but not always where. Equal ends are compared in strides, the rest is replaced.
import { Delta } from './delta.js';

/** Whether a cut there would part a surrogate pair. */
function isPairMiddle(text: string, at: number): boolean {
  return (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}

function commonPrefix(a: string, b: string, max: number): number {
  let length = 0;
  // Whole strides first: the engine compares them faster than a loop does.
  for (let stride = 4_096; stride >= 64; stride /= 8) {
    while (length + stride <= max && a.slice(length, length + stride) === b.slice(length, length + stride)) length += stride;
  }
  while (length < max && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}

function commonSuffix(a: string, b: string, max: number): number {
  let length = 0;
  for (let stride = 4_096; stride >= 64; stride /= 8) {
    while (
      length + stride <= max &&
      a.slice(a.length - length - stride, a.length - length) === b.slice(b.length - length - stride, b.length - length)
    ) {
      length += stride;
    }
  }
  while (length < max && a.charCodeAt(a.length - 1 - length) === b.charCodeAt(b.length - 1 - length)) length++;
  return length;
}

/**
 * The change from `before` to `after`, one replaced piece. What stands behind the caret after an input
 * was not touched by it, so that of "aa|" the a just typed is the second, and of "|aa" the first is the
 * one deleted. Where the caret does not tell (a program set the value), the piece is as small as it can
 * be. Cuts no surrogate pair.
 */
export function fieldDelta(before: string, after: string, caret: number): Delta {
  const behind = Math.max(0, after.length - caret);
  const isKept = behind <= before.length && before.endsWith(after.slice(caret));
  let suffix = isKept ? behind : 0;
  let prefix = commonPrefix(before, after, Math.min(before.length, after.length) - suffix);
  // A correction of a word may leave its end as it was.
  suffix += commonSuffix(
    before.slice(prefix, before.length - suffix),
    after.slice(prefix, after.length - suffix),
    Math.min(before.length, after.length) - prefix - suffix,
  );
  if (isPairMiddle(before, prefix) || isPairMiddle(after, prefix)) prefix--;
  if (isPairMiddle(before, before.length - suffix) || isPairMiddle(after, after.length - suffix)) suffix--;
  return new Delta()
    .retain(prefix)
    .insert(after.slice(prefix, after.length - suffix))
    .delete(before.length - suffix - prefix)
    .chop();
}
