// Compares ot/ with others over random valid cases: npm quill-delta 5.1.0, the SDK, and what npm
// ot-fuzzer asks of any OT type.
//
//   node run.mjs BUILD_DIR [--only quill|sdk|sessions|fuzzer] [--cases N] [--seed S]
//
// BUILD_DIR holds tests/ot_oracle; the SDK is built (client/dist). A seed that is printed makes the
// same cases again; the seed named with a case that differs makes it the first one. With
// COEDIT_TEST_LONG in the environment there are many more cases.
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkDeviations } from './deviations.mjs';
import { attempt, compare, report } from './tally.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, cases: { type: 'string' }, seed: { type: 'string' } },
});
const here = dirname(fileURLToPath(import.meta.url));
const driver = resolve(positionals[0] ?? join(here, '../../build/release'), 'tests/ot_oracle');
if (!existsSync(driver)) throw new Error(`${driver} is missing: ./dev build ot_oracle`);
if (!existsSync(join(here, '../../client/dist/state.js'))) {
  throw new Error('client/dist is missing: npm ci && npm run build in client');
}
const seed = values.seed ?? String(process.hrtime.bigint() + BigInt(Date.now()) * 1_000_000n);

/** Feeds the lines of `ot_oracle MODE` to `check`. */
async function eachCase(mode, cases, check) {
  const child = spawn(driver, [mode, '--cases', String(cases), '--seed', seed], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((done) => child.on('close', (code) => done(code)));
  child.stdout.setEncoding('utf8');
  let rest = '';
  let came = 0;
  for await (const chunk of child.stdout) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) check(JSON.parse(line));
    came += lines.length;
  }
  compare(`all cases of ${mode} came`, [cases, 0], [came, await ended], {});
}

const runs = {
  quill: {
    cases: { usual: 20_000, long: 1_000_000 },
    run: async (cases) => eachCase('deltas', cases, (await import('./quill_laws.mjs')).checkWithQuill),
  },
  sdk: {
    cases: { usual: 10_000, long: 500_000 },
    run: async (cases) => eachCase('deltas', cases, (await import('./sdk_laws.mjs')).checkWithSdk),
  },
  sessions: {
    cases: { usual: 2_000, long: 100_000 },
    run: async (cases) => eachCase('sessions', cases, (await import('./sdk_sessions.mjs')).checkSession),
  },
  fuzzer: {
    cases: { usual: 2_000, long: 100_000 },
    run: (cases) =>
      attempt('ot-fuzzer', async () => {
        const child = spawn(process.execPath, [join(here, 'fuzzer.mjs'), driver, String(cases)], {
          env: { ...process.env, SEED: seed },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let output = '';
        for (const stream of [child.stdout, child.stderr]) {
          stream.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-4000)));
        }
        const code = await new Promise((done) => child.on('close', done));
        if (code !== 0) throw new Error(`exit code ${code}\n${output}`);
        console.log(output.slice(output.indexOf('Performed:')).trim());
      }, { seed }),
  },
};

await checkDeviations();
const length = process.env.COEDIT_TEST_LONG ? 'long' : 'usual';
for (const [name, { cases, run }] of Object.entries(runs)) {
  if (values.only !== undefined && values.only !== name) continue;
  const count = Number(values.cases ?? cases[length]);
  const started = Date.now();
  console.log(`${name}: ${count} cases, --seed ${seed}`);
  await run(count);
  console.log(`${name}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

const laws = report();
const failed = laws.filter(([, isFailed]) => isFailed).length;
if (process.env.COEDIT_REPORT) {
  const tests = laws.map(([law, isFailed]) => `<testcase name="${law}">${isFailed ? '<failure/>' : ''}</testcase>`);
  writeFileSync(
    process.env.COEDIT_REPORT,
    `<testsuites tests="${tests.length}" failures="${failed}" errors="0">\n` +
      `<testsuite name="oracle" tests="${tests.length}">${tests.join('')}</testsuite>\n</testsuites>\n`,
  );
}
process.exit(failed > 0 ? 1 : 0);
