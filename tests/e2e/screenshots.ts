// Pictures of the demo's main states, wide and narrow, light and dark, for people to look at: `npm run
// screenshots`. They go to build/screenshots, those of the README to docs/images, too.
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DocumentsApi } from 'coedit/http';
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

/** Pictures of the README. The one of the history is made with its tests. */
const readmeImages = [
  ['document-wide-light', 'editor'],
  ['code-wide-dark', 'code'],
] as const;

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

const looks = ['light', 'dark'] as const;
const shapes = { wide: { width: 1280, height: 760 }, phone } as const;

/** For each shape in the light and in the dark. */
async function everyLook(scene: (options: PersonOptions, name: string) => Promise<void>, sizes: { readonly [size: string]: PersonOptions } = shapes): Promise<void> {
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of looks) await scene({ ...viewport, colorScheme, name: 'Mira Holm', color: '#128075' }, `${size}-${colorScheme}`);
  }
}

async function startPages(browser: Browser): Promise<void> {
  await everyLook(async (options, look) => {
    const server = await Server.start();
    const person = await Person.create(browser, options);
    const { page } = person;
    await page.goto(server.url);
    await page.getByText('No documents yet').waitFor();
    await take(person, `start-empty-${look}`);
    const api = new DocumentsApi(server.url);
    const titles = ['Weekend in the hills', 'library_minutes.md', 'Grocery list', 'Minutes of the meeting on the new library, with all the questions that were left open', 'server.py', 'Ideas'];
    for (const [index, title] of titles.entries()) {
      await api.create({ id: `example-${index}`, title, type: title.includes('.') ? 'plain-text' : 'rich-text' });
    }
    await api.create({ id: 'example-7', content: 'A letter without a title\n' });
    await page.evaluate(() => {
      const minute = 60_000;
      const recent = (title: string, minutesAgo: number, number: number, type = 'rich-text'): unknown => ({
        id: `example-${number}`,
        title,
        type,
        openedAt: Date.now() - minutesAgo * minute,
      });
      const list = [recent('Weekend in the hills', 3, 0), recent('', 55, 8), recent('server.py', 26 * 60, 4, 'plain-text'), recent('Grocery list', 40 * 24 * 60, 2)];
      localStorage.setItem('coedit.recent', JSON.stringify(list));
    });
    await page.reload();
    await page.locator('#all-heading').scrollIntoViewIfNeeded();
    await page.getByText('A letter without a title').waitFor();
    await page.evaluate(() => scrollTo(0, 0));
    await take(person, `start-${look}`);
    await page.screenshot({ path: join(folder, `start-whole-${look}.png`), fullPage: true });
    await page.getByRole('button', { name: 'More about “Ideas”' }).click();
    await take(person, `start-menu-${look}`);
    await page.getByRole('menuitem', { name: 'Delete…' }).click();
    await take(person, `start-delete-${look}`);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByLabel('Search all documents').fill('zebra');
    await page.getByText('Nothing found').waitFor();
    await take(person, `start-nothing-found-${look}`);
    await server.kill();
    await page.reload().catch(() => undefined);
    await page.getByText('The list could not be loaded').scrollIntoViewIfNeeded();
    await take(person, `start-unreachable-${look}`);
    await person.leave();
    await server.dispose();
  });
}

