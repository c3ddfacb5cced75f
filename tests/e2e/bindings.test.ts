// Every editor binding in real browsers, against the real server: the same tests over each of them.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readDocument } from './support/agree.js';
import { pagesRoot } from './support/build_pages.js';
import { launchBrowser, waitMaxMs } from './support/person.js';
import { Proxy } from './support/proxy.js';
import { Server } from './support/server.js';
import { type BindingKind, Writer, agreeing } from './support/writer.js';

const kinds: readonly BindingKind[] = ['quill', 'codemirror', 'textarea'];
/** Parents and a child: four emoji joined, eight surrogates. */
const family = '👩‍👩‍👧‍👦';
const poll = { timeout: waitMaxMs };

let browser: Browser;
let server: Server;
/** Between Ada's pages and the server. */
let proxy: Proxy;
let documents = 0;

beforeAll(async () => {
  browser = await launchBrowser();
  server = await Server.start({ webRoot: pagesRoot, limits: ['document_units=3000000'] });
  proxy = await Proxy.start(server.portNumber);
});
afterAll(async () => {
  await browser.close();
  await proxy.close();
  await server.dispose();
});

describe.each(kinds)('%s', (kind) => {
  let ada: Writer;
  let grace: Writer;
  let id: string;
  let networkFailed = false;

  beforeAll(async () => {
    [ada, grace] = await Promise.all([
      Writer.create(browser, kind, { name: 'Ada Lovelace', color: '#af42c0' }),
      Writer.create(browser, kind, { name: 'Grace', color: '#218241' }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([ada.leave(), grace.leave()]);
  });
  afterEach(async () => {
    proxy.restore();
    await Promise.all([ada.check({ networkFailed }), grace.check({ networkFailed })]);
    networkFailed = false;
  });

  /** Both in a new document, with this text in it, Ada's. */
  async function together(text = ''): Promise<void> {
    id = `${kind}-${++documents}`;
    await Promise.all([ada.open(proxy.url, id), grace.open(server.url, id)]);
    if (text === '') return;
    await ada.type(text);
    await grace.shows(text);
  }

  async function expectAgreement(text?: string): Promise<string> {
    const agreed = await agreeing([ada, grace]);
    if (text !== undefined) expect(agreed).toBe(text);
    expect((await readDocument(server.url, id)).text).toBe(kind === 'quill' ? `${agreed}\n` : agreed);
    return agreed;
  }

  test('both type at once, lines and emoji', async () => {
    await together('from Ada: \n');
    await grace.caretAtEnd();
    await ada.caretAt('from Ada: '.length);
    await Promise.all([
      ada.type(`one two ${family} three`),
      (async () => {
        await grace.type('from Grace: 😀');
        await grace.press('Enter');
        await grace.type('🥖 bread');
        await grace.press('Backspace');
      })(),
    ]);
    await expectAgreement(`from Ada: one two ${family} three\nfrom Grace: 😀\n🥖 brea`);
    // A pair is one letter to whoever deletes it.
    const smile = (await grace.shown()).indexOf('😀');
    await grace.caretAt(smile + 2);
    await Promise.all([grace.press('Backspace'), ada.type('!')]);
    await grace.type('😁');
    await expectAgreement(`from Ada: one two ${family} three!\nfrom Grace: 😁\n🥖 brea`);
  });

  test('undo takes back one’s own edits, puts the caret back, and leaves the others’ alone', async () => {
    await together('Ada begins.');
    await grace.caretAtEnd();
    await grace.type(' Grace goes on.');
    await ada.sees('Grace goes on.');
    await ada.pressUntil('Control+z', ' Grace goes on.');
    expect(await ada.selection()).toEqual([0, 0]);
    // Nothing more of hers: the keys do no harm.
    await ada.press('Control+z');
    await ada.pressUntil('Control+Shift+z', 'Ada begins. Grace goes on.');
    await grace.shows('Ada begins. Grace goes on.');
    await grace.pressUntil('Control+z', 'Ada begins.');
    await grace.pressUntil('Control+y', 'Ada begins. Grace goes on.');
    expect(await grace.selection()).toEqual([26, 26]);
    await grace.caretAt(0, 26);
    await grace.press('Delete');
    await ada.shows('');
    await grace.press('Control+z');
    await ada.shows('Ada begins. Grace goes on.');
    expect(await grace.selection()).toEqual([0, 26]);
    await expectAgreement('Ada begins. Grace goes on.');
  });

  test('carets and selections keep their place when others write', async () => {
    await together('one two three');
    await ada.caretAt(4, 7);
    await grace.caretAt(0);
    await grace.type('>> ');
    await ada.shows('>> one two three');
    expect(await ada.selection()).toEqual([7, 10]);
    await ada.caretAt(10);
    await grace.caretAt(10);
    await grace.type('!');
    await ada.shows('>> one two! three');
    expect(await ada.selection()).toEqual([10, 10]);
    await ada.type('?');
    await grace.shows('>> one two?! three');
    await grace.caretAt(0, 8);
    await grace.press('Backspace');
    await ada.shows('wo?! three');
    expect(await ada.selection()).toEqual([3, 3]);
    await expectAgreement();
  });

  test('lines written above do not move what one reads', async () => {
    const lines = Array.from({ length: 60 }, (_, index) => `line ${index}`).join('\n');
    await together();
    await ada.paste(lines);
    await grace.sees('line 59');
    /** How high in the window the line stands. */
    const height = (): Promise<number> =>
      ada.page.evaluate(() => {
        const { editor } = window;
        const before = editor?.shown().split('line 40')[0] ?? '';
        const scroller = editor?.scroller() as HTMLElement;
        // Where the editor does not say: all lines are short, and of one height.
        const lineHeight = Number.parseFloat(getComputedStyle(scroller).lineHeight);
        return editor?.place(before.length)?.top ?? (before.split('\n').length - 1) * lineHeight - scroller.scrollTop;
      });
    await ada.caretAt(lines.indexOf('line 40'));
    await ada.page.evaluate(() => window.editor?.scroller().scrollBy({ top: 40 }));
    // Editors that guess the heights of lines out of sight need a moment to be right.
    let seen = Number.NaN;
    await expect.poll(async () => seen === (seen = await height()), { ...poll, interval: 200 }).toBe(true);
    await grace.caretAt(0);
    await grace.type('a\nb\nc\n');
    await ada.sees('c\nline 0');
    await agreeing([ada, grace]);
    await expect.poll(async () => Math.abs((await height()) - seen), poll).toBeLessThan(4);
  });

  test('nothing moves under the hands of who composes with an input method', async () => {
    await together('ab');
    await ada.caretAt(1);
    await ada.compose('に');
    await ada.compose('にほ');
    await grace.caretAt(0);
    await grace.type('Grace ');
    await grace.caretAtEnd();
    await grace.type('!');
    // Her own document has it; her editor shows it when she is done.
    await ada.page.waitForFunction(() => /^Grace .*!\n?$/.test(window.coedit?.document.text ?? ''), undefined, poll);
    expect(await ada.page.evaluate(() => window.editor?.onScreen())).toBe('aにほb');
    await ada.compose('にほん');
    await ada.commit('日本');
    await ada.shows('Grace a日本b!');
    await ada.type('語');
    await expectAgreement('Grace a日本語b!');
    await ada.compose('ご');
    // Given up.
    await ada.compose('');
    await expectAgreement('Grace a日本語b!');
    await ada.pressUntil('Control+z', 'Grace !');
    await expectAgreement('Grace !');
  });

  test('cut off for a while, both write on', async () => {
    networkFailed = true;
    await together('start ');
    proxy.cut();
    await ada.hasStatus('reconnecting');
    await ada.type('Ada alone. ');
    await ada.caretAt(0);
    await ada.type('Top. ');
    await grace.caretAtEnd();
    await grace.press('Enter');
    await grace.type('Grace wrote on.');
    expect(await ada.shown()).not.toContain('Grace');
    proxy.restore();
    await ada.sees('Grace wrote on.');
    await grace.sees('Ada alone. ');
    const agreed = await expectAgreement();
    for (const part of ['Top. start ', 'Ada alone. ', 'Grace wrote on.']) expect(agreed.split(part)).toHaveLength(2);
    // Across all that, undo is still her own.
    await ada.pressUntil('Control+z', '\nGrace wrote on.');
  });

  test('the server is killed while both type', async () => {
    networkFailed = true;
    await together('start ');
    const typing = Promise.all([
      ada.type('Ada types through it, whatever happens to the server.'),
      grace.caretAt(0).then(() => grace.type('Grace types as well, and does not notice. ')),
    ]);
    await server.kill();
    await typing;
    await server.startAgain();
    const agreed = await expectAgreement();
    expect(agreed).toContain('Ada types through it, whatever happens to the server.');
    expect(agreed).toContain('Grace types as well, and does not notice. ');
  });

  test('a megabyte is pasted while another types', async () => {
    // Long lines: what an editor does with thousands of lines is its own affair.
    const pasted = Array.from({ length: 250 }, (_, index) => `${index} ${'The quick brown fox 🦊 jumps over it. '.repeat(120)}.`).join('\n');
    expect(Buffer.byteLength(pasted)).toBeGreaterThan(1024 * 1024);
    await together('begin end');
    await ada.caretAt('begin '.length);
    await grace.caretAt(0);
    await Promise.all([ada.paste(pasted), grace.type('Grace. ')]);
    await grace.page.waitForFunction((units) => (window.editor?.shown().length ?? 0) > units, pasted.length, poll);
    await ada.sees('Grace. ');
    const agreed = await expectAgreement();
    expect(agreed === `Grace. begin ${pasted}end`).toBe(true);
    await ada.press('Control+z');
    await grace.shows('Grace. begin end');
  });

  test('line ends of other systems become LF', async () => {
    await together();
    await ada.page.evaluate(() => window.editor?.focus());
    await ada.paste('one\r\ntwo\rthree\n');
    await grace.sees('three');
    await expectAgreement('one\ntwo\nthree\n');
  });

  test('others’ cursors stand where they are, with names that fade', async () => {
    await together('Hello world');
    const { page } = grace;
    const cursor = page.locator('.coedit-cursor');
    const flag = cursor.locator('.coedit-cursor-flag');
    await expect.poll(() => cursor.count(), poll).toBe(1);
    expect(await flag.textContent()).toBe('Ada Lovelace');
    expect(await cursor.evaluate((node) => getComputedStyle(node).backgroundColor)).toBe('rgb(175, 66, 192)');
    await cursor.evaluate((node) => Object.assign(node, { stamp: true }));
    const standsAt = async (index: number): Promise<boolean> => {
      const box = await cursor.boundingBox();
      const place = await page.evaluate((at) => window.editor?.place(at) ?? null, index);
      if (box === null) return false;
      return place === null || (Math.abs(box.x - place.left) <= 1.5 && Math.abs(box.y - place.top) <= 2);
    };
    await expect.poll(() => standsAt(11), poll).toBe(true);
    const before = await cursor.boundingBox();

    // Grace types before it: it goes along with its word.
    await grace.caretAt(0);
    await grace.type('Oh. ');
    await expect.poll(() => standsAt(15), poll).toBe(true);
    const after = await cursor.boundingBox();
    expect((after?.x ?? 0) - (before?.x ?? 0)).toBeGreaterThan(15);
    expect(after?.y).toBe(before?.y);
    // A line above moves it down.
    await grace.caretAt(0);
    await grace.press('Enter');
    await expect.poll(() => standsAt(16), poll).toBe(true);
    await expect.poll(async () => ((await cursor.boundingBox())?.y ?? 0) - (before?.y ?? 0), poll).toBeGreaterThan(15);
    // It is the same node all the while.
    expect(await cursor.evaluate((node) => 'stamp' in node)).toBe(true);

    // The name goes when nobody moves, and comes back under the mouse and with the next move.
    await expect.poll(() => flag.evaluate((node) => getComputedStyle(node).visibility), poll).toBe('hidden');
    const box = await cursor.boundingBox();
    await page.mouse.move((box?.x ?? 0) + 3, (box?.y ?? 0) + 8);
    await expect.poll(() => flag.isVisible(), poll).toBe(true);
    await page.mouse.move(5, 5);
    await expect.poll(() => flag.evaluate((node) => getComputedStyle(node).visibility), poll).toBe('hidden');
    await ada.type('!');
    await expect.poll(() => flag.isVisible(), poll).toBe(true);

    await ada.caretAt(5, 10);
    const selection = page.locator('.coedit-selection');
    await expect.poll(() => selection.count(), poll).toBe(1);
    expect((await selection.boundingBox())?.width).toBeGreaterThan(20);
    await ada.page.evaluate(() => window.coedit?.client.close());
    await expect.poll(() => cursor.count(), poll).toBe(0);
    expect(await selection.count()).toBe(0);
  });

  test('a name that is markup is a name', async () => {
    const mallory = await Writer.create(browser, kind, { name: '<img src=x onerror=alert(1)>' });
    await together('text');
    await mallory.open(server.url, id);
    await mallory.type('<b>bold?</b>');
    await grace.sees('<b>bold?</b>');
    const flag = grace.page.locator('.coedit-cursor-flag', { hasText: 'onerror' });
    await expect.poll(() => flag.count(), poll).toBe(1);
    expect(await flag.textContent()).toBe('<img src=x onerror=alert(1)>');
    expect(await grace.page.locator('img, b').count()).toBe(0);
    await mallory.check();
    await mallory.leave();
  });
});

test.each(kinds)('%s: a refused paste is taken back, what was typed behind it stays', async (kind) => {
  const small = await Server.start({ webRoot: pagesRoot, limits: ['document_units=1024'] });
  const ada = await Writer.create(browser, kind, { name: 'Ada' });
  await ada.open(small.url, 'full');
  await ada.type('Short enough.');
  await ada.page.evaluate(() => window.coedit?.document.flush());
  const refused = ada.page.evaluate(
    () => new Promise<string>((resolve) => void window.coedit?.document.on('rejected', ({ error }) => resolve(error.code))),
  );
  await ada.paste('This will not fit. '.repeat(80));
  await ada.type(' But this.');
  expect(await refused).toBe('document_limit');
  await ada.shows('Short enough. But this.');
  await ada.type(' And this.');
  await ada.page.evaluate(() => window.coedit?.document.flush());
  expect((await readDocument(small.url, 'full')).text.trim()).toBe('Short enough. But this. And this.');
  await ada.check();
  await ada.leave();
  await small.dispose();
});

test('a field of one line: no line breaks from it, others’ shown as spaces', async () => {
  const line = await Writer.create(browser, 'input', { name: 'Ada' });
  const area = await Writer.create(browser, 'textarea', { name: 'Grace' });
  await Promise.all([line, area].map((writer) => writer.open(server.url, 'one-line')));
  await line.type('a title');
  await line.press('Enter');
  await line.paste(' in\r\ntwo lines');
  await area.sees('lines');
  expect(await area.shown()).not.toContain('\n');
  await area.caretAt(1);
  await area.press('Enter');
  await line.type('!');
  await area.sees('lines!');
  const text = await agreeing([area, line]);
  expect(text).toMatch(/^a\n title in ?.?two lines!$/);
  await line.pressUntil('Control+z', ' ');
  await area.shows('\n');
  await Promise.all([line.check(), area.check()]);
  await Promise.all([line.leave(), area.leave()]);
});

test.each(kinds)('%s: under a strict policy, in a shadow tree where need be', async (kind) => {
  const shadow = kind !== 'quill';
  const ada = await Writer.create(browser, kind, { name: 'Ada', color: '#af42c0', shadow });
  const grace = await Writer.create(browser, kind, { name: 'Grace', shadow, bypassCsp: false });
  // No style attributes either: stricter than the server's own policy.
  for (const { page } of [ada, grace]) {
    await page.route('**/d/*', async (route) => {
      const response = await route.fetch();
      const headers = { ...response.headers(), 'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'" };
      await route.fulfill({ response, headers });
    });
  }
  await Promise.all([ada, grace].map((writer) => writer.open(server.url, `strict-${kind}`)));
  await ada.type('under a strict policy');
  await grace.sees('strict policy');
  const cursor = grace.page.locator('.coedit-cursor');
  await expect.poll(() => cursor.count(), poll).toBe(1);
  expect(await cursor.evaluate((node) => [getComputedStyle(node).backgroundColor, getComputedStyle(node).position])).toEqual([
    'rgb(175, 66, 192)',
    'absolute',
  ]);
  await grace.caretAt(0);
  await grace.type('all ');
  await ada.shows('all under a strict policy');
  await ada.press('Control+z');
  await grace.shows('all ');
  await Promise.all([ada.check(), grace.check()]);
  await Promise.all([ada.leave(), grace.leave()]);
});

test.each(kinds)('%s: destroyed, it leaves nothing behind', async (kind) => {
  const writers = await Promise.all([Writer.create(browser, kind), Writer.create(browser, kind)]);
  const [ada, grace] = writers as [Writer, Writer];
  await Promise.all(writers.map((writer) => writer.open(server.url, `destroyed-${kind}`)));
  await ada.type('text');
  await grace.sees('text');
  await expect.poll(() => grace.page.locator('.coedit-cursor').count(), poll).toBe(1);
  await grace.page.evaluate(() => window.editor?.destroy());
  expect(await grace.page.locator('.coedit-cursors, .coedit-mirror').count()).toBe(0);
  await grace.type('unbound');
  await ada.type('!');
  await grace.page.waitForFunction(() => /^text!\n?$/.test(window.coedit?.document.text ?? ''));
  await Promise.all([ada.check(), grace.check()]);
  await Promise.all(writers.map((writer) => writer.leave()));
});
