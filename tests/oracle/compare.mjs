// Reads the cases of oracle_driver.cc from standard input, does the same with npm quill-delta and
// compares. Prints how much was compared; of the cases that differ, the shortest.
import { isDeepStrictEqual } from 'node:util';
import { writeFileSync } from 'node:fs';
import quillDelta from 'quill-delta';

const Delta = quillDelta.default ?? quillDelta;

// quill-delta's invert compares attribute values by identity, so that equal objects count as
// different; ot/ compares them as text. Equal objects become one object here.
const objects = new Map();
function share(key, value) {
  if (value === null || typeof value !== 'object') return value;
  const text = JSON.stringify(value);
  if (!objects.has(text)) objects.set(text, value);
  return objects.get(text);
}
function shareAttributes(ops) {
  for (const op of ops) {
    for (const key of Object.keys(op.attributes ?? {})) {
      op.attributes[key] = share(key, op.attributes[key]);
    }
  }
  return new Delta(ops);
}

const laws = {
  'apply': (c) => [c.s.compose(c.a).ops, c.applied],
  'compose': (c) => [c.a.compose(c.c).ops, c.composed],
  'transform, over stands left': (c) => [c.a.transform(c.b, true).ops, c.overLeft],
  'transform, over stands right': (c) => [c.a.transform(c.b, false).ops, c.overRight],
  'transformPosition, caret stays': (c) => [c.a.transformPosition(c.caret, true), c.caretStays],
  'transformPosition, caret moves': (c) => [c.a.transformPosition(c.caret, false), c.caretMoves],
  'invert': (c) => [c.a.invert(c.s).ops, c.inverse],
};
const compared = Object.fromEntries(Object.keys(laws).map((law) => [law, { same: 0, different: 0 }]));
let shortest = null;

function check(line) {
  const read = JSON.parse(line);
  for (const [law, run] of Object.entries(laws)) {
    const c = { ...read };
    for (const name of ['s', 'a', 'b', 'c']) c[name] = shareAttributes(structuredClone(read[name]));
    let expected, got;
    try {
      [expected, got] = run(c);
    } catch (error) {
      [expected, got] = [`quill-delta throws ${error}`, null];
    }
    if (isDeepStrictEqual(expected, got)) {
      compared[law].same += 1;
      continue;
    }
    compared[law].different += 1;
    const length = JSON.stringify([read.s, read.a, read.b, read.c]).length;
    if (shortest === null || length < shortest.length) {
      shortest = { length, law, read, expected, got };
    }
  }
  if (objects.size > 100000) objects.clear();
}

let rest = '';
let cases = 0;
process.stdin.setEncoding('utf8');
for await (const chunk of process.stdin) {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop();
  for (const line of lines) check(line);
  cases += lines.length;
}
if (rest !== '') throw new Error('the last case is cut short');

const wanted = Number(process.argv[2]);
const failed = Object.values(compared).filter((count) => count.different > 0).length;
for (const [law, { same, different }] of Object.entries(compared)) {
  console.log(`${law.padEnd(32)} ${same} equal, ${different} different`);
}
if (shortest !== null) {
  const { law, read, expected, got } = shortest;
  console.log(`\nshortest case that differs: ${law}, seed ${read.seed}`);
  for (const name of ['s', 'a', 'b', 'c']) console.log(`  ${name} ${JSON.stringify(read[name])}`);
  console.log(`  caret ${read.caret}`);
  console.log(`  quill-delta ${JSON.stringify(expected)}`);
  console.log(`  coedit      ${JSON.stringify(got)}`);
}
if (process.env.COEDIT_REPORT) {
  const tests = Object.entries(compared).map(([law, { different }]) =>
    `<testcase name="${law}">${different > 0 ? '<failure/>' : ''}</testcase>`);
  writeFileSync(process.env.COEDIT_REPORT,
    `<testsuites tests="${tests.length}" failures="${failed}" errors="0">\n` +
    `<testsuite name="oracle" tests="${tests.length}">${tests.join('')}</testsuite>\n</testsuites>\n`);
}
if (cases !== wanted) {
  console.log(`${cases} cases came, ${wanted} were asked for`);
  process.exit(1);
}
process.exit(failed > 0 ? 1 : 0);
