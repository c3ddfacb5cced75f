// Being in one document: who types, whom one follows, what is said, and what a reader's page does.
import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readDocument } from './support/agree.js';
import { Person, launchBrowser, waitMaxMs } from './support/person.js';
import { Server } from './support/server.js';

const poll = { timeout: waitMaxMs };
const types = ['rich-text', 'plain-text'] as const;

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
  id = `together-${++documents}`;
  [ada, grace] = await Promise.all([
    Person.create(browser, { name: 'Ada', color: '#af42c0', height: 700 }),
    Person.create(browser, { name: 'Grace', color: '#218241', height: 700 }),
  ]);
});
afterEach(async () => {
  await Promise.all([ada.leave(), grace.leave()]);
});

async function both(type: (typeof types)[number] = 'rich-text'): Promise<void> {
  await ada.open(`${server.url}/d/${id}`, type);
  await grace.open(`${server.url}/d/${id}`, type);
  await expect.poll(() => ada.people(), poll).toEqual(['Ada', 'Grace']);
}

function rowOf(viewer: Person, name: string): Locator {
  return viewer.page.locator('.person', { has: viewer.page.getByText(name, { exact: true }) });
}

test('who types is seen typing, until they rest', async () => {
  await both();
  const note = rowOf(ada, 'Grace').locator('.person-note');
  expect(await note.textContent()).toBe('');
  await grace.caretAt(0);
  await grace.type('Hello');
  await expect.poll(() => note.textContent(), poll).toBe('typing…');
  await expect.poll(() => note.textContent(), poll).toBe('');
  await Promise.all([ada.check(), grace.check()]);
});

describe.each(types)('%s', (type) => {
  test('the page goes along with whom one follows, until one types or scrolls', async () => {
    await both(type);
    const lines = Array.from({ length: 150 }, (_, index) => `line ${index}`);
    await ada.caretAt(0);
    await ada.paste(lines.join('\n'));
    await grace.sees('line 149');
    await ada.caretAt(0);
    await ada.page.evaluate(() => scrollTo(0, 0));
    const placeOfGrace = (): Promise<number | null> =>
      ada.page.evaluate(() => document.querySelector('.code-host')?.shadowRoot?.querySelector('.coedit-cursor')?.getBoundingClientRect().top ?? document.querySelector('.coedit-cursor')?.getBoundingClientRect().top ?? null);
    const isInSight = async (): Promise<boolean> => {
      const top = await placeOfGrace();
      return top !== null && top > 60 && top < 690;
    };
    const follow = rowOf(ada, 'Grace').getByRole('button');
    await grace.caretAtEnd();
    await grace.type('!');
    await ada.sees('line 149!');
    expect(await isInSight()).toBe(false);
    await follow.click();
    expect(await follow.getAttribute('aria-pressed')).toBe('true');
    expect(await ada.page.getByText('Following Grace').isVisible()).toBe(true);
    await expect.poll(isInSight, poll).toBe(true);
    // Wherever she goes.
    await grace.caretAt(0);
    await expect.poll(isInSight, poll).toBe(true);
    await grace.caretAtEnd();
    await expect.poll(isInSight, poll).toBe(true);
    // Scrolling ends it; so does typing.
    await ada.page.mouse.move(400, 400);
    await ada.page.mouse.wheel(0, -400);
    await expect.poll(() => follow.getAttribute('aria-pressed')).toBe('false');
    expect(await ada.page.getByText('Following Grace').isVisible()).toBe(false);
    await follow.click();
    expect(await follow.getAttribute('aria-pressed')).toBe('true');
    await ada.caretAt(0);
    await ada.type('x');
    expect(await follow.getAttribute('aria-pressed')).toBe('false');
    // Who leaves is not followed any more.
    await follow.click();
    await grace.page.close();
    await expect.poll(() => ada.page.getByText('Following Grace').isVisible(), poll).toBe(false);
    await ada.check();
  });

  test('the focus stays where it is while others write', async () => {
    await both(type);
    await ada.page.getByLabel('Your name').focus();
    const focused = (): Promise<string | null> => ada.page.evaluate(() => document.activeElement?.id ?? null);
    await grace.caretAt(0);
    await grace.type('words and words');
    await ada.sees('words and words');
    expect(await focused()).toBe('your-name');
    const follow = rowOf(ada, 'Grace').getByRole('button');
    await follow.focus();
    await grace.type('!');
    await ada.sees('words!');
    await expect.poll(() => rowOf(ada, 'Grace').locator('.person-note').textContent(), poll).toBe('');
    expect(await follow.evaluate((button) => button === document.activeElement)).toBe(true);
    await Promise.all([ada.check(), grace.check()]);
  });

  test('a reader’s page does not edit, says so, and is no protection', async () => {
    await ada.open(`${server.url}/d/${id}`, type);
    await ada.caretAt(0);
    await ada.type('Look but do not touch');
    await ada.showsStatus('Saved');
    await grace.openToRead(`${server.url}/d/${id}?role=reader`);
    const { page } = grace;
    const note = page.getByRole('note');
    await note.waitFor();
    expect(await note.textContent()).toMatch(/Read-only.*no protection/s);
    expect(await grace.status.textContent()).toBe('Read-only');
    await page.locator('.ql-editor, .cm-content').click();
    await grace.type('touched');
    await grace.press('Control+v');
    await grace.press('Backspace');
    expect(await page.getByLabel('Title of the document').getAttribute('readonly')).not.toBeNull();
    await ada.type('!');
    await grace.sees('do not touch!');
    expect((await readDocument(server.url, id)).text.trim()).toBe('Look but do not touch!');
    await note.getByRole('link', { name: 'Open it to write' }).click();
    await grace.opened();
    await grace.caretAtEnd();
    await grace.type(' touched');
    await ada.sees('touch! touched');
    await Promise.all([ada.check(), grace.check()]);
  });
});

test('the room’s chat: unread ones are counted, nothing is stored, markup is text', async () => {
  await both();
  const unread = ada.page.locator('#tab-chat .side-badge');
  await grace.showTab('Chat');
  const field = grace.page.getByLabel('Message to everyone here');
  for (const words of ['Hi <b>Ada</b>', 'second\u202e line']) {
    await field.fill(words);
    await field.press('Enter');
  }
  expect(await grace.page.locator('.chat-text').allTextContents()).toEqual(['Hi <b>Ada</b>', 'second line']);
  await expect.poll(() => unread.textContent(), poll).toBe('2');
  await ada.showTab('Chat');
  expect(await unread.textContent()).toBe('');
  expect(await ada.page.locator('.chat-text').allTextContents()).toEqual(['Hi <b>Ada</b>', 'second line']);
  expect(await ada.page.locator('.chat-name').first().textContent()).toBe('Grace');
  expect(await ada.page.locator('.chat-text b').count()).toBe(0);
  expect(await ada.page.getByText('Nothing of it is stored').isVisible()).toBe(true);

  // Who says too much waits, and keeps what was not sent.
  for (let number = 0; number < 12; number++) {
    await field.fill(`again ${number}`);
    await field.press('Enter');
  }
  expect(await grace.page.getByText('Wait a moment').isVisible()).toBe(true);
  expect(await field.inputValue()).toBe('again 11');
  expect(await grace.page.locator('.chat-text').count()).toBeLessThan(12);

  await ada.page.reload();
  await ada.opened();
  await ada.showTab('Chat');
  expect(await ada.page.locator('.chat-text').count()).toBe(0);
  await Promise.all([ada.check(), grace.check()]);
});
