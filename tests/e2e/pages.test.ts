// The pages themselves: starting, finding documents again, narrow windows, keyboards, refusals.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { expectAccessible, expectNoSidewaysScroll } from './support/accessible.js';
import { readDocument } from './support/agree.js';
import { Person, type PersonOptions, launchBrowser, waitMaxMs } from './support/person.js';
import { Server } from './support/server.js';

let browser: Browser;
let server: Server;
let people: Person[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
  server = await Server.start({ limits: ['document_units=1024'] });
});
afterAll(async () => {
  await browser.close();
  await server.dispose();
});
afterEach(async () => {
  await Promise.all(people.map((person) => person.leave()));
  people = [];
});

async function someone(options: PersonOptions = {}): Promise<Person> {
  const person = await Person.create(browser, options);
  people.push(person);
  return person;
}

test('a new document is found again in the list of recent ones', async () => {
  const ada = await someone();
  const { page } = ada;
  await page.goto(server.url);
  expect(await page.getByText('Nothing here yet').isVisible()).toBe(true);
  await page.getByRole('link', { name: 'New document' }).click();
  await page.waitForURL(/\/d\/[0-9a-z]{26}$/);
  const address = page.url();
  await ada.opened();
  // The caret is in the empty document already.
  await ada.type('Shopping list\nmilk');
  await expect.poll(() => page.title()).toBe('Shopping list – coedit');
  await ada.showsStatus('Saved');

  await page.getByRole('link', { name: 'All documents' }).click();
  const recent = page.getByRole('region', { name: 'Recent in this browser' });
  await recent.getByRole('link', { name: /Shopping list/ }).click();
  await ada.opened();
  expect(page.url()).toBe(address);
  expect(await ada.text()).toBe('Shopping list\nmilk\n');

  await page.goto(server.url);
  const other = page.getByRole('link', { name: 'New document' });
  expect(await other.getAttribute('href')).not.toBe(`${new URL(address).pathname}?new=rich-text`);
  await recent.getByRole('button', { name: 'More about “Shopping list”' }).click();
  await page.getByRole('menuitem', { name: 'Remove from this list' }).click();
  expect(await page.getByText('Nothing here yet').isVisible()).toBe(true);
  await page.reload();
  expect(await page.getByText('Nothing here yet').isVisible()).toBe(true);
  await ada.check();
});

