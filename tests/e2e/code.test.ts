// Plain text and code: two people in CodeMirror on the demo page, under its policy.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { expectAgreement, readDocument } from './support/agree.js';
import { Person, launchBrowser, waitMaxMs } from './support/person.js';
import { Server } from './support/server.js';

const poll = { timeout: waitMaxMs };

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
  id = `code-${++documents}`;
  [ada, grace] = await Promise.all([
    Person.create(browser, { name: 'Ada Lovelace', color: '#af42c0' }),
    Person.create(browser, { name: 'Grace', color: '#218241' }),
  ]);
  await ada.open(`${server.url}/d/${id}`, 'plain-text');
  await grace.open(`${server.url}/d/${id}`);
});
afterEach(async () => {
  await Promise.all([ada.leave(), grace.leave()]);
});

test('both type at once, on lines of their own, and undo is each one’s own', async () => {
  await ada.caretAt(0);
  await ada.type('ada = 1');
  await ada.press('Enter');
  await grace.holds('ada = 1\n');
  await grace.caretAtEnd();
  await Promise.all([
    (async () => {
      await ada.caretAt('ada = 1'.length);
      await ada.type('00 + 😀');
    })(),
    grace.type('grace = 2'),
  ]);
  await expectAgreement([ada, grace]);
  expect((await readDocument(server.url, id)).text).toBe('ada = 100 + 😀\ngrace = 2');
  await ada.pressUntil('Control+z', 'grace = 2');
  await ada.pressUntil('Control+Shift+z', 'ada = 100 + 😀\ngrace = 2');
  await grace.holds('ada = 100 + 😀\ngrace = 2');
  await Promise.all([ada.check(), grace.check()]);
});

test('cursors carry names that fade, and come back when they move', async () => {
  await ada.caretAt(0);
  await ada.type('let x = 1;');
  await grace.holds('let x = 1;');
  const cursor = grace.page.locator('.coedit-cursor');
  await expect.poll(() => cursor.count(), poll).toBe(1);
  const flag = cursor.locator('.coedit-cursor-flag');
  expect(await flag.textContent()).toBe('Ada Lovelace');
  expect(await flag.evaluate((node) => getComputedStyle(node).backgroundColor)).toBe('rgb(175, 66, 192)');
  await expect.poll(() => flag.isVisible(), poll).toBe(false);
  await ada.caretAt(3);
  await expect.poll(() => flag.isVisible(), poll).toBe(true);
  await Promise.all([ada.check(), grace.check()]);
});

test('a language by choice colours the text, lines have numbers, long ones are wrapped or not', async () => {
  const { page } = ada;
  const code = page.locator('.cm-content');
  await ada.caretAt(0);
  await ada.type(`def hello(): return "${'long '.repeat(60)}"`);
  expect(await page.locator('.cm-lineNumbers .cm-gutterElement').last().textContent()).toBe('1');
  const colours = (): Promise<number> =>
    code.evaluate((node) => new Set([...node.querySelectorAll('.cm-line span')].map((span) => getComputedStyle(span).color)).size);
  expect(await colours()).toBe(0);
  const languages = page.getByLabel('Language');
  await languages.selectOption('Python');
  await expect.poll(colours, poll).toBeGreaterThan(1);
  const lineHeight = (): Promise<number> => page.locator('.cm-line').first().evaluate((line) => line.getBoundingClientRect().height);
  const wrapped = await lineHeight();
  await page.getByLabel('Wrap long lines').uncheck();
  await expect.poll(lineHeight, poll).toBeLessThan(wrapped / 2);
  // The choice is this browser's, and stays.
  await page.reload();
  await ada.opened();
  expect(await languages.inputValue()).toBe('python');
  expect(await page.getByLabel('Wrap long lines').isChecked()).toBe(false);
  await expect.poll(colours, poll).toBeGreaterThan(1);
  await ada.check();
});

test('Tab indents, and Escape then Tab leaves the text', async () => {
  await ada.caretAt(0);
  await ada.press('Tab');
  await ada.type('x');
  expect(await ada.text()).toBe('  x');
  await ada.press('Escape');
  await ada.press('Tab');
  expect(await ada.page.getByRole('tab', { name: /^People/ }).evaluate((tab) => tab === document.activeElement)).toBe(true);
  await ada.check();
});

test('the colours follow the scheme while the page is open', async () => {
  const { page } = ada;
  const ink = (): Promise<string> => page.locator('.cm-content').evaluate((node) => getComputedStyle(node).color);
  const light = await ink();
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(ink, poll).not.toBe(light);
  await ada.check();
});
