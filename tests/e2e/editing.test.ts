// Two people edit one document at once; both, the store and whoever comes later hold one text.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { expectAgreement, readDocument } from './support/agree.js';
import { Person, launchBrowser } from './support/person.js';
import { Server } from './support/server.js';

const id = 'two-people';
const family = '👩‍👩‍👧‍👦';

let browser: Browser;
let server: Server;
let ada: Person;
let grace: Person;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

beforeEach(async () => {
  server = await Server.start();
  [ada, grace] = await Promise.all([Person.create(browser, { name: 'Ada' }), Person.create(browser, { name: 'Grace' })]);
  await Promise.all([ada, grace].map((person) => person.open(`${server.url}/d/${id}`)));
});

afterEach(async () => {
  await Promise.all([ada.leave(), grace.leave()]);
  await server.dispose();
});

/** All agree now; a server started anew, which knows only its disk, and new eyes see the same. */
async function expectOneTextForAll(): Promise<readonly unknown[]> {
  const agreed = await expectAgreement([ada, grace]);
  expect((await readDocument(server.url, id)).ops).toEqual(agreed);
  await Promise.all([ada.check(), grace.check()]);
  expect(await server.stop()).toBe(0);
  await server.startAgain();
  const late = await Person.create(browser);
  await late.open(`${server.url}/d/${id}`);
  expect(await late.contents()).toEqual(agreed);
  await late.check();
  await late.leave();
  return agreed;
}

test('text, formats, lists and emoji, typed by both at once', async () => {
  await ada.caretAt(0);
  await ada.type('Notes');
  await ada.clickTool('Heading');
  await ada.press('Enter');
  await ada.type('from Ada ');
  // With the line's end: before that the blank may be on its way.
  await grace.holds('Notes\nfrom Ada \n');

  await grace.caretAtEnd();
  await grace.press('Enter');
  await grace.clickTool('Bulleted list');
  // Two who insert at the very same place would be mixed; each has a line of their own.
  await ada.holds('Notes\nfrom Ada \n\n');
  // From here on neither waits for the other.
  await Promise.all([
    (async () => {
      await ada.caretAt('Notes\nfrom Ada '.length);
      await ada.press('Control+b');
      await ada.type('in bold ');
      await ada.press('Control+b');
      await ada.type(`and ${family} plain`);
    })(),
    (async () => {
      await grace.type('milk');
      await grace.press('Enter');
      await grace.type(`bread 🥖`);
      await grace.press('Enter');
      await grace.press('Control+i');
      await grace.type('butter');
    })(),
  ]);

  expect(await expectOneTextForAll()).toEqual([
    { insert: 'Notes' },
    { insert: '\n', attributes: { header: 1 } },
    { insert: 'from Ada ' },
    { insert: 'in bold ', attributes: { bold: true } },
    { insert: `and ${family} plain\nmilk` },
    { insert: '\n', attributes: { list: 'bullet' } },
    { insert: 'bread 🥖' },
    { insert: '\n', attributes: { list: 'bullet' } },
    { insert: 'butter', attributes: { italic: true } },
    { insert: '\n', attributes: { list: 'bullet' } },
  ]);
});

test('both delete and format the same words', async () => {
  await ada.caretAt(0);
  await ada.type('one two three four five');
  await grace.holds('one two three four five\n');
  await Promise.all([ada.select('two three'), grace.select('three four')]);
  await Promise.all([
    ada.press('Backspace'),
    (async () => {
      await grace.press('Control+u');
      await grace.select('five', { before: true });
      await grace.type('and ');
    })(),
  ]);
  const agreed = await expectOneTextForAll();
  expect(agreed).toEqual([
    { insert: 'one ' },
    { insert: ' four', attributes: { underline: true } },
    { insert: ' and five\n' },
  ]);
});

test('a paste of 200 KB arrives whole while the other types', async () => {
  const line = `The quick brown fox ${family} jumps over the lazy dog. `;
  const pasted = Array.from({ length: 1_000 }, (_, index) => `${index} ${line.repeat(4).trim()}`).join('\n');
  // More than one message may hold: the SDK has to split it.
  expect(Buffer.byteLength(pasted)).toBeGreaterThan(256 * 1024);
  await ada.caretAt(0);
  await ada.type('start ');
  await ada.press('Enter');
  await grace.holds('start \n\n');
  await grace.caretAt(0);
  await Promise.all([ada.paste(pasted), grace.type('Grace was here. ')]);
  await grace.sees(pasted.slice(-200));
  await expectOneTextForAll();
  expect((await readDocument(server.url, id)).text).toBe(`Grace was here. start \n${pasted}\n`);
});

test('undo takes back one’s own edits and leaves the other’s', async () => {
  await ada.caretAt(0);
  await ada.type('Ada begins.');
  await grace.holds('Ada begins.\n');
  await grace.caretAtEnd();
  await grace.type(' Grace goes on.');
  await ada.holds('Ada begins. Grace goes on.\n');
  await ada.pressUntil('Control+z', ' Grace goes on.\n');
  await ada.pressUntil('Control+Shift+z', 'Ada begins. Grace goes on.\n');
  await grace.holds('Ada begins. Grace goes on.\n');
  await grace.pressUntil('Control+z', 'Ada begins.\n');
  await ada.holds('Ada begins.\n');
  await expectOneTextForAll();
});

test('both replace the whole text at once, and a newline still ends it', async () => {
  await ada.caretAt(0);
  await ada.type('first\nsecond\nthird');
  await grace.holds('first\nsecond\nthird\n');
  await Promise.all(
    [ada, grace].map(async (person, index) => {
      await person.caretAt(0);
      await person.press('Control+a');
      await person.type(index === 0 ? 'from Ada' : 'from Grace');
    }),
  );
  const agreed = await expectOneTextForAll();
  expect(JSON.stringify(agreed.at(-1))).toMatch(/\\n"/);
});
