// One table of our figures and the peers': node report.mjs <ours.json> <peers.json>
import { readFileSync } from 'node:fs';

const [ours, peers] = process.argv.slice(2, 4).map((path) => JSON.parse(readFileSync(path, 'utf8')));
const shortNames = {
  'ot-text-unicode': 'ot-text',
  '@codemirror/state': 'codemirror',
  'diamond-types-node': 'diamond',
  'loro-crdt': 'loro',
};
const msPerUnit = { ns: 1e-6, us: 1e-3, ms: 1 };

function number(value) {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

// A figure of a peer in the unit of ours.
function inUnit(figure, unit) {
  return figure.ratio ?? figure.ms / msPerUnit[unit];
}

const columns = peers.peers.map((name) => shortNames[name] ?? name);
const rows = [['case', 'unit', 'ours', ...columns, 'best peer /', 'quill /']];
for (const { name, peer, unit, value } of ours.cases) {
  const found = peers.figures.filter((figure) => peer !== '' && figure.case === peer);
  const cells = peers.peers.map((each) => {
    const figure = found.find((candidate) => candidate.peer === each);
    if (figure === undefined) return '';
    const mark = figure.stopped ? '>' : figure.sameText === false ? '~' : '';
    return `${mark}${number(inUnit(figure, unit))}`;
  });
  const ratio = (figure) => `${figure.stopped ? '>' : ''}${number(inUnit(figure, unit) / value)}x`;
  // One that was stopped is slower than it says, so it is the best only if all were stopped.
  const finished = found.filter((figure) => !figure.stopped);
  const best = (finished.length > 0 ? finished : found).reduce(
    (least, figure) => (least === undefined || inUnit(figure, unit) < inUnit(least, unit) ? figure : least),
    undefined,
  );
  const quill = found.find((figure) => figure.peer === 'quill-delta');
  rows.push([name, unit, number(value), ...cells, best ? ratio(best) : '', quill ? ratio(quill) : '']);
}
const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
for (const row of rows) {
  const cells = row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
  console.log(cells.join('  ').trimEnd());
}
console.log(`
Medians of processor time; every text was checked; node ${peers.node}. "x" is how much longer the best
peer and quill-delta take (or how much more memory); ">" was stopped unfinished, its text unchecked;
"~" converged, on another text than ours. docs/performance.md says what the lines mean.`);
for (const note of peers.notes) console.log(`note: ${note}`);
