// Edits that wait on the device, in a real browser with its IndexedDB and Web Locks: tabs are closed,
// reloaded and killed while the server is away, and every edit arrives once.
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { readDocument } from './support/agree.js';
import type {} from './support/kept_page.js';
import { launchBrowser, waitMaxMs } from './support/person.js';
import { Server } from './support/server.js';

let browser: Browser;
let script: string;

beforeAll(async () => {
  browser = await launchBrowser();
  const output = await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      write: false,
      target: 'es2022',
      lib: { entry: fileURLToPath(new URL('support/kept_page.ts', import.meta.url)), formats: ['iife'], name: 'page' },
    },
  });
  const [first] = [output].flat();
  if (first === undefined || !('output' in first)) throw new Error('nothing was built');
  script = first.output[0].code;
});
afterAll(() => browser.close());

interface World {
  readonly server: Server;
  readonly context: BrowserContext;
  /** A new tab of the one browser, also while the server is away. */
  tab(id?: string): Promise<Page>;
}

async function world(): Promise<World> {
  const server = await Server.start();
  onTestFinished(() => server.dispose());
  // The page does not come from the server, which may be away: for the browser that is another network.
  const context = await browser.newContext({ permissions: ['local-network-access'] });
  onTestFinished(() => context.close());
  const page = `<!doctype html><meta charset="utf-8"><title>kept</title><script>${script.replaceAll('</script', '<\\/script')}</script>`;
  await context.route('**/kept', (route) => route.fulfill({ contentType: 'text/html', body: page }));
  return {
    server,
    context,
    tab: async (id = 'notes') => {
      const tab = await context.newPage();
      tab.setDefaultTimeout(waitMaxMs);
      await tab.goto(`${server.url}/kept`);
      await tab.evaluate((name) => window.openKept(name), id);
      return tab;
    },
  };
}

const opened = (tab: Page): Promise<unknown> => tab.evaluate(() => window.kept?.document.ready);
const insert = (tab: Page, text: string): Promise<unknown> => tab.evaluate((value) => window.kept?.insert(value), text);
const text = (tab: Page): Promise<string | undefined> => tab.evaluate(() => window.kept?.document.text);
const flushed = (tab: Page): Promise<unknown> => tab.evaluate(() => window.kept?.document.flush());
const kept = (tab: Page): Promise<unknown> => tab.waitForFunction(() => window.kept?.document.kept === true && window.kept.document.unsaved);
const shows = (tab: Page, words: readonly string[]): Promise<unknown> =>
  tab.waitForFunction((all) => all.every((word) => window.kept?.document.text.split(word).length === 2), words);

test('a reload without a server: the text is there, with the edits that wait', async () => {
  const { server, tab } = await world();
  const page = await tab();
  await opened(page);
  await insert(page, 'before ');
  await flushed(page);
  await server.kill();
  await insert(page, 'on the train ');
  await kept(page);
  page.on('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await page.evaluate(() => window.openKept('notes'));
  await opened(page);
  expect(await text(page)).toBe('on the train before ');
  expect(await page.evaluate(() => [window.kept?.document.unsaved, window.kept?.client.storage])).toEqual([true, 'on']);
  await insert(page, 'still ');
  await server.startAgain();
  await flushed(page);
  expect((await readDocument(server.url, 'notes')).text).toBe('still on the train before ');
});

test('two tabs are closed with edits waiting; the next brings in both, once', async () => {
  const { server, context, tab } = await world();
  const [first, second] = [await tab(), await tab()];
  await Promise.all([opened(first), opened(second)]);
  await insert(first, 'start ');
  await flushed(first);
  await shows(second, ['start ']);
  await server.kill();
  await insert(first, 'Ada ');
  await insert(second, 'Bob ');
  await Promise.all([kept(first), kept(second)]);
  // One is closed, one ends without a last word.
  await first.close();
  const session = await context.newCDPSession(second);
  const crashed = second.waitForEvent('crash');
  session.send('Page.crash').catch(() => undefined);
  await crashed;
  await second.close();
  const third = await tab();
  await opened(third);
  expect(await text(third)).toMatch(/^(Ada|Bob) start $/);
  await server.startAgain();
  await shows(third, ['Ada ', 'Bob ', 'start ']);
  await flushed(third);
  const stored = await readDocument(server.url, 'notes');
  expect(stored.text).toBe(await text(third));
  expect(stored.revision).toBe(3);
});

test('a tab that is open brings in what a closed one left', async () => {
  const { server, tab } = await world();
  const [first, second] = [await tab(), await tab()];
  await Promise.all([opened(first), opened(second)]);
  await server.kill();
  await insert(first, 'left behind ');
  await kept(first);
  await first.close();
  await server.startAgain();
  await second.evaluate(() => window.kept?.client.reconnect());
  await shows(second, ['left behind ']);
  expect((await readDocument(server.url, 'notes')).text).toBe('left behind ');
  expect(await second.evaluate(() => window.kept?.document.unsaved)).toBe(false);
});

test('the page asks before it is left while something is unsaved', async () => {
  const { server, tab } = await world();
  const page = await tab();
  await opened(page);
  await insert(page, 'x');
  await flushed(page);
  const asked: string[] = [];
  page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    void dialog.accept();
  });
  // Browsers ask only on pages that somebody has touched.
  await page.mouse.click(5, 5);
  await page.reload();
  expect(asked).toEqual([]);
  await page.evaluate(() => window.openKept('notes'));
  await opened(page);
  await server.kill();
  await insert(page, 'y');
  await page.mouse.click(5, 5);
  await page.reload();
  expect(asked).toEqual(['beforeunload']);
});
