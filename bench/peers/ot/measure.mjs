// Measures the peers: node --expose-gc measure.mjs <inputs.json> <figures.json>
// Inputs come from `coedit-bench --write-inputs`. A wrong text ends the run with exit code 1.
import { readFileSync, writeFileSync } from 'node:fs';
import { listCases } from './cases.mjs';
import { codeMirror, otTextUnicode, quillDelta } from './operational.mjs';
import { diamondTypes, loro, yjs } from './replicas.mjs';

const [inputsPath, figuresPath] = process.argv.slice(2);
if (figuresPath === undefined || globalThis.gc === undefined) {
  console.error('usage: node --expose-gc measure.mjs <inputs.json> <figures.json>');
  process.exit(2);
}

// After this nothing new begins; what is left out is noted.
const totalMsMax = 120_000;

const peers = [quillDelta, otTextUnicode, codeMirror, yjs];
const notes = [];
for (const load of [diamondTypes, loro]) {
  try {
    peers.push(await load());
  } catch (error) {
    notes.push(`${load.name} is left out, its package does not load: ${String(error.message).split('\n')[0]}`);
  }
}

const begin = performance.now();
const figures = [];
let failed = false;
for (const { name, needs, run } of listCases(JSON.parse(readFileSync(inputsPath, 'utf8')))) {
  for (const peer of peers) {
    if (peer[needs] === undefined) continue;
    if (performance.now() - begin > totalMsMax) {
      notes.push(`no time was left for ${peer.name}: ${name}`);
      continue;
    }
    try {
      const figure = run(peer);
      figures.push({ case: name, peer: peer.name, ...figure });
      console.log(JSON.stringify(figures[figures.length - 1]));
    } catch (error) {
      console.error(`${peer.name}, ${name}: ${error.stack}`);
      failed = true;
    }
  }
}
writeFileSync(
  figuresPath,
  `${JSON.stringify({ node: process.version, peers: peers.map(({ name }) => name), notes, figures })}\n`,
);
process.exit(failed ? 1 : 0);
