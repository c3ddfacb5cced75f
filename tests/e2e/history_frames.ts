// How evenly the history panel draws over a recorded paper of 259,778 edits: `npm run history-frames`. Prints
// the times between frames (16.7 ms at 60 a second) while it plays and while the slider is dragged, and what was
// asked of the server meanwhile.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { DocumentType } from 'coedit';
import type { Page, Request } from 'playwright-core';
import { HistoryOf } from './support/history.js';
import { Person, launchBrowser, waitMaxMs } from './support/person.js';
import { type Patch, recordedPatches, replayed } from './support/recorded.js';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));
const binary = join(process.env['COEDIT_BUILD_DIR'] ?? join(repository, 'build/release'), 'coedit');
const webRoot = process.env['COEDIT_WEB_ROOT'] ?? join(repository, 'web-demo/dist');

const authors = [
  ['Martin', '#af42c0'],
  ['Alastair', '#c34c10'],
  ['Reviewer', '#128075'],
] as const;
/** One after the other writes so many edits. */
const turnEdits = 3_700;
const editEveryMs = 250;
const beginMs = Date.UTC(2026, 0, 1);
const playMs = 8_000;
const dragSteps = 240;

/** An exported document (docs/storage.md) whose commits are these patches. */
function exported(type: DocumentType, patches: readonly Patch[], digest: string): string {
  const rich = type === 'rich-text';
  const lines: unknown[] = [
    { header: { format: 'coedit-history', version: 2, document: 'paper', type, epoch: 'e-1', createdMs: beginMs, commits: patches.length } },
    ...authors.map(([name, color], index) => ({ author: { number: index + 1, userId: `u-${index + 1}`, name, color } })),
    { initial: { ops: rich ? [{ insert: '\n' }] : [] } },
  ];
  const sequences = authors.map(() => 0);
  for (const [index, [position, deleted, inserted]] of patches.entries()) {
    const author = Math.floor(index / turnEdits) % authors.length;
    const sequence = (sequences[author] = (sequences[author] ?? 0) + 1);
    const ops = [
      ...(position > 0 ? [{ retain: position }] : []),
      ...(inserted === '' ? [] : [{ insert: inserted }]),
      ...(deleted > 0 ? [{ delete: deleted }] : []),
    ];
    lines.push({ commit: { revision: index + 1, author: author + 1, sequence, timeMs: beginMs + index * editEveryMs, ops } });
  }
  const sha256 = createHash('sha256').update(replayed(patches) + (rich ? '\n' : '')).digest('hex');
  lines.push({ end: { commits: patches.length, versions: 0, digest, sha256 } });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Only the server knows the digest of the commits: it names it where another is told. */
async function imported(data: string, type: DocumentType, patches: readonly Patch[]): Promise<void> {
  const file = join(data, `${type}.jsonl`);
  let digest = '0'.repeat(16);
  for (let attempt = 0; attempt < 2; attempt++) {
    await writeFile(file, exported(type, patches, digest));
    try {
      await run(binary, ['import', '--data', join(data, 'store'), '--as', type, file]);
      return;
    } catch (error) {
      const said = (error as { readonly stderr: string }).stderr;
      const named = /the commits have digest ([0-9a-f]{16})/.exec(said)?.[1];
      if (named === undefined) throw error;
      digest = named;
    }
  }
  throw new Error('the server takes no digest, not even its own');
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
  return `median ${at(0.5)}, 95 % within ${at(0.95)}, at most ${at(1)} ms (${values.length})`;
}

/** Times between frames until `done`. */
async function frames(page: Page, work: () => Promise<void>): Promise<number[]> {
  await page.evaluate(() => {
    const watch = { intervals: [] as number[], stopped: false };
    (window as unknown as { watch: typeof watch }).watch = watch;
    let last = 0;
    const frame = (now: number): void => {
      if (last > 0) watch.intervals.push(now - last);
      last = now;
      if (!watch.stopped) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await work();
  return page.evaluate(() => {
    const { watch } = window as unknown as { watch: { intervals: number[]; stopped: boolean } };
    watch.stopped = true;
    return watch.intervals;
  });
}

async function measure(page: Page, person: Person, withAuthors: boolean): Promise<void> {
  const answers = new Map<string, number[]>();
  let [underWay, most] = [0, 0];
  const kindOf = (request: Request): string | null => /\/v1\/documents\/[^/?]+(?:\/(operations|blame|diff)|\?revision=)/.exec(request.url())?.[0].replace(/^.*\/|\?.*$/g, '') ?? null;
  page.on('request', (request) => {
    if (kindOf(request) !== null) most = Math.max(most, ++underWay);
  });
  page.on('requestfinished', (request) => {
    const kind = kindOf(request);
    if (kind === null) return;
    underWay--;
    const { requestStart, responseEnd } = request.timing();
    const name = /operations|blame|diff/.test(kind) ? kind : 'text';
    answers.set(name, [...(answers.get(name) ?? []), responseEnd - requestStart]);
  });
  const history = await HistoryOf.open(person);
  if (withAuthors) await history.switch('Authors');
  await history.go(100_000);
  await page.waitForLoadState('networkidle');
  await history.panel.getByRole('button', { name: 'Play', exact: true }).click();
  const from = await history.revision();
  const playing = await frames(page, () => page.waitForTimeout(playMs));
  const played = (await history.revision()) - from;
  await history.panel.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.waitForLoadState('networkidle');
  console.log(`  playing ${Math.round((played / playMs) * 1_000)} edits/s: frames ${spread(playing)}`);
  const box = (await history.slider.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + 20, y);
  await page.mouse.down();
  const dragging = await frames(page, async () => {
    for (let step = 0; step < dragSteps; step++) await page.mouse.move(box.x + 20 + ((box.width - 40) * step) / dragSteps, y);
  });
  await page.mouse.up();
  console.log(`  dragging from end to end: frames ${spread(dragging)}`);
  await page.waitForLoadState('networkidle');
  if (!withAuthors) {
    await history.go(130_000);
    await page.waitForLoadState('networkidle');
    const beganMs = Date.now();
    await history.switch('Changes since');
    await history.panel.getByText(/changes since then$/).waitFor();
    console.log(`  ${await history.panel.locator('.history-changes-words').textContent()} revision 130,000: shown after ${Date.now() - beganMs} ms`);
  }
  for (const [kind, times] of answers) console.log(`  ${kind}: answered in ${spread(times)}`);
  console.log(`  at most ${most} under way at once`);
}

const patches = await recordedPatches('automerge-paper', Number.POSITIVE_INFINITY);
const data = await mkdtemp(join(tmpdir(), 'coedit-history-'));
const types = ['plain-text', 'rich-text'] as const;
for (const type of types) await imported(data, type, patches);
const server = spawn(binary, ['serve', '--data', join(data, 'store'), '--listen', '127.0.0.1:0', '--web-root', webRoot], { stdio: ['ignore', 'pipe', 'ignore'] });
const browser = await launchBrowser();
try {
  const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
  const url = line.replace('listening on ', '');
  for (const type of types) {
    for (const withAuthors of [false, true]) {
      const person = await Person.create(browser, { name: 'Mira Holm' });
      await person.page.goto(`${url}/d/${type}`);
      await person.page.waitForFunction(() => ['synchronised', 'saved'].includes(window.coedit?.document.status ?? ''), undefined, { timeout: waitMaxMs });
      console.log(`${type}${withAuthors ? ', authors in colour' : ''}, ${patches.length} edits`);
      await measure(person.page, person, withAuthors);
      await person.leave();
    }
  }
} finally {
  await browser.close();
  server.kill('SIGTERM');
  await once(server, 'exit');
  await rm(data, { recursive: true, force: true });
}
