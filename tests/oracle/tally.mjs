// Counts what was compared, and keeps the shortest case that differs of each kind.
import { isDeepStrictEqual } from 'node:util';

const compared = new Map();

/** Counts one comparison of `law`; `what` is the case, told with its seed when it differs. */
export function compare(law, expected, got, what) {
  let count = compared.get(law);
  if (count === undefined) compared.set(law, (count = { same: 0, different: 0, shortest: null }));
  if (isDeepStrictEqual(expected, got)) {
    count.same += 1;
    return true;
  }
  count.different += 1;
  const length = JSON.stringify(what).length;
  if (count.shortest === null || length < count.shortest.length) {
    count.shortest = { length, what, expected, got };
  }
  return false;
}

/** Runs `test` as one comparison by itself: it fails by throwing; `what` is told then. */
export async function attempt(law, test, what = {}) {
  try {
    await test();
    compare(law, true, true);
  } catch (error) {
    compare(law, 'no error', error?.stack ?? String(error), what);
  }
}

/** Prints everything and returns [law, failed] of each. */
export function report() {
  for (const [law, { same, different, shortest }] of compared) {
    console.log(`${law.padEnd(48)} ${same} equal, ${different} different`);
    if (shortest === null) continue;
    console.log(`  the shortest case that differs: ${JSON.stringify(shortest.what)}`);
    console.log(`  expected ${JSON.stringify(shortest.expected)}`);
    console.log(`  got      ${typeof shortest.got === 'string' ? shortest.got : JSON.stringify(shortest.got)}`);
  }
  return [...compared].map(([law, { different }]) => [law, different > 0]);
}