async function documents(browser: Browser, server: Server): Promise<void> {
  await everyLook(async (options, look) => {
    const isWide = look.startsWith('wide');
    const { viewer, leave } = await trip(browser, server, `trip-${look}`, { ...options, deviceScaleFactor: isWide ? 1.5 : 1, height: isWide ? 680 : (options.height ?? 0) });
    const { page } = viewer;
    await take(viewer, `document-${look}`);
    if (!isWide) await page.getByRole('button', { name: /People here/ }).click();
    await page.locator('.person-button').first().click();
    await take(viewer, `following-${look}`);
    await viewer.showTab('Chat');
    await page.getByLabel('Message to everyone here').fill('Shall we take the earlier train?');
    await viewer.press('Enter');
    await take(viewer, `chat-${look}`);
    await viewer.showTab('Network');
    await page.getByRole('button', { name: 'Call five bots' }).click();
    await page.getByText('5 of 5 are here').waitFor({ timeout: waitMaxMs });
    await page.waitForTimeout(5_000);
    await take(viewer, `network-${look}`);
    await page.getByRole('button', { name: 'Send the bots away' }).click();
    await viewer.press('Escape');
    await page.getByRole('button', { name: 'Share' }).click();
    await take(viewer, `share-${look}`);
    await viewer.press('Escape');
    await page.getByRole('button', { name: 'History', exact: true }).click();
    await page.getByRole('heading', { name: 'History', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Authors' }).or(page.getByRole('switch', { name: 'Authors' })).first().click();
    await page.waitForTimeout(1_500);
    await take(viewer, `history-${look}`);
    await leave();
  }, { ...shapes, tablet });
}

const program = [
  'from dataclasses import dataclass',
  '',
  '',
  '@dataclass',
  'class Commit:',
  '    """One operation at its final place in the order."""',
  '',
  '    revision: int',
  '    author: str',
  '    text: str = ""',
  '',
  '',
  'def latest(commits: list[Commit]) -> Commit | None:',
  '    # Revisions arrive in order and without gap.',
  '    return max(commits, key=lambda commit: commit.revision, default=None)',
  '',
  '',
  'if __name__ == "__main__":',
  '    print(latest([Commit(1, "Ada", "Hello"), Commit(2, "Jonas")]))',
].join('\n');

async function code(browser: Browser, server: Server): Promise<void> {
  await everyLook(async (options, look) => {
    const id = `code-${look}`;
    const isWide = look.startsWith('wide');
    await new DocumentsApi(server.url).create({ id, type: 'plain-text', title: 'commits.py', content: program });
    const viewer = await Person.create(browser, { ...options, deviceScaleFactor: isWide ? 1.5 : 1 });
    const others = await Promise.all([
      Person.create(browser, { name: 'Ada Brandt', color: '#af42c0' }),
      Person.create(browser, { name: 'Jonas', color: '#c34c10' }),
    ]);
    await Promise.all([viewer, ...others].map((person) => person.open(`${server.url}/d/${id}`)));
    await viewer.page.locator('.cm-line span[class]').first().waitFor();
    await viewer.caretAt(program.indexOf('revision: int'));
    const [ada, jonas] = others as [Person, Person];
    await ada.caretAt(program.indexOf('max('), 'max(commits'.length);
    await jonas.caretAt(program.indexOf('author: str') + 11);
    await viewer.page.waitForFunction(() => document.querySelector('.code-host')?.shadowRoot?.querySelectorAll('.coedit-cursor').length === 2, undefined, { timeout: waitMaxMs });
    await take(viewer, `code-${look}`);
    await viewer.press('Control+f');
    await take(viewer, `code-search-${look}`);
    await Promise.all([viewer, ...others].map((person) => person.leave()));
  });
}

async function others(browser: Browser, server: Server): Promise<void> {
  await everyLook(async (options, look) => {
    const person = await Person.create(browser, options);
    await person.open(`${server.url}/d/nobody-else-${look}`);
    await take(person, `document-empty-${look}`);
    await person.page.goto(`${server.url}/d/nothing-there`);
    await person.page.getByText('There is no document here').waitFor();
    await take(person, `document-missing-${look}`);
    const content = [{ insert: 'Weekend in the hills' }, { insert: '\n', attributes: { header: 1 } }, { insert: 'We take the 8:12 train on Saturday.\n' }];
    await new DocumentsApi(server.url).create({ id: `reader-${look}`, content });
    await person.openToRead(`${server.url}/d/reader-${look}?role=reader`);
    await take(person, `reader-${look}`);
    await person.leave();
  });
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

/** Some of the pictures only: `npm run screenshots -- code others`. */
const wanted = new Set(process.argv.slice(2).filter((name) => !name.startsWith('-') && !name.includes('/')));
const isWanted = (name: string): boolean => wanted.size === 0 || wanted.has(name);

await mkdir(folder, { recursive: true });
await mkdir(images, { recursive: true });
const browser = await launchBrowser();
const server = await Server.start();
try {
  if (isWanted('start')) await startPages(browser);
  if (isWanted('documents')) await documents(browser, server);
  if (isWanted('code')) await code(browser, server);
  if (isWanted('others')) await others(browser, server);
  if (isWanted('offline')) await offline(browser, server);
  if (isWanted('refusals')) await refusals(browser);
  for (const [picture, image] of readmeImages) {
    if (isWanted(picture === 'code-wide-dark' ? 'code' : 'documents')) await copyFile(join(folder, `${picture}.png`), join(images, `${image}.png`));
  }
} finally {
  await browser.close();
  await server.dispose();
}
