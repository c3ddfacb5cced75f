// The cases of delta_cases.cc against the functions of the SDK (client/dist): what it reads it keeps
// as it is, its algebra gives the same, its texts of equal values are equal bytes, and its
// difference of two documents is one.
import { canonicalJson } from '../../client/dist/canonical_json.js';
import { deltaFromEditor, deltaFromWire, overCommitted, overPending } from '../../client/dist/delta.js';
import { cutsPair, diffDocuments } from '../../client/dist/diff.js';
import { compare } from './tally.mjs';

const laws = {
  'SDK: deltas are read as they are': (c) => [c.read.c, c.c.ops],
  'SDK: edits are read as they are': (c) => [c.read.a, deltaFromEditor(c.read.a).ops],
  'SDK: compose': (c) => [c.read.composed, c.a.compose(c.c).ops],
  'SDK: canonical bytes': (c) => [c.read.composedCanonical, canonicalJson(c.a.compose(c.c).ops)],
  'SDK: invert': (c) => [c.read.inverse, c.a.invert(c.s).ops],
  'SDK: over what was committed': (c) => [c.read.overLeft, overCommitted(c.b, c.a).ops],
  'SDK: over what is pending': (c) => [c.read.overRight, overPending(c.b, c.a).ops],
  'SDK: difference, composed': (c) => [c.read.applied, c.s.compose(diffDocuments(c.s, c.applied)).ops],
  'SDK: difference cuts no pair': (c) => [false, cutsPair(diffDocuments(c.s, c.applied), c.s)],
  'SDK: our difference, composed': (c) => [c.read.applied, c.s.compose(c.difference).ops],
};

export function checkWithSdk(read) {
  const c = { read };
  for (const name of ['s', 'a', 'b', 'c', 'applied', 'difference']) {
    c[name] = deltaFromWire(structuredClone(read[name]));
  }
  for (const [law, run] of Object.entries(laws)) {
    let expected;
    let got;
    try {
      [expected, got] = run(c);
    } catch (error) {
      [expected, got] = ['no error', `the SDK throws ${error}`];
    }
    compare(law, expected, got, read);
  }
}
