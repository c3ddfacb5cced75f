// Pages that are reloaded or closed while there is no way to the server: what was typed is kept on the
// device, shown by the next page, and sent once.
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readDocument } from './support/agree.js';
import { pagesRoot } from './support/build_pages.js';
import { launchBrowser } from './support/person.js';
import { Proxy } from './support/proxy.js';
import { Server } from './support/server.js';
import { type BindingKind, Writer, agreeing } from './support/writer.js';

const kinds: readonly BindingKind[] = ['quill', 'codemirror', 'textarea'];

let browser: Browser;
let server: Server;
let proxy: Proxy;

beforeAll(async () => {
  browser = await launchBrowser();
  server = await Server.start({ webRoot: pagesRoot });
  proxy = await Proxy.start(server.portNumber);
});
// A test that fails leaves the others a way to the server.
afterEach(() => proxy.restore());
afterAll(async () => {
  await browser.close();
  await proxy.close();
  await server.dispose();
});

/** Pages come from their cache, so to say: only the connection of the SDK goes through the proxy. */
async function cachePages(context: BrowserContext): Promise<void> {
  await context.route(`${proxy.url}/**`, async (route) => {
    const request = route.request();
    // The server asks where a script's request comes from.
    const { origin: _, ...headers } = request.headers();
    const response = await route.fetch({ url: request.url().replace(proxy.url, server.url), headers });
    await route.fulfill({ response });
  });
}

/** What was typed is on disk: from here on the page may go without a word. */
async function kept(writer: Writer): Promise<void> {
  await expect.poll(() => writer.page.evaluate(() => window.coedit?.document.kept)).toBe(true);
}

describe.each(kinds)('%s', (kind) => {
  test('reloaded while offline', async () => {
    const id = `reload-${kind}`;
    const ada = await Writer.create(browser, kind, { name: 'Ada', offline: true });
    const grace = await Writer.create(browser, kind, { name: 'Grace' });
    await cachePages(ada.page.context());
    await Promise.all([ada.open(proxy.url, id), grace.open(server.url, id)]);
    await ada.type('Saved. ');
    await grace.shows('Saved. ');
    proxy.cut();
    await ada.hasStatus('reconnecting');
    await ada.type('Typed offline 😀. ');
    await grace.caretAtEnd();
    await grace.type('Grace meanwhile.');
    ada.page.on('dialog', (dialog) => void dialog.accept());
    await kept(ada);
    await ada.page.reload();
    await ada.sees('Typed offline 😀. ');
    await ada.caretAtEnd();
    await ada.type('After the reload. ');
    await kept(ada);
    await ada.page.reload();
    await ada.sees('After the reload. ');
    proxy.restore();
    await grace.sees('After the reload. ');
    const agreed = await agreeing([ada, grace]);
    for (const part of ['Saved. ', 'Typed offline 😀. ', 'After the reload. ', 'Grace meanwhile.']) expect(agreed.split(part)).toHaveLength(2);
    await Promise.all([ada.check({ networkFailed: true }), grace.check()]);
    await Promise.all([ada.leave(), grace.leave()]);
  });

  // What the SDK does for any editor: in the short run, one stands for all.
  test.runIf(kind === 'textarea' || process.env['COEDIT_TEST_LONG'] === '1')('two tabs offline, one of them closed', async () => {
    const id = `tabs-${kind}`;
    const first = await Writer.create(browser, kind, { name: 'Ada', offline: true });
    await cachePages(first.page.context());
    const second = await first.anotherTab();
    await first.open(proxy.url, id);
    await second.open(proxy.url, id);
    await first.type('Begin. ');
    await second.shows('Begin. ');
    proxy.cut();
    await Promise.all([first.hasStatus('reconnecting'), second.hasStatus('reconnecting')]);
    await first.type('From the first tab. ');
    await second.caretAtEnd();
    await second.type('From the second tab. ');
    await kept(second);
    await second.page.close();
    proxy.restore();
    await first.sees('From the second tab. ');
    const agreed = await agreeing([first]);
    for (const part of ['Begin. ', 'From the first tab. ', 'From the second tab. ']) expect(agreed.split(part)).toHaveLength(2);
    expect((await readDocument(server.url, id)).text.trimEnd()).toBe(agreed.trimEnd());
    await first.check({ networkFailed: true });
    await first.leave();
  });
});
