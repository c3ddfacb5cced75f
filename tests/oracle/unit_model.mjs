// A document as an array of UTF-16 units and embeds, each with its own formats: what a change comes
// to, told in the plainest way. The oracle of fuzzer.mjs.

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** Units of a document: { insert, attributes }, attributes with sorted keys. */
export function unitsOf(document) {
  const units = [];
  for (const { insert, attributes = {} } of document) {
    for (const unit of typeof insert === 'string' ? insert.split('') : [insert]) {
      units.push({ insert: unit, attributes });
    }
  }
  return units;
}

export function documentOf(units) {
  const ops = [];
  for (const { insert, attributes } of units) {
    const last = ops[ops.length - 1];
    const has = Object.keys(attributes).length > 0;
    if (last && typeof last.insert === 'string' && typeof insert === 'string' && same(last.attributes ?? {}, attributes)) {
      last.insert += insert;
    } else {
      ops.push(has ? { insert, attributes } : { insert });
    }
  }
  return ops;
}

function format(attributes, change = {}) {
  const merged = { ...attributes, ...change };
  const kept = Object.entries(merged).filter(([, value]) => value !== null);
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function applyToUnits(units, ops) {
  const result = [];
  let at = 0;
  for (const op of ops) {
    if (op.insert !== undefined) {
      result.push(...unitsOf([{ insert: op.insert, attributes: format({}, op.attributes) }]));
    } else if (op.delete !== undefined) {
      at += op.delete;
    } else {
      for (const { insert, attributes } of units.slice(at, at + op.retain)) {
        result.push({ insert, attributes: format(attributes, op.attributes) });
      }
      at += op.retain;
    }
  }
  return result.concat(units.slice(at));
}
