// The panel that makes the network worse, and the bots that keep one company.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { expectAgreement, readDocument } from './support/agree.js';
import { Person, launchBrowser, waitMaxMs } from './support/person.js';
import { Server } from './support/server.js';

const poll = { timeout: waitMaxMs };
const kept = ' · changes are kept on this device';

let browser: Browser;
let server: Server;
let ada: Person;
let grace: Person;
let documents = 0;
let id = '';

beforeAll(async () => {
  browser = await launchBrowser();
  server = await Server.start();
});
afterAll(async () => {
  await browser.close();
  await server.dispose();
});
beforeEach(async () => {
  id = `network-${++documents}`;
  [ada, grace] = await Promise.all([Person.create(browser, { name: 'Ada' }), Person.create(browser, { name: 'Grace' })]);
  await Promise.all([ada, grace].map((person) => person.open(`${server.url}/d/${id}`)));
  await ada.showTab('Network');
});
afterEach(async () => {
  await Promise.all([ada.leave(), grace.leave()]);
});

function reading(name: string): Promise<string | null> {
  return ada.page.locator('.reading', { hasText: name }).locator('dd').textContent();
}

test('cut: both write on, and find together again', async () => {
  await ada.caretAt(0);
  await ada.type('Before. ');
  await grace.holds('Before. \n');
  await ada.page.getByLabel('Cut').check();
  await ada.showsStatus('Reconnecting…');
  expect(await ada.page.locator('#tab-network .side-badge').textContent()).toBe('!');
  await ada.caretAtEnd();
  await ada.type('Ada alone. ');
  await ada.showsStatus(`Reconnecting…${kept}`);
  // Nothing is under way without a connection.
  await expect.poll(() => reading('Buffer'), poll).toBe('11 characters');
  expect(await reading('In flight')).toBe('nothing');
  await grace.caretAt(0);
  await grace.type('Grace. ');
  await grace.showsStatus('Saved');
  expect(await ada.text()).not.toContain('Grace');
  await ada.page.getByRole('button', { name: 'Back to the real network' }).click();
  await ada.showsStatus('Saved');
  await expectAgreement([ada, grace]);
  expect((await readDocument(server.url, id)).text).toBe('Grace. Before. Ada alone. \n');
  await expect.poll(() => reading('Buffer'), poll).toBe('nothing');
  expect(await ada.page.locator('#tab-network .side-badge').textContent()).toBe('');
  await Promise.all([ada.check(), grace.check()]);
});

test('silent: never "Saved", and everything arrives once it is over', async () => {
  await ada.page.getByLabel('Silent').check();
  await ada.caretAt(0);
  await ada.type('Into the void. ');
  await ada.showsStatus('Saving…');
  await expect.poll(() => reading('In flight'), poll).toBe('1 character');
  await expect.poll(() => reading('Buffer'), poll).toBe('14 characters');
  await grace.caretAtEnd();
  await grace.type('Meanwhile. ');
  await grace.showsStatus('Saved');
  expect(await ada.status.textContent()).toBe('Saving…');
  await ada.page.getByLabel('Open').check();
  await ada.showsStatus('Saved');
  await expectAgreement([ada, grace]);
  expect((await readDocument(server.url, id)).text).toContain('Into the void. ');
  await Promise.all([ada.check(), grace.check()]);
});

test('delay shows in the round trip, and a narrow way in what waits', async () => {
  const { page } = ada;
  await page.getByLabel('Delay, each way').fill('400');
  expect(await page.locator('.network-value').textContent()).toBe('400 ms');
  await ada.caretAt(0);
  await ada.type('x');
  await expect.poll(async () => Number.parseInt((await reading('Round trip')) ?? '0', 10), poll).toBeGreaterThanOrEqual(800);
  await ada.showsStatus('Saved');
  await page.getByLabel('Delay, each way').fill('0');
  await page.getByLabel('Speed, each way').selectOption('5 kB/s');
  await ada.caretAtEnd();
  await ada.paste('word '.repeat(4_000));
  await expect.poll(() => reading('In flight'), poll).toMatch(/^(19|20),\d+ characters/);
  expect(await ada.status.textContent()).toBe('Saving…');
  await page.getByRole('button', { name: 'Back to the real network' }).click();
  await ada.showsStatus('Saved');
  await expectAgreement([ada, grace]);
  await Promise.all([ada.check(), grace.check()]);
});

test('a connection that drops now and then loses nothing', async () => {
  await ada.page.getByLabel('Drop it').selectOption('About every 5 s');
  await ada.caretAt(0);
  let drops = 0;
  for (let part = 0; drops < 2 && part < 200; part++) {
    await ada.type(`part ${part}. `);
    drops = await ada.page.evaluate(() => window.shownStatuses.filter((words) => words.startsWith('Reconnecting…')).length);
    await ada.page.waitForTimeout(100);
  }
  expect(drops).toBeGreaterThanOrEqual(2);
  await ada.page.getByRole('button', { name: 'Back to the real network' }).click();
  await ada.showsStatus('Saved');
  await expectAgreement([ada, grace]);
  const { text } = await readDocument(server.url, id);
  for (let part = 0; text.includes(`part ${part}. `); part++) expect(text.split(`part ${part}. `)).toHaveLength(2);
  await Promise.all([ada.check({ networkFailed: true }), grace.check()]);
});

test('five bots come, type, and leave when they are sent away or the page goes', async () => {
  const { page } = ada;
  const bots = async (person: Person): Promise<string[]> => (await person.people()).filter((name) => name.startsWith('Bot '));
  const scripts: string[] = [];
  page.on('request', (request) => scripts.push(request.url()));
  await ada.caretAt(0);
  await ada.type('A human begins.');
  expect(scripts.filter((address) => address.includes('bot_worker'))).toEqual([]);
  await page.getByRole('button', { name: 'Call five bots' }).click();
  await expect.poll(async () => (await bots(grace)).length, poll).toBe(5);
  await grace.page.waitForFunction(() => (window.coedit?.document.length ?? 0) > 150, undefined, { timeout: waitMaxMs });
  // Who writes meanwhile loses neither place nor words.
  await grace.caretAt(0);
  await grace.type('Grace, too. ');
  expect(await grace.text()).toMatch(/^Grace, too\. A human begins\./);
  const faces = grace.page.locator('.person:not(.self) .avatar');
  expect(new Set(await faces.evaluateAll((nodes) => nodes.map((node) => (node as HTMLElement).style.backgroundColor))).size).toBeGreaterThanOrEqual(5);
  await page.getByRole('button', { name: 'Send the bots away' }).click();
  await expect.poll(async () => (await bots(grace)).length, poll).toBe(0);
  await ada.showsStatus('Saved');
  await expectAgreement([ada, grace]);

  await page.getByRole('button', { name: 'Call five bots' }).click();
  await expect.poll(async () => (await bots(grace)).length, poll).toBe(5);
  await ada.check();
  await page.close({ runBeforeUnload: false });
  await expect.poll(async () => (await bots(grace)).length, poll).toBe(0);
  await grace.check();
});
