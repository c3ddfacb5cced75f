// Every state of the document page, as axe sees it, in the light and in the dark.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { expectAccessible, expectNoSidewaysScroll } from './support/accessible.js';
import { Person, type PersonOptions, launchBrowser, waitMaxMs } from './support/person.js';
import { Server } from './support/server.js';

const poll = { timeout: waitMaxMs };

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await launchBrowser();
  server = await Server.start();
});
afterAll(async () => {
  await browser.close();
  await server.dispose();
});

async function someone(options: PersonOptions): Promise<Person> {
  const person = await Person.create(browser, options);
  onTestFinished(() => person.leave());
  return person;
}

describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
  test.each(['rich-text', 'plain-text'] as const)('%s: the tabs, with others here', async (type) => {
    const id = `tabs-${type}-${colorScheme}`;
    const ada = await someone({ colorScheme, name: 'Ada' });
    const grace = await someone({ name: 'Grace', color: '#218241' });
    await ada.open(`${server.url}/d/${id}`, type);
    await grace.open(`${server.url}/d/${id}`, type);
    await grace.type('def words(): return "of Grace"  # 1');
    await ada.sees('# 1');
    if (type === 'plain-text') await ada.page.getByLabel('Language').selectOption('Python');
    await expect.poll(() => ada.people(), poll).toEqual(['Ada', 'Grace']);
    await ada.page.locator('.person-button').click();
    await expectAccessible(ada);
    await grace.showTab('Chat');
    await grace.page.getByLabel('Message to everyone here').fill('Hello');
    await grace.press('Enter');
    await expect.poll(() => ada.page.locator('#tab-chat .side-badge').textContent(), poll).toBe('1');
    await ada.showTab('Chat');
    await expectAccessible(ada);
    await ada.showTab('Network');
    await ada.page.getByLabel('Cut').check();
    await ada.showsStatus('Reconnecting…');
    await expectAccessible(ada);
    await expectNoSidewaysScroll(ada);
    await ada.page.getByRole('button', { name: 'Back to the real network' }).click();
    await ada.showsStatus('Saved');
    await ada.check();
  });

  test.each(['rich-text', 'plain-text'] as const)('%s: history, and a reader’s page', async (type) => {
    const id = `past-${type}-${colorScheme}`;
    const ada = await someone({ colorScheme, name: 'Ada' });
    await ada.open(`${server.url}/d/${id}`, type);
    await ada.type('First words. ');
    await ada.showsStatus('Saved');
    const button = ada.page.getByRole('button', { name: 'History', exact: true });
    await button.click();
    await ada.page.getByRole('heading', { name: 'History', exact: true }).waitFor();
    await ada.page.locator('.history-sheet', { hasText: 'First words.' }).waitFor();
    expect(await button.getAttribute('aria-expanded')).toBe('true');
    // What it lies over is out of reach.
    expect(await ada.page.locator('.desk').evaluate((desk) => (desk as HTMLElement).inert)).toBe(true);
    await expectAccessible(ada);
    await ada.press('Escape');
    expect(await button.getAttribute('aria-expanded')).toBe('false');
    expect(await button.evaluate((node) => node === document.activeElement)).toBe(true);
    await ada.caretAtEnd();
    await ada.type('More.');
    await ada.showsStatus('Saved');
    await ada.check();

    const reader = await someone({ colorScheme, width: 390, height: 780 });
    await reader.openToRead(`${server.url}/d/${id}?role=reader`);
    await reader.sees('More.');
    await expectAccessible(reader);
    await expectNoSidewaysScroll(reader);
    await reader.check();
  });

  test('plain text on a phone, with its search', async () => {
    const ada = await someone({ colorScheme, name: 'Ada', width: 360, height: 700 });
    await ada.open(`${server.url}/d/phone-${colorScheme}`, 'plain-text');
    await ada.type('some text to look for words in');
    await ada.press('Control+f');
    await ada.page.locator('.cm-search').waitFor();
    await expectAccessible(ada);
    await expectNoSidewaysScroll(ada);
    await ada.press('Escape');
    await ada.page.getByRole('button', { name: /People here/ }).click();
    await expectAccessible(ada);
    await expectNoSidewaysScroll(ada);
    await ada.check();
  });
});
