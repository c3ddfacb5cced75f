// A person at the page of the binding tests: one editor of a kind, handled as its user would.
import assert from 'node:assert/strict';
import type { Browser, CDPSession } from 'playwright-core';
import { Person, type PersonOptions, waitMaxMs } from './person.js';

export type BindingKind = 'quill' | 'codemirror' | 'textarea' | 'input';

export interface WriterOptions extends PersonOptions {
  /** In a shadow tree. */
  readonly shadow?: boolean;
  /** With edits kept on the device. */
  readonly offline?: boolean;
}

export class Writer {
  private cdp: CDPSession | null = null;

  private constructor(
    readonly kind: BindingKind,
    readonly person: Person,
    private readonly options: WriterOptions,
  ) {}

  static async create(browser: Browser, kind: BindingKind, options: WriterOptions = {}): Promise<Writer> {
    const { shadow = false } = options;
    // CodeMirror's own style elements need a nonce or a shadow tree; ours need neither.
    const bypassCsp = kind === 'codemirror' && !shadow;
    return new Writer(kind, await Person.create(browser, { bypassCsp, ...options }), options);
  }

  /** The same person in another tab. */
  async anotherTab(): Promise<Writer> {
    return new Writer(this.kind, await this.person.anotherTab(), this.options);
  }

  get page(): Person['page'] {
    return this.person.page;
  }

  /** Opens a document and waits until it can be written in. */
  async open(serverUrl: string, id: string): Promise<void> {
    const { shadow = false, offline = false } = this.options;
    await this.page.goto(`${serverUrl}/d/${id}?binding=${this.kind}${shadow ? '&root=shadow' : ''}${offline ? '&offline' : ''}`);
    await this.opened();
  }

  async opened(): Promise<void> {
    await this.page.waitForFunction(
      () => ['synchronised', 'saved'].includes(window.coedit?.document.status ?? '') && window.editor?.isWritable() === true,
      undefined,
      { timeout: waitMaxMs },
    );
    await this.page.evaluate(() => window.editor?.focus());
  }

  async caretAt(anchor: number, head = anchor): Promise<void> {
    await this.page.evaluate(([from, to]) => window.editor?.select(from, to), [anchor, head] as const);
  }

  async caretAtEnd(): Promise<void> {
    await this.page.evaluate(() => {
      const { editor } = window;
      const end = editor?.shown().length ?? 0;
      editor?.select(end, end);
    });
  }

  type(text: string): Promise<void> {
    return this.person.type(text);
  }

  press(keys: string): Promise<void> {
    return this.person.press(keys);
  }

  paste(text: string): Promise<void> {
    return this.person.paste(text);
  }

  /** An input method shows this, not decided yet. */
  async compose(text: string): Promise<void> {
    this.cdp ??= await this.page.context().newCDPSession(this.page);
    await this.cdp.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  }

  /** An input method is done, and this is what came of it. */
  async commit(text: string): Promise<void> {
    this.cdp ??= await this.page.context().newCDPSession(this.page);
    await this.cdp.send('Input.insertText', { text });
  }

  shown(): Promise<string> {
    return this.page.evaluate(() => window.editor?.shown() ?? '');
  }

  /** What the document holds. */
  text(): Promise<string> {
    return this.person.text();
  }

  selection(): Promise<readonly [number, number]> {
    return this.page.evaluate(() => window.editor?.selection() ?? ([-1, -1] as const));
  }

  /** Waits until the editor shows these words. */
  async sees(words: string): Promise<void> {
    await this.page.waitForFunction((part) => window.editor?.shown().includes(part), words, { timeout: waitMaxMs });
  }

  /** Waits until the editor shows exactly this. */
  async shows(text: string): Promise<void> {
    await this.page
      .waitForFunction((whole) => window.editor?.shown() === whole, text, { timeout: waitMaxMs })
      .catch(async () => assert.equal(await this.shown(), text));
  }

  async hasStatus(status: string): Promise<void> {
    await this.page.waitForFunction((wanted) => window.coedit?.document.status === wanted, status, { timeout: waitMaxMs });
  }

  /**
   * Presses these keys until the editor shows that: what was typed slowly is undone in several steps.
   * One press too many is not forgiven.
   */
  async pressUntil(keys: string, text: string): Promise<void> {
    for (let presses = 0; (await this.shown()) !== text && presses < 30; presses++) await this.press(keys);
    assert.equal(await this.shown(), text);
  }

  check(options: { readonly networkFailed?: boolean } = {}): Promise<void> {
    return this.person.check(options);
  }

  leave(): Promise<void> {
    return this.person.leave();
  }
}

/** Waits until everyone has everything saved at one revision, then compares all that they show and hold. */
export async function agreeing(writers: readonly Writer[]): Promise<string> {
  const deadline = Date.now() + waitMaxMs;
  for (;;) {
    const states = await Promise.all(
      writers.map(({ page }) =>
        page.evaluate(() => {
          const { status, revision } = window.coedit?.document ?? {};
          // Who has made no edit since the opening has nothing to save.
          return `${status === 'synchronised' ? 'saved' : status} ${revision}`;
        }),
      ),
    );
    if (new Set(states).size === 1 && states[0]?.startsWith('saved ') === true) break;
    if (Date.now() > deadline) assert.fail(`not all saved at one revision: ${states.join(', ')}`);
  }
  const held = await Promise.all(writers.map((writer) => writer.text()));
  const shown = await Promise.all(writers.map((writer) => writer.shown()));
  for (const text of held) assert.equal(text, held[0]);
  for (const [index, { kind }] of writers.entries()) {
    const text = kind === 'quill' ? `${shown[index]}\n` : (shown[index] ?? '');
    assert.equal(text, kind === 'input' ? held[index]?.replaceAll('\n', ' ') : held[index]);
  }
  const contents = await Promise.all(writers.map(({ page }) => page.evaluate(() => JSON.stringify(window.editor?.contents()))));
  for (const each of contents) assert.equal(each, contents[0]);
  return shown[0] ?? '';
}
