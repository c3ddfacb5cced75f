// Pictures of the demo, for people to look at: `npm run screenshots`. The one in the README is
// docs/images/editor.png; all of them go to build/screenshots.
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { Person, type PersonOptions, launchBrowser, waitMaxMs } from './support/person.js';
import { Proxy } from './support/proxy.js';
import { Server } from './support/server.js';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(repository, 'build/screenshots');
const images = join(repository, 'docs/images');

const wide = { width: 1280, height: 800 };
const tablet = { width: 820, height: 1000 };
const phone = { width: 390, height: 780 };

async function take({ page }: Person, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', caret: 'initial' });
}

async function writeTrip(person: Person): Promise<void> {
  await person.caretAt(0);
  await person.type('Weekend in the hills');
  await person.clickTool('Heading');
  await person.press('Enter');
  await person.type('We take the ');
  await person.press('Control+b');
  await person.type('8:12 train');
  await person.press('Control+b');
  await person.type(' on Saturday and walk from the last station to the hut. It is about four hours with a break at the lake.');
  await person.press('Enter');
  await person.type('Who brings what');
  await person.clickTool('Subheading');
  await person.press('Enter');
  await person.clickTool('Checklist');
  await person.type('Maps and the big teapot');
  await person.press('Enter');
  await person.type('Bread, cheese, apples 🍎');
  await person.press('Enter');
  await person.type('Something warm for the evening');
  await person.press('Enter');
  await person.press('Enter');
  await person.type('The hut has no electricity after ten, so bring a lamp.');
  await person.clickTool('Quote');
}

interface Scene {
  readonly viewer: Person;
  readonly leave: () => Promise<void>;
}

/** A viewer in a document with two others at work. */
async function trip(browser: Browser, server: Server, id: string, options: PersonOptions, from = server.url): Promise<Scene> {
  const viewer = await Person.create(browser, { name: 'Mira Holm', color: '#128075', ...options });
  const ada = await Person.create(browser, { name: 'Ada Brandt', color: '#af42c0' });
  const jonas = await Person.create(browser, { name: 'Jonas', color: '#c34c10' });
  await viewer.open(`${from}/d/${id}`);
  await writeTrip(viewer);
  await Promise.all([ada, jonas].map((person) => person.open(`${server.url}/d/${id}`)));
  await Promise.all([ada, jonas].map((person) => person.sees('bring a lamp.')));
  const text = await viewer.text();
  await ada.caretAt(text.indexOf('about four hours'), 'about four hours'.length);
  await jonas.caretAt(text.indexOf('🍎') + 2);
  await viewer.caretAt(text.indexOf('hut.') + 4);
  await viewer.page.waitForFunction(() => document.querySelectorAll('.coedit-cursor').length === 2, undefined, { timeout: waitMaxMs });
  await viewer.showsStatus('Saved');
  return { viewer, leave: async () => void (await Promise.all([viewer, ada, jonas].map((person) => person.leave()))) };
}

async function startPages(browser: Browser, server: Server): Promise<void> {
  for (const [size, viewport] of Object.entries({ wide, phone })) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const person = await Person.create(browser, { ...viewport, colorScheme });
      await person.page.goto(server.url);
      await take(person, `start-empty-${size}-${colorScheme}`);
      await person.page.evaluate(() => {
        const minute = 60_000;
        const recent = (title: string, minutesAgo: number, number: number): unknown => ({
          id: `example-${number}`,
          title,
          openedAt: Date.now() - minutesAgo * minute,
        });
        const list = [
          recent('Weekend in the hills', 3, 1),
          recent('', 55, 2),
          recent('Minutes of the meeting on the new library, with all the questions that were left open', 26 * 60, 3),
          recent('Grocery list', 40 * 24 * 60, 4),
        ];
        localStorage.setItem('coedit.recent', JSON.stringify(list));
      });
      await person.page.reload();
      await take(person, `start-recent-${size}-${colorScheme}`);
      await person.leave();
    }
  }
}

async function documents(browser: Browser, server: Server): Promise<void> {
  for (const [size, viewport] of Object.entries({ wide: { width: 1280, height: 640 }, tablet, phone })) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const scene = await trip(browser, server, `trip-${size}-${colorScheme}`, { ...viewport, colorScheme, deviceScaleFactor: size === 'wide' ? 1.5 : 1 });
      await take(scene.viewer, `document-${size}-${colorScheme}`);
      if (size !== 'wide') {
        await scene.viewer.page.getByRole('button', { name: /People here/ }).click();
        await take(scene.viewer, `people-${size}-${colorScheme}`);
      }
      await scene.leave();
    }
  }
  const alone = await Person.create(browser, { ...wide, name: 'Mira Holm', color: '#128075' });
  await alone.open(`${server.url}/d/nobody-else`);
  await take(alone, 'document-empty-wide-light');
  await alone.leave();
}

async function offline(browser: Browser, server: Server): Promise<void> {
  for (const [size, viewport] of Object.entries({ wide, phone })) {
    const proxy = await Proxy.start(server.portNumber);
    const { viewer, leave } = await trip(browser, server, `offline-${size}`, viewport, proxy.url);
    proxy.cut();
    await viewer.type(' Written without a connection.');
    await viewer.page.locator('.status[data-status=reconnecting]').waitFor();
    await take(viewer, `reconnecting-${size}`);
    await viewer.context.setOffline(true);
    await viewer.page.locator('.status[data-status=offline]').waitFor();
    await take(viewer, `offline-${size}`);
    await leave();
    await proxy.close();
  }
}

async function refusals(browser: Browser): Promise<void> {
  const server = await Server.start({ limits: ['document_units=1024'] });
  for (const [size, viewport] of Object.entries({ wide, phone })) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { viewer, leave } = await trip(browser, server, `full-${size}-${colorScheme}`, { ...viewport, colorScheme });
      await viewer.paste('Here is the whole guide book. '.repeat(50));
      await viewer.page.locator('.notice').waitFor();
      await viewer.showsStatus('Saved');
      await take(viewer, `refusal-${size}-${colorScheme}`);
      await leave();
    }
  }
  await server.dispose();
}

await mkdir(folder, { recursive: true });
await mkdir(images, { recursive: true });
const browser = await launchBrowser();
const server = await Server.start();
try {
  await startPages(browser, server);
  await documents(browser, server);
  await offline(browser, server);
  await refusals(browser);
  await copyFile(join(folder, 'document-wide-light.png'), join(images, 'editor.png'));
} finally {
  await browser.close();
  await server.dispose();
}
