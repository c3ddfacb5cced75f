// The network goes away and comes back: the status is true all the while, and nothing typed is lost.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { expectAgreement, readDocument } from './support/agree.js';
import { Person, launchBrowser } from './support/person.js';
import { Proxy } from './support/proxy.js';
import { Server } from './support/server.js';

const id = 'far-away';
const kept = ' · changes are kept on this device';

let browser: Browser;
let server: Server;
let proxy: Proxy;
let ada: Person;
let grace: Person;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

beforeEach(async () => {
  server = await Server.start();
  proxy = await Proxy.start(server.portNumber);
  [ada, grace] = await Promise.all([Person.create(browser, { name: 'Ada' }), Person.create(browser, { name: 'Grace' })]);
  // Ada's way goes through the proxy, Grace's does not.
  await Promise.all([ada.open(`${proxy.url}/d/${id}`), grace.open(`${server.url}/d/${id}`)]);
  await ada.caretAt(0);
  await ada.type('Before. ');
  await grace.holds('Before. \n');
  await ada.showsStatus('Saved');
});

afterEach(async () => {
  await Promise.all([ada.leave(), grace.leave()]);
  await proxy.close();
  await server.dispose();
});

async function expectBothSaved(...words: string[]): Promise<void> {
  await ada.showsStatus('Saved');
  const agreed = await expectAgreement([ada, grace]);
  const stored = await readDocument(server.url, id);
  expect(stored.ops).toEqual(agreed);
  for (const part of words) expect(stored.text.split(part)).toHaveLength(2);
  await ada.check({ networkFailed: true });
  await grace.check();
}

/** What the page said after it last said `from`. */
async function saidSince(person: Person, from: string): Promise<string[]> {
  const words = await person.shownStatuses();
  return words.slice(words.lastIndexOf(from));
}

test('the connection is cut while both write', async () => {
  proxy.cut();
  await ada.showsStatus('Reconnecting…');
  await Promise.all([ada.type('Ada wrote this alone. '), grace.caretAtEnd().then(() => grace.type('Grace wrote on.'))]);
  await ada.showsStatus(`Reconnecting…${kept}`);
  expect(await ada.text()).not.toContain('Grace wrote on.');
  // Who is not connected cannot know who is here.
  expect(await ada.page.locator('.people.stale').count()).toBe(1);

  proxy.restore();
  await expectBothSaved('Before. ', 'Ada wrote this alone. ', 'Grace wrote on.');
  expect(await saidSince(ada, `Reconnecting…${kept}`)).toEqual([`Reconnecting…${kept}`, 'Saving…', 'Saved']);
});

test('the device goes offline and comes back', async () => {
  await ada.context.setOffline(true);
  await ada.showsStatus('Offline');
  await ada.type('From the train. ');
  await ada.showsStatus(`Offline${kept}`);
  await grace.caretAtEnd();
  await grace.type('From the office.');
  await grace.showsStatus('Saved');
  expect(await grace.text()).not.toContain('train');

  await ada.context.setOffline(false);
  await expectBothSaved('Before. ', 'From the train. ', 'From the office.');
  const said = await saidSince(ada, `Offline${kept}`);
  expect(said.slice(-2)).toEqual(['Saving…', 'Saved']);
});

test('a network that swallows everything: never "Saved" before it is true', async () => {
  proxy.silence();
  await ada.type('Into the void. ');
  await ada.showsStatus('Saving…');
  await grace.caretAtEnd();
  await grace.type('Meanwhile.');
  await grace.showsStatus('Saved');
  expect(await ada.status.textContent()).toBe('Saving…');
  expect(await grace.text()).not.toContain('void');
  proxy.restore();
  await expectBothSaved('Before. ', 'Into the void. ', 'Meanwhile.');
});

test('cut again and again while writing', async () => {
  for (let round = 0; round < 5; round++) {
    await ada.type(`part ${round} begins`);
    proxy.cut();
    await ada.type(` and ends ${round}. `);
    await ada.showsStatus(`Reconnecting…${kept}`);
    proxy.restore();
    // Every second time the next cut comes in the middle of catching up.
    if (round % 2 === 0) await ada.showsStatus('Saved');
  }
  await expectBothSaved(...Array.from({ length: 5 }, (_, round) => `part ${round} begins and ends ${round}. `));
});

test('the browser asks before a page with unsaved edits is left', async () => {
  proxy.cut();
  await ada.showsStatus('Reconnecting…');
  await ada.type('Do not lose me. ');
  const asked = new Promise<string>((resolve) => {
    ada.page.once('dialog', (dialog) => {
      resolve(dialog.type());
      void dialog.dismiss();
    });
  });
  await ada.page.close({ runBeforeUnload: true });
  expect(await asked).toBe('beforeunload');
  proxy.restore();
  await expectBothSaved('Do not lose me. ');
});
