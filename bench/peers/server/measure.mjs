// Measures coedit and its peers under the same loads, one after the other, and prints one table.
//   node measure.mjs --coedit PROGRAM --load PROGRAM --json FILE [--seconds N] [--only SCENARIO] [--server NAME]
// The server has one processor, the load tool the other. A load that does not converge counts as
// failed, whatever it measured.
import {spawn} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {availableParallelism, cpus, loadavg, tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {servers, start} from './servers.mjs';

const {values: options} = parseArgs({
  options: {
    coedit: {type: 'string'},
    load: {type: 'string'},
    json: {type: 'string'},
    seconds: {type: 'string', default: '10'},
    only: {type: 'string'},
    server: {type: 'string'},
  },
});
const scenarios = [
  {name: '20x5 at 20/s', documents: 20, clients: 5, rate: 20},
  {name: '20x5 closed', documents: 20, clients: 5},
  {name: '200x2 closed', documents: 200, clients: 2},
  {name: '1x200 at 1/s', documents: 1, clients: 200, rate: 1},
  {name: '1x350 at 5/s', documents: 1, clients: 350, rate: 5},
  {name: '1 writer, 1000 readers', documents: 1, clients: 1001, writers: 1, rate: 20},
];

const figures = [];
const notes = [];
const processors = (availableParallelism ?? (() => cpus().length))();
if (processors < 2) notes.push('one processor: server and load tool share it, latencies are those of both');
const loadBefore = loadavg()[0];
if (loadBefore > 0.5) notes.push(`the machine was busy when this began (load ${loadBefore.toFixed(1)})`);

for (const scenario of scenarios) {
  if (options.only !== undefined && scenario.name !== options.only) continue;
  for (const server of servers) {
    if (options.server !== undefined && server.name !== options.server) continue;
    const figure = {scenario: scenario.name, server: server.name, ...(await measure(scenario, server))};
    figures.push(figure);
    console.error(`${figure.scenario}, ${figure.server}: ${figure.failed ?? 'measured'}`);
  }
}
writeFileSync(options.json, JSON.stringify({figures, notes}, undefined, 1));
print();
process.exitCode = figures.some((figure) => figure.server === 'coedit' && figure.failed) ? 1 : 0;

async function measure(scenario, server) {
  const folder = mkdtempSync(join(tmpdir(), 'coedit-figures-'));
  let running;
  try {
    running = await start(server, {coeditProgram: options.coedit, processor: 0});
    const json = join(folder, 'figures.json');
    const failed = await load(scenario, server, running, json);
    if (running.complaints() !== '') notes.push(`${server.name}: ${running.complaints().split('\n')[0]}`);
    return failed === undefined ? JSON.parse(readFileSync(json, 'utf8')) : {failed};
  } catch (error) {
    return {failed: String(error.message).split('\n')[0]};
  } finally {
    await running?.stop();
    rmSync(folder, {recursive: true, force: true});
  }
}

// Undefined when the load ran to its end and everybody agreed; else why not.
function load(scenario, server, running, json) {
  const given = [
    'room', '--protocol', server.protocol, '--url', running.url, '--pid', running.pid, '--json', json,
    '--documents', scenario.documents, '--clients', scenario.clients, '--writers', scenario.writers ?? scenario.clients,
    '--seconds', options.seconds, '--warm-up', 2, '--deadline', 60,
  ];
  if (scenario.rate !== undefined) given.push('--rate', scenario.rate);
  const processor = processors > 1 ? 1 : 0;
  const child = spawn('taskset', ['-c', String(processor), options.load, ...given.map(String)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (data) => (complaints += data));
  return new Promise((resolve) => {
    child.on('close', (code) => resolve(code === 0 ? undefined : complaints.split('\n')[0] || `exit code ${code}`));
  });
}

function print() {
  const head = ['', 'edits/s', 'CPU us/msg', 'core %', 'ack p50', 'p99', 'delivery p50', 'p99 ms', 'RSS MB', 'tool %', 'acknowledges'];
  for (const {name} of scenarios) {
    const measured = figures.filter((figure) => figure.scenario === name);
    if (measured.length === 0) continue;
    const ours = measured.find((figure) => figure.server === 'coedit' && !figure.failed);
    const rows = [[name, ...head.slice(1)]];
    for (const figure of measured) {
      const {acknowledges} = servers.find((server) => server.name === figure.server);
      if (figure.failed) {
        rows.push([figure.server, `failed: ${figure.failed}`]);
        continue;
      }
      const ratio = (value, reference) => (figure === ours || !reference ? '' : ` (${short(value / reference)}x)`);
      rows.push([
        figure.server,
        perSecond(figure).toFixed(0) + ratio(perSecond(figure), ours && perSecond(ours)),
        short(perMessage(figure)) + ratio(perMessage(figure), ours && perMessage(ours)),
        (figure.serverCpuCores * 100).toFixed(0),
        short(figure.ackMs.p50), short(figure.ackMs.p99),
        short(figure.deliveryMs.p50), short(figure.deliveryMs.p99),
        short(figure.serverResidentBytesMax / 1e6) + ratio(figure.serverResidentBytesMax, ours?.serverResidentBytesMax),
        (figure.ownCpuCores * 100).toFixed(0),
        acknowledges,
      ]);
    }
    const widths = head.map((_, column) => Math.max(...rows.map((row) => (row.length > 2 ? row[column].length : 0))));
    for (const row of rows) {
      console.log(row.map((cell, i) => (i === 0 ? cell.padEnd(Math.max(widths[0], 22)) : cell.padStart(widths[i]))).join('  ').trimEnd());
    }
    console.log();
  }
  console.log(`A message is an acknowledged edit or its arrival at one other client; "x" is the peer over coedit.
Every run ended with all clients and a newcomer holding every letter. docs/performance.md says more.`);
  for (const note of [...new Set(notes)]) console.log(`note: ${note}`);
}

// Processor time of the server for one acknowledged or delivered edit, in microseconds.
function perMessage(figure) {
  return (figure.serverCpuCores * figure.seconds * 1e6) / (figure.editsAcked + figure.editsDelivered);
}

// Edits acknowledged.
function perSecond(figure) {
  return figure.editsAcked / figure.seconds;
}

function short(value) {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
