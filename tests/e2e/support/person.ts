// A person at a browser: a context of its own (storage, network) with one page of the demo.
import assert from 'node:assert/strict';
import { type Browser, type BrowserContext, type Locator, type Page, chromium } from 'playwright-core';
import { installWitness } from './window.js';

/** No step takes so long on a busy machine; a pause before reconnecting may take part of it. */
export const waitMaxMs = 40_000;

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

export interface PersonOptions {
  readonly name?: string;
  readonly color?: string;
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly deviceScaleFactor?: number;
  /** Without the page's content security policy. */
  readonly bypassCsp?: boolean;
  readonly forcedColors?: boolean;
}

export class Person {
  /** What the browser's console complained about. */
  readonly complaints: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.setDefaultTimeout(waitMaxMs);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  static async create(
    browser: Browser,
    options: PersonOptions = {},
  ): Promise<Person> {
    const { name, color = '#1d73ca', width = 1280, height = 800, colorScheme = 'light', deviceScaleFactor = 1 } = options;
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme,
      deviceScaleFactor,
      // The last: a page that a test answers itself is of no network, and the server is on this machine.
      permissions: ['clipboard-read', 'clipboard-write', 'local-network-access'],
      bypassCSP: options.bypassCsp === true,
      forcedColors: options.forcedColors === true ? 'active' : 'none',
    });
    await context.addInitScript(installWitness);
    if (name !== undefined) {
      await context.addInitScript((identity) => {
        // Once: what the page stores later is the page's.
        if (localStorage.getItem('coedit.identity') === null) localStorage.setItem('coedit.identity', identity);
      }, JSON.stringify({ name, color }));
    }
    return new Person(context, await context.newPage());
  }

  /** Another page of the same browser profile. */
  async anotherTab(): Promise<Person> {
    return new Person(this.context, await this.context.newPage());
  }

  /** Opens a document, which is made where there is none, and waits until it can be edited. */
  async open(url: string, type: 'rich-text' | 'plain-text' = 'rich-text'): Promise<void> {
    await this.page.goto(url.includes('?') ? url : `${url}?new=${type}`);
    await this.opened();
  }

  /** Opens what is there to read: without a right to write, or on a page that asks for none. */
  async openToRead(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator('.ql-editor, .code-host').first().waitFor();
    await this.page.waitForFunction(() => window.coedit?.document.status === 'read-only', undefined, { timeout: waitMaxMs });
  }

  async opened(): Promise<void> {
    await this.editor.waitFor();
    await this.page.waitForFunction(() => ['synchronised', 'saved'].includes(window.coedit?.document.status ?? ''), undefined, { timeout: waitMaxMs });
  }

  get editor(): Locator {
    return this.page.locator('.ql-editor[contenteditable=true], .cm-content[contenteditable=true][role=textbox]');
  }

  /** Puts the caret (or a selection) there, as a user would. */
  async caretAt(index: number, length = 0): Promise<void> {
    await this.page.evaluate(([at, units]) => {
      const { quill, codemirror } = window.coedit ?? {};
      codemirror?.focus();
      const last = codemirror?.state.doc.length ?? 0;
      codemirror?.dispatch({ selection: { anchor: Math.min(at, last), head: Math.min(at + units, last) }, scrollIntoView: true });
      quill?.root.focus();
      quill?.setSelection(at, units, 'user');
    }, [index, length] as const);
  }

  /** Selects these words, wherever they stand at this moment; with `before`, puts the caret there. */
  async select(words: string, { before = false } = {}): Promise<void> {
    await this.page.evaluate(
      ([part, units]) => {
        const { quill } = window.coedit ?? {};
        const at = quill?.getText().indexOf(part) ?? -1;
        if (at < 0) throw new Error(`${part} is not in the text`);
        quill?.root.focus();
        quill?.setSelection(at, units, 'user');
      },
      [words, before ? 0 : words.length] as const,
    );
  }

  async caretAtEnd(): Promise<void> {
    await this.caretAt(await this.page.evaluate(() => (window.coedit?.quill === undefined ? Number.MAX_SAFE_INTEGER : window.coedit.quill.getLength() - 1)));
  }

  /**
   * Presses these keys until the text is that: what was typed slowly is undone in several steps.
   * The last press is followed by the comparison at once, so one too many is not forgiven.
   */
  async pressUntil(keys: string, text: string): Promise<void> {
    for (let presses = 0; (await this.text()) !== text && presses < 30; presses++) await this.press(keys);
    assert.equal(await this.text(), text);
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  async press(keys: string): Promise<void> {
    await this.page.keyboard.press(keys);
  }

  /** By real copy and paste. */
  async paste(text: string): Promise<void> {
    await this.page.evaluate((words) => navigator.clipboard.writeText(words), text);
    await this.press('Control+v');
  }

  async clickTool(label: string): Promise<void> {
    await this.page.getByRole('toolbar').getByRole('button', { name: label, exact: true }).click();
  }

  text(): Promise<string> {
    return this.page.evaluate(() => window.coedit?.document.text ?? '');
  }

  /** What the editor shows, as operations. */
  contents(): Promise<readonly unknown[]> {
    return this.page.evaluate(() => {
      const { quill, codemirror } = window.coedit ?? {};
      const text = codemirror?.state.doc.toString() ?? '';
      return quill?.getContents().ops ?? (text === '' ? [] : [{ insert: text }]);
    });
  }

  /** What the document holds, as operations. */
  documentOps(): Promise<readonly unknown[]> {
    return this.page.evaluate(() => (window.coedit?.document.delta.ops ?? []) as unknown[]);
  }

  /** What stands in the status line. */
  get status(): Locator {
    return this.page.locator('.status-words');
  }

  async showsStatus(words: string): Promise<void> {
    const shows = (wanted: string): boolean => document.querySelector('.status-words')?.textContent === wanted;
    await this.page.waitForFunction(shows, words, { timeout: waitMaxMs }).catch(async () => {
      assert.equal(await this.status.textContent(), words, 'status');
    });
  }

  shownStatuses(): Promise<string[]> {
    return this.page.evaluate(() => window.shownStatuses);
  }

  /** Waits until the text has these words in it. */
  async sees(words: string): Promise<void> {
    await this.page.waitForFunction(
      (part) => {
        const { quill, codemirror } = window.coedit ?? {};
        return (quill?.getText() ?? codemirror?.state.doc.toString() ?? '').includes(part);
      },
      words,
      { timeout: waitMaxMs },
    );
  }

  /** Waits until the document holds exactly this. */
  async holds(text: string): Promise<void> {
    await this.page
      .waitForFunction((whole) => window.coedit?.document.text === whole, text, { timeout: waitMaxMs })
      .catch(async () => assert.equal(await this.text(), text));
  }

  /** Brings one of the tabs beside the text into sight. */
  async showTab(name: 'People' | 'Chat' | 'Network'): Promise<void> {
    await this.page.getByRole('tab', { name: new RegExp(`^${name}`) }).click();
  }

  /** Names in the list of who is here, oneself first. */
  people(): Promise<string[]> {
    return this.page.locator('.person-name').allTextContents();
  }

  /** Sets one's name with the field of the page. */
  async rename(name: string): Promise<void> {
    await this.page.getByLabel('Your name').fill(name);
    await this.page.getByLabel('Your name').press('Enter');
  }

  /** Fails if the page ever said "Saved" while something was not, or if the console complained. */
  async check({ networkFailed = false } = {}): Promise<void> {
    assert.equal(await this.page.evaluate(() => window.lies), 0, 'said "Saved" with unsaved edits');
    const expected = networkFailed ? /net::ERR_|WebSocket connection to/ : null;
    const complaints = this.complaints.splice(0).filter((text) => expected?.test(text) !== true);
    assert.deepEqual(complaints, [], 'complaints in the console');
  }

  async leave(): Promise<void> {
    await this.context.close();
  }
}
