// The start page with the server's list, and titles: made, found, renamed, duplicated, shared, deleted.
import { DocumentsApi } from 'coedit/http';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { expectAccessible, expectNoSidewaysScroll } from './support/accessible.js';
import { Person, type PersonOptions, launchBrowser, waitMaxMs } from './support/person.js';
import { Server } from './support/server.js';

const poll = { timeout: waitMaxMs };

let browser: Browser;
let server: Server;
let api: DocumentsApi;
let people: Person[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  server = await Server.start();
  api = new DocumentsApi(server.url);
});
afterEach(async () => {
  await Promise.all(people.map((person) => person.leave()));
  people = [];
  await server.dispose();
});

async function someone(options: PersonOptions = {}): Promise<Person> {
  const person = await Person.create(browser, options);
  people.push(person);
  return person;
}

function listOf({ page }: Person): Locator {
  return page.getByRole('region', { name: 'All documents' });
}

function rowsOf(person: Person): Promise<string[]> {
  return listOf(person).locator('.row-title').allTextContents();
}

async function choose(person: Person, place: Locator, title: string, entry: string): Promise<void> {
  await place.getByRole('button', { name: `More about “${title}”` }).click();
  await person.page.getByRole('menuitem', { name: entry, exact: true }).click();
}

test('all documents are listed with titles or first lines, found by search, and shown page by page', async () => {
  for (let number = 10; number < 55; number++) await api.create({ id: `doc-${number}`, title: `Report ${number}` });
  await api.create({ id: 'a-first', content: '\n  Minutes of the meeting\nand so on' });
  await api.create({ id: 'b-code', type: 'plain-text', title: 'main.py' });
  await api.create({ id: 'c-empty' });
  const ada = await someone();
  await ada.page.goto(server.url);
  const list = listOf(ada);
  await expect.poll(() => rowsOf(ada), poll).toHaveLength(20);
  await expect.poll(() => rowsOf(ada), poll).toEqual([
    'Minutes of the meeting',
    'main.py',
    'Untitled document',
    ...Array.from({ length: 17 }, (_, index) => `Report ${10 + index}`),
  ]);
  await list.getByRole('button', { name: 'Show more' }).click();
  await expect.poll(() => rowsOf(ada), poll).toHaveLength(40);
  await list.getByRole('button', { name: 'Show more' }).click();
  await expect.poll(() => rowsOf(ada), poll).toHaveLength(48);
  expect(await list.getByRole('button', { name: 'Show more' }).isVisible()).toBe(false);

  await list.getByLabel('Search all documents').fill('rEPORT 2');
  await expect.poll(() => rowsOf(ada), poll).toEqual(Array.from({ length: 10 }, (_, index) => `Report 2${index}`));
  await expectAccessible(ada);
  await list.getByLabel('Search all documents').fill('nothing like it');
  await list.getByText('Nothing found for “nothing like it”').waitFor();
  await expectAccessible(ada);
  await list.getByLabel('Search all documents').fill('');
  await expect.poll(() => rowsOf(ada), poll).toHaveLength(20);
  await list.getByRole('link', { name: /main\.py/ }).click();
  await ada.opened();
  expect(await ada.page.getByLabel('Language').locator('option').first().textContent()).toBe('By title: Python');
  await ada.check();
});

test('a document is renamed, duplicated and deleted from the list', async () => {
  await api.create({ id: 'plans', title: 'Plans', content: 'The text\n' });
  const ada = await someone();
  const { page } = ada;
  await page.goto(server.url);
  const list = listOf(ada);
  await expect.poll(() => rowsOf(ada), poll).toEqual(['Plans']);

  await choose(ada, list, 'Plans', 'Rename…');
  await page.getByRole('dialog').waitFor();
  await expectAccessible(ada);
  await page.getByLabel('Title', { exact: true }).fill('Better <i>plans</i>');
  await ada.press('Enter');
  await expect.poll(() => rowsOf(ada), poll).toEqual(['Better <i>plans</i>']);
  expect((await api.get('plans')).title).toBe('Better <i>plans</i>');
  await choose(ada, list, 'Better <i>plans</i>', 'Rename…');
  await page.getByLabel('Title', { exact: true }).fill('');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => rowsOf(ada), poll).toEqual(['The text']);

  await choose(ada, list, 'The text', 'Duplicate');
  await expect.poll(async () => (await rowsOf(ada)).sort(), poll).toEqual(['The text', 'The text (copy)']);
  const copy = (await api.list()).documents.find(({ id }) => id !== 'plans');
  expect(await api.text(copy?.id ?? '')).toBe('The text\n');

  await choose(ada, list, 'The text', 'Copy read-only link');
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(`${server.url}/d/plans?role=reader`);

  await choose(ada, list, 'The text', 'Delete…');
  const question = page.getByRole('dialog', { name: 'Delete “The text”?' });
  expect(await question.textContent()).toContain('cannot be undone');
  await expectAccessible(ada);
  await question.getByRole('button', { name: 'Cancel' }).click();
  expect((await api.list()).documents).toHaveLength(2);
  await choose(ada, list, 'The text', 'Delete…');
  await page.getByRole('button', { name: 'Delete for everyone' }).click();
  await expect.poll(() => rowsOf(ada), poll).toEqual(['The text (copy)']);
  expect((await api.list()).documents).toHaveLength(1);
  await ada.check();
});

