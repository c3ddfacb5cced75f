// Who is here, under which name, and where their cursors are.
import { connect } from 'coedit';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { Person, launchBrowser, waitMaxMs } from './support/person.js';
import { Server } from './support/server.js';

const poll = { timeout: waitMaxMs };

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
  [ada, grace] = await Promise.all([
    Person.create(browser, { name: 'Ada Lovelace', color: '#af42c0' }),
    Person.create(browser, { name: 'Grace', color: '#218241' }),
  ]);
  await Promise.all([ada, grace].map((person) => person.open(`${server.url}/d/room`)));
});

afterEach(async () => {
  await Promise.all([ada.leave(), grace.leave()]);
  await server.dispose();
});

function cursorOf(viewer: Person, name: string): Locator {
  return viewer.page.locator('.coedit-cursor', { has: viewer.page.getByText(name, { exact: true }) });
}

/** Whether the cursor a viewer sees stands at that index of the text, to the pixel. */
async function standsAt(viewer: Person, name: string, index: number): Promise<boolean> {
  const cursor = cursorOf(viewer, name);
  if ((await cursor.count()) !== 1) return false;
  const seen = await cursor.evaluate((node) => {
    const { offsetLeft, offsetTop } = node as HTMLElement;
    return { left: offsetLeft, top: offsetTop };
  });
  const bounds = await viewer.page.evaluate((at) => window.coedit?.quill?.getBounds(at) ?? null, index);
  return bounds !== null && Math.abs(seen.left - bounds.left) <= 1 && Math.abs(seen.top - bounds.top) <= 1;
}

test('cursors carry names and colours and move with the text', async () => {
  await ada.caretAt(0);
  await ada.type('Hello world');
  await grace.holds('Hello world\n');
  await expect.poll(() => standsAt(grace, 'Ada Lovelace', 'Hello world'.length), poll).toBe(true);
  const flag = cursorOf(grace, 'Ada Lovelace').locator('.coedit-cursor-flag');
  expect(await flag.evaluate((node) => getComputedStyle(node).backgroundColor)).toBe('rgb(175, 66, 192)');

  // Grace types before Ada's cursor: it goes along with its word.
  await grace.caretAt(0);
  await grace.type('Oh. ');
  await ada.holds('Oh. Hello world\n');
  await expect.poll(() => standsAt(grace, 'Ada Lovelace', 'Oh. Hello world'.length), poll).toBe(true);
  await expect.poll(() => standsAt(ada, 'Grace', 'Oh. '.length), poll).toBe(true);

  // A new line above moves it down.
  await grace.caretAt(0);
  await grace.press('Enter');
  await expect.poll(() => standsAt(grace, 'Ada Lovelace', '\nOh. Hello world'.length), poll).toBe(true);

  // At one spot: what Grace inserts where Ada stands leaves Ada before it.
  await grace.caretAtEnd();
  await grace.type('!');
  await expect.poll(() => standsAt(grace, 'Ada Lovelace', '\nOh. Hello world'.length), poll).toBe(true);
  await Promise.all([ada.check(), grace.check()]);
});

test('a cursor that is told once, and never moves, is drawn', async () => {
  await ada.caretAt(0);
  await ada.type('Hello world');
  await ada.showsStatus('Saved');
  const client = connect(server.url, { name: 'Still', WebSocket });
  onTestFinished(() => client.close());
  const document = client.open('room');
  await document.ready;
  await expect.poll(() => ada.people(), poll).toContain('Still');
  document.presence.set({ ranges: [{ anchor: 5, head: 5 }] });
  await expect.poll(() => standsAt(ada, 'Still', 5), poll).toBe(true);
  await ada.check();
});

test('selections are seen, and go when they are given up', async () => {
  await ada.caretAt(0);
  await ada.type('a selection of words');
  await grace.holds('a selection of words\n');
  await ada.caretAt(2, 'selection'.length);
  const selection = grace.page.locator('.coedit-selection');
  await expect.poll(() => selection.count(), poll).toBe(1);
  const width = await selection.evaluate((node) => (node as HTMLElement).offsetWidth);
  expect(width).toBeGreaterThan(40);
  await ada.caretAt(0);
  await expect.poll(() => selection.count(), poll).toBe(0);
  await Promise.all([ada.check(), grace.check()]);
});

test('the list says who is here, and who left', async () => {
  await expect.poll(() => ada.people(), poll).toEqual(['Ada Lovelace', 'Grace']);
  await expect.poll(() => grace.people(), poll).toEqual(['Grace', 'Ada Lovelace']);
  expect(await ada.page.locator('.person.self').textContent()).toContain('you');
  expect(await ada.page.locator('#tab-people .side-badge').textContent()).toBe('2');
  expect(await ada.page.locator('.person .avatar').allTextContents()).toEqual(['AL', 'G']);

  await grace.caretAt(0);
  await grace.type('here');
  await expect.poll(() => cursorOf(ada, 'Grace').count(), poll).toBe(1);
  await grace.page.close();
  await expect.poll(() => ada.people(), poll).toEqual(['Ada Lovelace']);
  await expect.poll(() => cursorOf(ada, 'Grace').count(), poll).toBe(0);
  expect(await ada.page.getByText('Nobody else is here.').isVisible()).toBe(true);
  await ada.check();
});

test('a new name and colour reach the others and are remembered', async () => {
  await expect.poll(() => ada.people(), poll).toEqual(['Ada Lovelace', 'Grace']);
  await grace.caretAt(0);
  await grace.type('kept through it all');
  await grace.rename('Grace Hopper');
  await grace.page.getByRole('radio', { name: 'Amber' }).check();
  await expect.poll(() => ada.people(), poll).toEqual(['Ada Lovelace', 'Grace Hopper']);
  const face = ada.page.locator('.person:not(.self) .avatar');
  await expect.poll(() => face.evaluate((node) => (node as HTMLElement).style.backgroundColor), poll).toBe('rgb(156, 103, 13)');
  await ada.sees('kept through it all');
  await grace.page.reload();
  await grace.opened();
  expect(await grace.page.getByLabel('Your name').inputValue()).toBe('Grace Hopper');
  expect(await grace.page.getByRole('radio', { name: 'Amber' }).isChecked()).toBe(true);
  await expect.poll(() => ada.people(), poll).toEqual(['Ada Lovelace', 'Grace Hopper']);

  // A name that is markup is shown as it is, and an empty one is not taken.
  await grace.rename('<img src=x onerror=alert(1)>');
  await expect.poll(() => ada.people(), poll).toEqual(['Ada Lovelace', '<img src=x onerror=alert(1)>']);
  await grace.rename('   ');
  expect(await grace.page.getByLabel('Your name').inputValue()).toBe('<img src=x onerror=alert(1)>');
  await Promise.all([ada.check(), grace.check()]);
});
