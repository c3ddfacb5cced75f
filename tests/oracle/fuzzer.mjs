// npm ot-fuzzer over ot/, by way of the bridge. What each operation should come to is told by
// unit_model.mjs. A process of its own: ot-fuzzer is seeded by the environment and keeps its state
// in files of the current folder.
//
//   SEED=S node fuzzer.mjs DRIVER ITERATIONS
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Bridge } from './bridge.mjs';
import { applyToUnits, documentOf, unitsOf } from './unit_model.mjs';

const driver = resolve(process.argv[2]);
const iterations = Number(process.argv[3]);
const folder = mkdtempSync(join(tmpdir(), 'coedit-fuzzer-'));
process.chdir(folder);
const fuzzer = createRequire(import.meta.url)('ot-fuzzer');
const bridge = new Bridge(driver, folder);

const { randomInt, randomWord } = fuzzer;
const pick = (list) => list[randomInt(list.length)];
const rare = ['\u{1F600}', '\u{1F601}', 'e\u0301', '\n', '\u200d', '\u{10000}', '\uffff', ' '];
const values = {
  bold: [true, false],
  color: ['red', '\u{1F600}'],
  meta: [{ a: 1, b: { c: null } }, [1, [2]]],
};
const embeds = [{ image: 'a' }, { image: 'b' }, { mention: { id: 7 } }];

function randomAttributes(removals) {
  const attributes = {};
  for (const key of Object.keys(values)) {
    if (randomInt(3) === 0) attributes[key] = removals && randomInt(3) === 0 ? null : pick(values[key]);
  }
  return Object.keys(attributes).length === 0 ? {} : { attributes };
}

const randomText = () => (randomInt(3) === 0 ? pick(rare) : randomWord() || 'a');

/** A legal operation, not in normal form at all, and what the document becomes. */
function randomOp(document) {
  const units = unitsOf(document);
  const ops = [];
  let at = 0;
  const step = (most) => {
    let end = Math.min(units.length, at + 1 + randomInt(most));
    // Not between the halves of a pair.
    if (/[\udc00-\udfff]/.test(units[end]?.insert)) end += 1;
    const length = end - at;
    at = end;
    return length;
  };
  for (let components = 1 + randomInt(5); components > 0; components -= 1) {
    // Long documents shrink.
    const kind = units.length > 120 && randomInt(2) === 0 ? 3 : randomInt(4);
    if (kind === 0) ops.push({ insert: randomText(), ...randomAttributes(false) });
    if (kind === 1) ops.push({ insert: pick(embeds), ...randomAttributes(false) });
    if (kind >= 2 && at < units.length) {
      if (randomInt(3) === 0) ops.push({ retain: step(8) });
      if (at < units.length) {
        ops.push(kind === 2 ? { retain: step(6), ...randomAttributes(true) } : { delete: step(units.length > 120 ? 40 : 6) });
      }
    }
  }
  return [ops, documentOf(applyToUnits(units, ops))];
}

const type = {
  name: 'coedit',
  create: (document = []) => document,
  apply: (document, op) => bridge.ask('apply', document, op),
  compose: (first, second) => bridge.ask('compose', first, second),
  transform: (op, other, side) => bridge.ask('transform', op, other, side),
  diff: (from, to) => bridge.ask('diff', from, to),
};

try {
  fuzzer(type, randomOp, iterations);
} finally {
  bridge.close();
  process.chdir('/');
  rmSync(folder, { recursive: true });
}