test('deleted while people are in it: they are told, and keep what they had not saved', async () => {
  const [ada, grace] = [await someone({ name: 'Ada' }), await someone({ name: 'Grace' })];
  await ada.open(`${server.url}/d/doomed`);
  await ada.type('Soon to be gone');
  await ada.showsStatus('Saved');
  await grace.page.goto(server.url);
  await choose(grace, listOf(grace), 'Soon to be gone', 'Delete…').catch(() => undefined);
  await grace.page.getByRole('button', { name: 'Delete for everyone' }).click();
  await ada.page.getByRole('alert').filter({ hasText: 'The document was deleted' }).waitFor();
  await ada.showsStatus('Disconnected');
  await ada.page.reload();
  await ada.page.getByRole('heading', { name: 'There is no document here' }).waitFor();
  await ada.check();
});

test('a title is given in the bar, seen by all, and taken away again', async () => {
  const [ada, grace] = [await someone({ name: 'Ada' }), await someone({ name: 'Grace' })];
  await ada.open(`${server.url}/d/titled`);
  await grace.open(`${server.url}/d/titled`);
  await ada.type('The first line');
  const field = ({ page }: Person): Locator => page.getByLabel('Title of the document');
  await expect.poll(() => field(grace).getAttribute('placeholder'), poll).toBe('The first line');
  await expect.poll(() => grace.page.title(), poll).toBe('The first line – coedit');
  await field(ada).fill('  A  title\u202e ');
  await ada.press('Enter');
  await expect.poll(() => field(grace).inputValue(), poll).toBe('A title');
  await expect.poll(() => grace.page.title(), poll).toBe('A title – coedit');
  expect(await field(ada).inputValue()).toBe('A title');
  expect((await api.get('titled')).title).toBe('A title');
  // Given up with Escape.
  await field(grace).fill('Another');
  await grace.press('Escape');
  expect(await field(grace).inputValue()).toBe('A title');
  await grace.page.goto(server.url);
  await expect.poll(() => rowsOf(grace), poll).toEqual(['A title']);
  await field(ada).fill('');
  await ada.press('Enter');
  await expect.poll(async () => (await api.get('titled')).title, poll).toBeUndefined();
  await expect.poll(() => ada.page.title(), poll).toBe('The first line – coedit');
  await Promise.all([ada.check(), grace.check()]);
});

test('without the server the list says so, and documents of this browser are there', async () => {
  const ada = await someone();
  const { page } = ada;
  await ada.open(`${server.url}/d/known`);
  await ada.type('Known here');
  await ada.showsStatus('Saved');
  await page.goto(server.url);
  await expect.poll(() => rowsOf(ada), poll).toEqual(['Known here']);
  // The page itself comes from the device now.
  await page.evaluate(() => navigator.serviceWorker.ready);
  await expect.poll(() => page.evaluate(async () => (await caches.match('/')) !== undefined), poll).toBe(true);
  await ada.check();
  await server.kill();
  await page.reload();
  await page.getByRole('alert').filter({ hasText: 'The list could not be loaded' }).waitFor();
  await expectAccessible(ada);
  expect(await page.getByRole('region', { name: 'Recent in this browser' }).locator('.row-title').allTextContents()).toEqual(['Known here']);
  await server.startAgain();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect.poll(() => rowsOf(ada), poll).toEqual(['Known here']);
  await ada.check({ networkFailed: true });
});

test.each(['rich-text', 'plain-text'] as const)('a document of this browser opens and is edited without a network: %s', async (type) => {
  const ada = await someone({ name: 'Ada' });
  const { page } = ada;
  await ada.open(`${server.url}/d/train`, type);
  await ada.type('On the platform. ');
  await ada.showsStatus('Saved');
  await page.evaluate(() => navigator.serviceWorker.ready);
  // All that this page has loaded is on the device.
  await expect
    .poll(
      () =>
        page.evaluate(async () => {
          const names = performance.getEntriesByType('resource').map(({ name }) => name);
          const assets = names.filter((name) => name.includes('/assets/'));
          const kept = await Promise.all(['/', ...assets].map((name) => caches.match(name)));
          return kept.every((response) => response !== undefined);
        }),
      poll,
    )
    .toBe(true);
  await server.kill();
  page.on('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await ada.editor.waitFor();
  await ada.sees('On the platform. ');
  await ada.caretAtEnd();
  await ada.type('In the tunnel. ');
  await expect.poll(() => ada.status.textContent(), poll).toMatch(/^Connecting….*changes are kept on this device$/);
  await page.reload();
  await ada.sees('In the tunnel. ');
  await server.startAgain();
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await ada.showsStatus('Saved');
  expect((await api.text('train')).trim()).toBe('On the platform. In the tunnel.');
  await ada.check({ networkFailed: true });
});

test('on a phone the list and its menus fit', async () => {
  await api.create({ id: 'long', title: 'A title that goes on and on, and then some more, until it is far too long for a phone' });
  const ada = await someone({ width: 360, height: 700 });
  await ada.page.goto(server.url);
  await expect.poll(() => rowsOf(ada), poll).toHaveLength(1);
  await expectNoSidewaysScroll(ada);
  await listOf(ada).getByRole('button', { name: /^More about/ }).click();
  await expectNoSidewaysScroll(ada);
  await expectAccessible(ada);
  await ada.press('ArrowDown');
  expect(await ada.page.evaluate(() => document.activeElement?.textContent)).toBe('Duplicate');
  await ada.press('Escape');
  expect(await ada.page.getByRole('menu').isVisible()).toBe(false);
  await ada.check();
});
