// The crash rig: node rig.mjs [--rounds N] [--seed S] [--only FAULT] [--list]
//
// Each round puts one fault to a server that six writers type into, then compares disk and ledgers. A
// world lasts for some rounds, so that histories grow; at its end the writers come to rest and compare texts.
// Ends with 0 if nothing was lost, and if a known bug that loses something was noticed.
import {writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {faults, knownBug} from './faults.mjs';
import {makeRandom} from './random.mjs';
import {mountSpareDisk} from './spare_disk.mjs';
import {World} from './world.mjs';

const {values: options} = parseArgs({
  options: {
    rounds: {type: 'string'},
    seed: {type: 'string', default: String(Math.floor(Math.random() * 2 ** 31))},
    only: {type: 'string'},
    list: {type: 'boolean', default: false},
  },
});
const build = process.env.COEDIT_BUILD_DIR ?? fileURLToPath(new URL('../../build/release', import.meta.url));
const programs = {program: join(build, 'coedit'), hooked: join(build, 'coedit_hooked')};
// Makes an fsync of the log fail when a file of the given name appears.
const failingFsync = join(build, 'tests/libfailing_fsync.so');
const roundsPerWorld = 6;
const spareMegabytes = 64;

if (options.list) {
  for (const {name} of [...faults, knownBug]) console.log(name);
  process.exit(0);
}
const chosen = faults.filter(({name}) => options.only === undefined || name === options.only);
if (chosen.length === 0 && options.only !== knownBug.name) {
  console.error(`there is no fault '${options.only}'; --list names them`);
  process.exit(2);
}
const rounds = Number(options.rounds ?? (process.env.COEDIT_TEST_LONG ? 50 : 1) * chosen.length);
console.log(`seed ${options.seed}, ${rounds} rounds`);

const table = new Map(chosen.map(({name}) => [name, {rounds: 0, acked: 0, failures: [], notes: new Set()}]));
const random = makeRandom(Number(options.seed));
const plan = Array.from({length: rounds}, (_, i) => chosen[i % chosen.length]);
// Faults that need a disk of their own get a world of their own.
const worlds = [];
for (const fault of shuffle(plan)) {
  const last = worlds[worlds.length - 1];
  if (last === undefined || last.length === roundsPerWorld || (last[0].disk ?? '') !== (fault.disk ?? '')) worlds.push([fault]);
  else last.push(fault);
}
for (const [number, faultsOfWorld] of worlds.entries()) await runWorld(faultsOfWorld, `world-${number}`);
const bugFound = options.only === undefined || options.only === knownBug.name ? await findKnownBug() : undefined;
report();

async function runWorld(faultsOfWorld, name) {
  const spare = faultsOfWorld[0].disk === 'spare' ? mountSpareDisk(spareMegabytes) : undefined;
  if (faultsOfWorld[0].disk === 'spare' && spare === undefined) {
    for (const fault of faultsOfWorld) table.get(fault.name).notes.add('skipped: no tmpfs can be mounted here');
    return;
  }
  const world = new World({programs, random, data: spare?.path});
  let started = false;
  let current;
  try {
    for (const fault of faultsOfWorld) {
      current = fault;
      const row = table.get(fault.name);
      await world.startServer(fault.env?.({random, failingFsync, trigger: world.trigger}), fault.options);
      const served = world.lively();
      served.catch(() => {}); // told where it is awaited
      if (!started) world.startWriters();
      started = true;
      const before = world.acked;
      const {server, writers} = world;
      // A server that was told to kill itself may do so before everybody is served; whether they are is
      // seen at the next start.
      if (!fault.kills) await served;
      await fault.run({
        random, server, writers, spare, trigger: world.trigger,
        acks: (count) => world.acks(count),
        restartWriter: (writer) => world.startWriter(writer),
      });
      if (fault.outlives) {
        await served; // by the same process
        server.kill('SIGKILL');
        await server.over;
      }
      const {unanswered} = await world.compare();
      row.rounds += 1;
      row.acked += world.acked - before;
      row.unanswered = (row.unanswered ?? 0) + unanswered;
    }
    await world.startServer();
    await world.lively();
    await world.settle();
  } catch (error) {
    const kept = world.keep(resolve(build, '..', 'crash', `${options.seed}-${name}`));
    table.get(current.name).failures.push(`${error.message}\n  kept in ${kept}; replay: ./dev crash --seed ${options.seed} --rounds ${rounds}`);
  } finally {
    await world.end();
    spare?.unmount();
  }
}

/** The rig has to notice a server that acknowledges before it has stored. */
async function findKnownBug() {
  for (let attempt = 1; attempt <= 20; ++attempt) {
    const world = new World({programs, random});
    try {
      await world.startServer(knownBug.env({random}));
      world.startWriters();
      await knownBug.run({server: world.server});
      await world.compare();
    } catch (error) {
      if (error.message.includes('LOST')) return attempt;
      throw error;
    } finally {
      await world.end();
    }
  }
  return 0;
}

function report() {
  const rows = [['fault', 'rounds', 'acknowledged', 'losses', '']];
  const failures = [];
  let acked = 0;
  for (const [name, row] of table) {
    rows.push([name, String(row.rounds), String(row.acked), String(row.failures.length), [...row.notes].join('; ')]);
    failures.push(...row.failures.map((failure) => `${name}: ${failure}`));
    acked += row.acked;
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) {
    console.log(row.map((cell, i) => (i === 0 || i === 4 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ').trimEnd());
  }
  console.log(`${acked} operations acknowledged, ${failures.length} rounds with a loss`);
  for (const failure of failures) console.log(`\n${failure}`);
  if (bugFound !== undefined) {
    console.log(bugFound > 0 ? `a server that acknowledges before it stores is noticed in round ${bugFound}` : 'a known bug was NOT noticed');
  }
  writeReport([...table], bugFound);
  // Clocks of waits that lost their race may still run.
  process.exit(failures.length > 0 || bugFound === 0 ? 1 : 0);
}

/** JUnit, for `./dev test`. */
function writeReport(rows, bugFound) {
  if (!process.env.COEDIT_REPORT) return;
  const escape = (text) => text.replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const cases = rows.map(([name, {rounds, failures}]) => {
    if (failures.length > 0) return `<testcase name="${escape(name)}"><failure>${escape(failures.join('\n'))}</failure></testcase>`;
    return `<testcase name="${escape(name)}">${rounds === 0 ? '<skipped/>' : ''}</testcase>`;
  });
  if (bugFound !== undefined) {
    cases.push(`<testcase name="${knownBug.name}">${bugFound === 0 ? '<failure>not noticed</failure>' : ''}</testcase>`);
  }
  const failed = cases.filter((text) => text.includes('<failure>')).length;
  const skipped = cases.filter((text) => text.includes('<skipped/>')).length;
  const counts = `tests="${cases.length}" failures="${failed}" errors="0"`;
  writeFileSync(
    process.env.COEDIT_REPORT,
    `<testsuites ${counts}>\n<testsuite name="crash" ${counts} skipped="${skipped}">\n${cases.join('\n')}\n</testsuite>\n</testsuites>\n`,
  );
}

// Each fault comes equally often, in an order by lot; those with a disk of their own stand together.
function shuffle(list) {
  const drawn = list.map((item) => ({item, key: (item.disk ? 2 : 0) + random()}));
  return drawn.sort((a, b) => a.key - b.key).map(({item}) => item);
}