test('links of a document are copied: to write, and to read', async () => {
  const ada = await someone();
  const { page } = ada;
  const copied = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
  await ada.open(`${server.url}/d/link`);
  // A link that makes documents is not one to hand on.
  expect(page.url()).toBe(`${server.url}/d/link`);
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByRole('button', { name: 'Copy link' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await copied()).toBe(`${server.url}/d/link`);
  await page.getByRole('button', { name: 'Copy read-only link' }).click();
  await expect.poll(copied).toBe(`${server.url}/d/link?role=reader`);
  await expectAccessible(ada);
  await ada.press('Escape');
  expect(await page.getByRole('button', { name: 'Share' }).evaluate((button) => button === document.activeElement)).toBe(true);
  await ada.check();
});

test('on a phone: everything is reached and nothing sticks out', async () => {
  const ada = await someone({ width: 360, height: 700, name: 'Ada' });
  await ada.page.goto(server.url);
  await expectNoSidewaysScroll(ada);
  await ada.open(`${server.url}/d/phone`);
  await ada.type('Words that are long enough to be wrapped on such a narrow screen as this');
  await expectNoSidewaysScroll(ada);
  await expectAccessible(ada);
  await ada.page.getByRole('button', { name: 'Share' }).click();
  await expectNoSidewaysScroll(ada);
  await ada.page.getByRole('button', { name: 'Copy link' }).click();
  await expect.poll(() => ada.page.evaluate(() => navigator.clipboard.readText())).toBe(`${server.url}/d/phone`);
  const name = ada.page.getByLabel('Your name');
  expect(await name.isVisible()).toBe(false);
  await ada.page.getByRole('button', { name: /People here/ }).click();
  expect(await name.isVisible()).toBe(true);
  await expectAccessible(ada);
  await ada.rename('Ada on the phone');
  await ada.press('Escape');
  expect(await name.isVisible()).toBe(false);
  await expect.poll(() => ada.people()).toEqual(['Ada on the phone']);
  await ada.check();
});

test('the keyboard reaches every control, and Tab leaves the text', async () => {
  const ada = await someone({ name: 'Ada' });
  await ada.open(`${server.url}/d/keys`);
  const reached = async (): Promise<string | null> =>
    ada.page.evaluate(() => {
      const { activeElement } = document;
      return activeElement?.getAttribute('aria-label') ?? activeElement?.textContent ?? null;
    });
  await ada.page.getByRole('link', { name: 'All documents' }).focus();
  const order: (string | null)[] = [];
  for (let step = 0; step < 6; step++) {
    await ada.press('Tab');
    order.push(await reached());
  }
  expect(order).toEqual(['Title of the document', 'History', 'Share', 'Heading', 'Text of the document', 'People1']);
  // Out of the text, on to the tabs beside it: arrow keys go along them.
  await ada.press('ArrowRight');
  expect(await reached()).toBe('Chat');
  expect(await ada.page.getByLabel('Message to everyone here').isVisible()).toBe(true);
  await ada.press('End');
  expect(await reached()).toBe('Network');
  await ada.press('Home');
  await ada.press('Tab');
  expect(await ada.page.getByLabel('Your name').evaluate((field) => field === document.activeElement)).toBe(true);

  await ada.page.getByRole('button', { name: 'Heading', exact: true }).focus();
  await ada.press('ArrowRight');
  await ada.press('ArrowRight');
  expect(await reached()).toBe('Bold');
  await ada.press('Enter');
  await ada.type('strong');
  expect(await ada.contents()).toEqual([{ insert: 'strong', attributes: { bold: true } }, { insert: '\n' }]);
  await ada.check();
});

test.each(['light', 'dark'] as const)('pages are accessible in %s colours', async (colorScheme) => {
  const ada = await someone({ colorScheme, name: 'Ada' });
  await ada.page.goto(server.url);
  await expectAccessible(ada);
  await ada.open(`${server.url}/d/accessible-${colorScheme}`);
  await ada.type('A heading');
  await ada.clickTool('Heading');
  await ada.press('Enter');
  await ada.type('and a line');
  await ada.clickTool('Quote');
  await ada.showsStatus('Saved');
  await expectAccessible(ada);
  await ada.page.goto(server.url);
  await ada.page.getByRole('region', { name: 'Recent in this browser' }).getByRole('link', { name: /A heading/ }).waitFor();
  await expectAccessible(ada);
  await ada.check();
});

test('a refused edit is taken back, explained and offered as a copy', async () => {
  const ada = await someone({ name: 'Ada' });
  await ada.open(`${server.url}/d/full`);
  await ada.type('Short enough. ');
  await ada.showsStatus('Saved');
  const tooMuch = 'This will not fit. '.repeat(80).trim();
  await ada.paste(tooMuch);
  const notice = ada.page.getByRole('alert').filter({ hasText: 'This document is full' });
  await notice.waitFor();
  expect(await notice.getByRole('textbox').inputValue()).toBe(tooMuch);
  await notice.getByRole('button', { name: 'Copy text' }).click();
  await notice.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await ada.page.evaluate(() => navigator.clipboard.readText())).toBe(tooMuch);
  const download = ada.page.waitForEvent('download');
  await notice.getByRole('button', { name: 'Download' }).click();
  expect((await download).suggestedFilename()).toBe('my-edits.txt');
  await expectAccessible(ada);

  // The document goes on with what was saved.
  await expect.poll(() => ada.text(), { timeout: waitMaxMs }).toBe('Short enough. \n');
  await ada.caretAtEnd();
  await ada.type('Still here.');
  await ada.showsStatus('Saved');
  expect((await readDocument(server.url, 'full')).text).toBe('Short enough. Still here.\n');
  await notice.getByRole('button', { name: 'Dismiss this message' }).click();
  expect(await notice.count()).toBe(0);
  await ada.check();
});

test('a document is opened as what it is, whatever a link wishes', async () => {
  const ada = await someone();
  const { page } = ada;
  await ada.open(`${server.url}/d/kinds`, 'plain-text');
  await ada.type('x = 1');
  await ada.showsStatus('Saved');
  await page.goto(`${server.url}/d/kinds?new=rich-text`);
  await ada.opened();
  expect(await page.evaluate(() => window.coedit?.document.type)).toBe('plain-text');
  expect(await ada.text()).toBe('x = 1');
  expect(page.url()).toBe(`${server.url}/d/kinds`);
  await ada.check();
});

test('an address without a document makes none by itself', async () => {
  const ada = await someone();
  const { page } = ada;
  await page.goto(`${server.url}/d/nobody-made-this`);
  await page.getByRole('heading', { name: 'There is no document here' }).waitFor();
  await expectAccessible(ada);
  expect(await page.getByRole('alert').count()).toBe(0);
  // It is no document, so it is not remembered.
  await page.goto(server.url);
  expect(await page.getByText('Nothing here yet').isVisible()).toBe(true);
  await page.goBack();
  await page.getByRole('link', { name: 'New plain text' }).click();
  await ada.opened();
  expect(await page.evaluate(() => window.coedit?.document.type)).toBe('plain-text');
  expect(page.url()).toBe(`${server.url}/d/nobody-made-this`);
  await ada.check();
});

test('files come with their types, and hashed ones may be kept', async () => {
  const page = await fetch(`${server.url}/d/anything`);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('cache-control')).toBe('no-cache');
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text())?.[1] ?? '';
  const asset = await fetch(server.url + script);
  expect(asset.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(asset.headers.get('cache-control')).toContain('immutable');
  expect(asset.headers.get('content-encoding')).toMatch(/br|gzip/);
  expect((await fetch(`${server.url}/assets/none.js`)).status).toBe(404);
});
