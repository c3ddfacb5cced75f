// Where coedit deviates from quill-delta on purpose (docs/ot.md): what the package does in each case.
// If one of these fails, the package has changed and the page must too.
import assert from 'node:assert/strict';
import quillDelta from 'quill-delta';
import { attempt } from './tally.mjs';

const Delta = quillDelta.default ?? quillDelta;
const delta = (...ops) => new Delta(ops);

const deviations = {
  'D2 a null attribute after an embed retain is lost': () => {
    const first = delta({ retain: { widget: 1 }, attributes: { b: 'x' } });
    assert.deepEqual(first.compose(delta({ retain: 1, attributes: { b: null } })).ops,
      [{ retain: { widget: 1 } }]);
  },
  'D3 a retain of zero swallows the other side': () => {
    assert.deepEqual(delta({ insert: 'abc' }).compose(delta({ retain: 0 }, { delete: 1 })).ops,
      [{ delete: 1 }]);
  },
  'D4 a document may end up with a delete': () => {
    assert.deepEqual(delta({ insert: 'a' }).compose(delta({ delete: 2 })).ops, [{ delete: 1 }]);
  },
  'D5 nulls on inserts stay in the document': () => {
    assert.deepEqual(delta().compose(delta({ insert: 'a', attributes: { bold: null } })).ops,
      [{ insert: 'a', attributes: { bold: null } }]);
  },
  'D6 attributes named as members of Object.prototype are lost': () => {
    const first = delta({ insert: 'a', attributes: { constructor: 'x' } });
    assert.notDeepEqual(first.compose(delta({ retain: 1, attributes: { bold: true } })).ops,
      [{ insert: 'a', attributes: { constructor: 'x', bold: true } }]);
  },
  'D12 a surrogate pair may be cut': () => {
    assert.deepEqual(delta({ insert: '\u{1F600}' }).compose(delta({ delete: 1 })).ops,
      [{ insert: '\ude00' }]);
  },
  'invert compares values by identity': () => {
    const base = delta({ insert: 'a', attributes: { m: { x: 1 } } });
    assert.deepEqual(delta({ retain: 1, attributes: { m: { x: 1 } } }).invert(base).ops,
      [{ retain: 1, attributes: { m: { x: 1 } } }]);
  },
  'invert of a removal that removes nothing is a removal': () => {
    assert.deepEqual(delta({ retain: 1, attributes: { bold: null } }).invert(delta({ insert: 'a' })).ops,
      [{ retain: 1, attributes: { bold: null } }]);
  },
};

/** Each as one test. */
export async function checkDeviations() {
  for (const [name, show] of Object.entries(deviations)) await attempt(`deviation ${name}`, show);
}
