// Measures coedit and its peers under the same loads, one after the other; prints one table for each load and
// leaves all as Markdown and JSON. With --part server: coedit alone, in what the peers are not asked for.
//   node measure.mjs --coedit PROGRAM --load PROGRAM --scratch FOLDER --reports FOLDER [--part peers|server]
//        [--seconds N] [--minutes N] [--only WORDS] [--server NAME]
// The server has one processor, the load tool the other. A load that does not converge counts as failed,
// whatever it measured. Every step has a bound; what the minutes do not suffice for is left out and named.
import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {availableParallelism, cpus, loadavg, release} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {markdown} from './report.mjs';
import {peerScenarios, serverScenarios} from './scenarios.mjs';
import {endWithin, servers, start, startOn} from './servers.mjs';

const {values: options} = parseArgs({
  options: {
    coedit: {type: 'string'},
    load: {type: 'string'},
    scratch: {type: 'string'},
    reports: {type: 'string'},
    part: {type: 'string', default: 'peers'},
    seconds: {type: 'string', default: '8'},
    minutes: {type: 'string', default: '12'},
    only: {type: 'string'},
    server: {type: 'string'},
  },
});
const warmUpSeconds = 2;
const deadlineSeconds = 25; // for connecting, settling and comparing, where a load does not say more
const graceMs = 5_000; // for the tool to say that it gave up
const busyLoad = 0.5;

const processors = (availableParallelism ?? (() => cpus().length))();
const [serverProcessor, loadProcessor] = processors > 1 ? [0, 1] : [undefined, undefined];
const machine = {
  processor: `${processors} x ${cpus()[0]?.model ?? 'unknown'}`,
  kernel: release(),
  node: process.version,
  loadBefore: loadavg()[0],
};
const notes = [];
if (processors < 2) notes.push('One processor: server and load tool share it, latencies are those of both.');
if (machine.loadBefore > busyLoad) {
  notes.push(`The machine was busy when this began (load average ${machine.loadBefore.toFixed(1)}): figures are disturbed.`);
}

const scenarios = (options.part === 'server' ? serverScenarios : peerScenarios).filter(
  ({name, loop}) => options.only === undefined || `${name} ${loop}`.includes(options.only),
);
const measured = servers.filter(
  ({name}) => (options.part === 'server' ? name === 'coedit' : options.server === undefined || name === options.server),
);
const total = scenarios.length * measured.length;
const endMs = Date.now() + Number(options.minutes) * 60_000;
const figures = [];
const dead = new Map(); // servers that do not start, and why

for (const scenario of scenarios) {
  for (const server of measured) {
    const began = Date.now();
    let outcome = await measure(scenario, server);
    // Once more, where something else took the processor of the load tool.
    if (outcome.steps?.some(({disturbed}) => disturbed)) outcome = await measure(scenario, server);
    const figure = {scenario: scenario.name, loop: scenario.loop, server: server.name, stored: server.stored, ...outcome};
    figures.push(figure);
    const spent = ((Date.now() - began) / 1000).toFixed(0);
    console.error(`  [${figures.length}/${total}] ${scenario.name}, ${scenario.loop} loop, ${server.name}: ${figure.failed ?? 'measured'} (${spent} s)`);
  }
}
const result = {machine: {...machine, loadAfter: loadavg()[0]}, part: options.part, seconds: Number(options.seconds), notes: [...new Set(notes)], figures};
const text = markdown(result);
mkdirSync(options.reports, {recursive: true});
const report = join(options.reports, `bench-${options.part}`);
writeFileSync(`${report}.json`, JSON.stringify(result, undefined, 1));
writeFileSync(`${report}.md`, text);
console.log(text);
console.log(`Written to ${report}.md and .json.`);
process.exitCode = figures.length === 0 || figures.some(({server, failed}) => server === 'coedit' && failed) ? 1 : 0;

async function measure(scenario, server) {
  if (dead.has(server.name)) return {failed: `skipped: ${dead.get(server.name)}`};
  const seconds = scenario.seconds ?? Number(options.seconds);
  const steps = String(scenario.options.connections ?? '').split(',').length;
  const deadline = scenario.deadline ?? deadlineSeconds;
  const boundMs = (deadline + steps * (seconds + warmUpSeconds)) * 1000 + graceMs;
  if (Date.now() + (warmUpSeconds + seconds) * 1000 > endMs) return {failed: 'skipped: out of time'};
  let running;
  const folder = mkdtempSync(join(options.scratch, 'figures-'));
  try {
    const given = [scenario.command, '--protocol', server.protocol];
    for (const [name, value] of Object.entries(scenario.options)) given.push(`--${name}`, String(value));
    try {
      running = await start(server, {
        program: options.coedit,
        scratch: options.scratch,
        processor: scenario.threads === undefined ? serverProcessor : undefined,
        threads: scenario.threads,
        limits: server.name === 'coedit' ? neededLimits(given) : [],
      });
    } catch (error) {
      dead.set(server.name, String(error.message));
      return {failed: String(error.message)};
    }
    const json = join(folder, 'figures.json');
    given.push('--url', running.url, '--pid', String(running.pid), '--json', json, '--seconds', String(seconds));
    given.push('--warm-up', String(warmUpSeconds), '--deadline', String(deadline));
    const child = startOn(loadProcessor, options.load, given, ['ignore', 'ignore', 'pipe']);
    let complaints = '';
    child.stderr.on('data', (data) => (complaints = (complaints + data).slice(-4000)));
    const {code, signal} = await endWithin(child, boundMs);
    if (running.complaints() !== '') notes.push(`${server.name} said: ${running.complaints()}`);
    if (code !== 0) return {failed: why(complaints) || `the load tool ended with ${code ?? signal}`};
    return JSON.parse(readFileSync(json, 'utf8'));
  } catch (error) {
    return {failed: String(error.message).split('\n')[0]};
  } finally {
    await running?.stop();
    rmSync(folder, {recursive: true, force: true});
  }
}

function why(complaints) {
  const overloaded = /overloaded: (\d+ of \d+ edits\/s)/.exec(complaints);
  if (overloaded) return `overloaded: ${overloaded[1]} acknowledged, not all delivered within ${deadlineSeconds} s`;
  return complaints.split('\n')[0].replace('coedit-load: ', '');
}

// The load tool knows which of coedit's limits a load exceeds.
function neededLimits(given) {
  const line = execFileSync(options.load, [...given, '--show-server'], {encoding: 'utf8', timeout: 10_000});
  return [...line.matchAll(/--limit (\S+)/g)].map(([, limit]) => limit);
}
