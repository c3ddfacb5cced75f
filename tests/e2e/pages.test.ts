// The pages themselves: starting, finding documents again, narrow windows, keyboards, refusals.
import axe, { type AxeResults } from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
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

/** Fails on what axe finds against WCAG 2.1 AA. */
async function expectAccessible({ page }: Person): Promise<void> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const runner = (window as unknown as { axe: { run(options: unknown): Promise<AxeResults> } }).axe;
    const results = await runner.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] });
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  });
  expect(violations).toEqual([]);
}

/** Nothing sticks out to the right. */
async function expectNoSidewaysScroll({ page }: Person): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
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
  await page.getByRole('link', { name: /Shopping list/ }).click();
  await ada.opened();
  expect(page.url()).toBe(address);
  expect(await ada.text()).toBe('Shopping list\nmilk\n');

  await page.goto(server.url);
  const other = page.getByRole('link', { name: 'New document' });
  expect(await other.getAttribute('href')).not.toBe(new URL(address).pathname);
  await page.getByRole('button', { name: 'Remove “Shopping list” from this list' }).click();
  expect(await page.getByText('Nothing here yet').isVisible()).toBe(true);
  await page.reload();
  expect(await page.getByText('Nothing here yet').isVisible()).toBe(true);
  await ada.check();
});

test('the link of a document is copied', async () => {
  const ada = await someone();
  await ada.open(`${server.url}/d/link`);
  await ada.page.getByRole('button', { name: 'Copy link' }).click();
  await ada.page.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await ada.page.evaluate(() => navigator.clipboard.readText())).toBe(`${server.url}/d/link`);
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
  await ada.page.getByRole('button', { name: 'Copy link' }).click();
  expect(await ada.page.evaluate(() => navigator.clipboard.readText())).toBe(`${server.url}/d/phone`);
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
  for (let step = 0; step < 4; step++) {
    await ada.press('Tab');
    order.push(await reached());
  }
  expect(order.slice(0, 3)).toEqual(['Copy link', 'Heading', 'Text of the document']);
  // Out of the text, on to one's own name.
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
  await ada.page.getByRole('link', { name: /A heading/ }).waitFor();
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

test('a document of another kind is not opened', async () => {
  const ada = await someone();
  const { page } = ada;
  // Made as plain text before the page asks for it.
  await page.goto(server.url);
  const { connect } = await import('coedit');
  const { WebSocket } = await import('ws');
  const client = connect(server.url, { WebSocket });
  await client.open('plain', { create: 'plain-text' }).ready;
  client.close();
  await page.goto(`${server.url}/d/plain`);
  await page.getByRole('alert').filter({ hasText: 'This is another kind of document' }).waitFor();
  await ada.showsStatus('Disconnected');
  expect(await ada.editor.count()).toBe(0);
  // It is no document of this editor, so it is not remembered.
  await page.goto(server.url);
  expect(await page.getByText('Nothing here yet').isVisible()).toBe(true);
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
