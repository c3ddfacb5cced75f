// Pictures of the history panel, for people to look at: part of `npm run screenshots`. They go to
// build/screenshots; the one in docs/images is history.png.
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeltaLike, DocumentType } from 'coedit';
import type { Browser } from 'playwright-core';
import { HistoryOf, type Writing, written } from './support/history.js';
import { Person, type PersonOptions, launchBrowser } from './support/person.js';
import { Server } from './support/server.js';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(repository, 'build/screenshots');

const ada = { who: 'Ada Brandt', color: '#af42c0' };
const jonas = { who: 'Jonas', color: '#c34c10' };
const mira = { who: 'Mira Holm', color: '#128075' };

const sizes = { wide: { width: 1280, height: 800 }, phone: { width: 390, height: 780 } } as const;
const looks = ['light', 'dark'] as const;

/** Edits that write these words one after the other, at the end or before what stands last. */
class Story {
  readonly writings: Writing[] = [];
  private units = 0;

  constructor(private readonly rich: boolean) {}

  words({ who, color }: typeof ada, text: string, line: Record<string, unknown> | null = null): this {
    for (const word of text.match(/\S+\s*|\s+/g) ?? []) this.add({ who, color }, [{ insert: word }], word.length);
    if (this.rich) this.add({ who, color }, [{ insert: '\n', ...(line !== null && { attributes: line }) }], 1);
    else this.add({ who, color }, [{ insert: '\n' }], 1);
    return this;
  }

  change({ who, color }: typeof ada, at: number, removed: number, text: string): this {
    this.writings.push({ who, color, edit: [{ retain: at }, { insert: text }, { delete: removed }] });
    this.units += text.length - removed;
    return this;
  }

  private add({ who, color }: typeof ada, edit: readonly DeltaOp[], units: number): void {
    this.writings.push({ who, color, edit: [...(this.units === 0 ? [] : [{ retain: this.units }]), ...edit] });
    this.units += units;
  }
}
type DeltaOp = Extract<DeltaLike, readonly unknown[]>[number];

function trip(): Story {
  const story = new Story(true)
    .words(mira, 'Weekend in the hills', { header: 1 })
    .words(mira, 'We take the 8:12 train on Saturday and walk from the last station to the hut. It is about four hours with a break at the lake.')
    .words(ada, 'Who brings what', { header: 2 })
    .words(ada, 'Maps and the big teapot', { list: 'unchecked' })
    .words(ada, 'Bread, cheese, apples 🍎', { list: 'unchecked' })
    .words(jonas, 'Something warm for the evening', { list: 'unchecked' })
    .words(jonas, 'The hut has no electricity after ten, so bring a lamp.', { blockquote: true });
  const text = 'Weekend in the hills\nWe take the 8:12 train on Saturday';
  return story.change(jonas, text.indexOf('8:12'), 4, '9:40').change(ada, text.indexOf('Saturday'), 8, 'Friday');
}

function code(): Story {
  const story = new Story(false)
    .words(mira, 'def greet(name):')
    .words(mira, '    return f"Hello {name}"')
    .words(ada, '')
    .words(ada, 'class Greeter:')
    .words(jonas, '    def __init__(self, words):')
    .words(jonas, '        self.words = words')
    .words(ada, '')
    .words(mira, 'print(greet("world"))');
  const text = 'def greet(name):\n    return f"Hello {name}"';
  return story.change(jonas, text.indexOf('Hello'), 5, 'Good day').change(ada, 4, 5, 'welcome');
}

async function take({ page }: Person, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: join(folder, `history-${name}.png`), animations: 'disabled' });
}

async function viewer(browser: Browser, options: PersonOptions): Promise<Person> {
  return Person.create(browser, { name: 'Mira Holm', color: '#128075', ...options });
}

interface Scene {
  readonly person: Person;
  readonly history: HistoryOf;
}

async function scene(browser: Browser, server: Server, id: string, type: DocumentType, options: PersonOptions): Promise<Scene> {
  const person = await viewer(browser, options);
  await person.open(`${server.url}/d/${id}`, type);
  return { person, history: await HistoryOf.open(person) };
}

await mkdir(folder, { recursive: true });
const browser = await launchBrowser();
const server = await Server.start();
try {
  const [rich, plain] = [trip().writings, code().writings];
  await written(server, 'trip', 'rich-text', rich);
  await written(server, 'greet.py', 'plain-text', plain);
  for (const [name, revision, by] of [
    ['First plan', 34, 'Mira Holm'],
    ['As we told the hut', rich.length - 2, 'Ada Brandt'],
  ] as const) {
    await fetch(`${server.url}/v1/documents/trip/versions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name, revision, by }) });
  }
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of looks) {
      const look = `${size}-${colorScheme}`;
      const options = { ...viewport, colorScheme, deviceScaleFactor: size === 'wide' ? 1.5 : 1 };
      for (const [id, type, length] of [
        ['trip', 'rich-text', rich.length],
        ['greet.py', 'plain-text', plain.length],
      ] as const) {
        const { person, history } = await scene(browser, server, id, type, options);
        const kind = type === 'rich-text' ? 'rich' : 'code';
        await take(person, `${kind}-${look}`);
        await history.switch('Authors');
        await history.panel.locator('.history-author').first().waitFor();
        await take(person, `${kind}-authors-${look}`);
        await history.switch('Changes since');
        await history.go(Math.round(length * 0.7));
        await history.panel.locator('.history-change').first().waitFor();
        await history.panel.getByRole('button', { name: 'Next change' }).click();
        await take(person, `${kind}-changes-${look}`);
        if (type === 'rich-text') {
          if (size === 'phone') {
            await history.panel.getByRole('button', { name: 'Versions' }).click();
            await take(person, `versions-${look}`);
            await history.panel.getByRole('button', { name: 'Versions' }).click();
          }
          await history.panel.getByRole('button', { name: 'Restore' }).click();
          await take(person, `restore-${look}`);
          await history.panel.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
          await person.context.setOffline(true);
          await history.panel.locator('.history-banner').waitFor();
          await person.page.screenshot({ path: join(folder, `history-offline-${look}.png`), animations: 'disabled' });
        }
        await person.leave();
      }
      const person = await viewer(browser, options);
      await person.open(`${server.url}/d/empty-${look}`, 'plain-text');
      const empty = await HistoryOf.opening(person);
      await empty.panel.getByText('Nothing has happened yet').waitFor();
      await take(person, `empty-${look}`);
      await person.leave();
    }
  }
  await copyFile(join(folder, 'history-rich-authors-wide-light.png'), join(repository, 'docs/images/history.png'));
} finally {
  await browser.close();
  await server.dispose();
}
