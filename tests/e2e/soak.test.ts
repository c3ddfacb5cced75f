// Five bots type recorded sessions into one document, through their editors, while a sixth person edits.
// All end on one text, in which each session stands as it was recorded; and whoever undoes takes back
// what is theirs, to the letter, and nothing else. COEDIT_TEST_LONG=1 makes it longer.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pagesRoot } from './support/build_pages.js';
import { launchBrowser } from './support/person.js';
import { randomWhole, seedOfRun } from './support/random.js';
import { type Patch, recordedPatches, replayed } from './support/recorded.js';
import { Server } from './support/server.js';
import { type BindingKind, Writer, agreeing } from './support/writer.js';

const isLong = process.env['COEDIT_TEST_LONG'] === '1';
const patchesOfBot = isLong ? 1_500 : 40;
const wordsOfSixth = isLong ? 300 : 6;
const pauseMs = 5;

const kinds: readonly BindingKind[] = ['quill', 'codemirror', 'textarea'];
const names = ['automerge-paper', 'sveltecomponent', 'automerge-paper', 'sveltecomponent', 'automerge-paper'];
/** Where each bot's letters begin: Chinese ones, and for two of them such that are surrogate pairs. */
const bases = [0x4e00, 0x5000, 0x5200, 0x20000, 0x20200];

let browser: Browser;
let server: Server;
beforeAll(async () => {
  browser = await launchBrowser();
  server = await Server.start({ webRoot: pagesRoot });
});
afterAll(async () => {
  await browser.close();
  await server.dispose();
});

function isOf(base: number, letter: string): boolean {
  const code = (letter.codePointAt(0) ?? 0) - base;
  return code >= 0 && code < 0x80;
}

/** A bot's letters, as they were recorded. */
function lettersOf(base: number, text: string): string {
  return [...text]
    .filter((letter) => isOf(base, letter))
    .map((letter) => String.fromCharCode((letter.codePointAt(0) ?? 0) - base))
    .join('');
}

/** Everyone else's; line breaks have no owner that one could see. */
function withoutLettersOf(base: number, text: string): string {
  return [...text].filter((letter) => !isOf(base, letter) && letter !== '\n').join('');
}

/** Only what a bot can type is left: letters beyond ASCII become U+007F. */
function typeable(patches: readonly Patch[]): Patch[] {
  return patches.map(([position, deleted, inserted]) => [position, deleted, inserted.replace(/[^\0-\x7f]/g, '\x7f')]);
}

/** The sixth: words at places of its choice, and in rich text a format now and then. */
async function editBetween(sixth: Writer, random: (from: number, to: number) => number): Promise<void> {
  for (let word = 0; word < wordsOfSixth; word++) {
    const share = random(0, 1_000) / 1_000;
    await sixth.page.evaluate((part) => {
      const { editor } = window;
      const letters = [...(editor?.shown() ?? '')];
      const at = letters.slice(0, Math.floor(letters.length * part)).join('').length;
      editor?.select(at, at);
    }, share);
    if (sixth.kind === 'quill' && word % 4 === 0) await sixth.press('Control+b');
    await sixth.type(`word${word} `);
    if (word % 3 === 2) for (let times = 0; times < 3; times++) await sixth.press('Backspace');
  }
}

async function travel(writer: Writer, command: 'undo' | 'redo'): Promise<void> {
  await writer.page.evaluate((which) => {
    const { history } = window.coedit?.document ?? {};
    const more = (): boolean => (which === 'undo' ? history?.canUndo : history?.canRedo) === true;
    while (more()) history?.[which]();
  }, command);
}

test.each(kinds)('%s', async (kind) => {
  const seed = seedOfRun();
  console.log(`soak ${kind}: COEDIT_SEED=${seed}`);
  const random = randomWhole(seed);
  const writers = await Promise.all(
    [...names, 'sixth'].map((_, index) => Writer.create(browser, kind, { name: `Bot ${index}`, width: 640, height: 480 })),
  );
  await Promise.all(writers.map((writer) => writer.open(server.url, `soak-${kind}`)));
  const bots = writers.slice(0, names.length);
  const sixth = writers[names.length] as Writer;
  const sessions = await Promise.all(names.map(async (name) => typeable(await recordedPatches(name, patchesOfBot))));

  await Promise.all([
    ...bots.map((bot, index) =>
      bot.page.evaluate(([base, patches, ms]) => window.playSession?.(base, patches, ms), [bases[index] ?? 0, sessions[index] ?? [], pauseMs] as const),
    ),
    editBetween(sixth, random),
  ]);

  const all = await agreeing(writers);
  for (const [index, base] of bases.entries()) expect(lettersOf(base, all), `bot ${index}`).toBe(replayed(sessions[index] ?? []));

  for (const [writer, base] of [...bots.map((bot, index) => [bot, bases[index] ?? 0] as const), [sixth, 0] as const]) {
    await travel(writer, 'undo');
    const undone = await agreeing(writers);
    expect(withoutLettersOf(base, undone)).toBe(withoutLettersOf(base, all));
    // Not all of a long session is kept.
    if (!isLong) expect(lettersOf(base, undone).replaceAll('\n', '')).toBe('');
    await travel(writer, 'redo');
    expect(await agreeing(writers)).toBe(all);
  }
  await Promise.all(writers.map((writer) => writer.check()));
  await Promise.all(writers.map((writer) => writer.leave()));
}, isLong ? 3_600_000 : 180_000);
