// What a stranger's client may send: none of it becomes markup, an address that runs, or a hole in the
// page's policy, and the page goes on.
import { Delta, type SharedDocument, connect } from 'coedit';
import { DocumentsApi } from 'coedit/http';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { Person, launchBrowser, waitMaxMs } from './support/person.js';
import { Server } from './support/server.js';

const poll = { timeout: waitMaxMs };
const markup = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>';

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

async function stranger(id: string): Promise<SharedDocument> {
  const client = connect(server.url, { name: markup, color: '#ff0000', WebSocket });
  onTestFinished(() => client.close());
  const document = client.open(id);
  await document.ready;
  return document;
}

async function victim(id: string, type: 'rich-text' | 'plain-text'): Promise<Person> {
  const ada = await Person.create(browser, { name: 'Ada' });
  onTestFinished(() => ada.leave());
  await ada.open(`${server.url}/d/${id}`, type);
  return ada;
}

/** Nothing ran, nothing was fetched from elsewhere, nothing was drawn that is not the page's own. */
async function expectUnhurt({ page }: Person): Promise<void> {
  const found = await page.evaluate(() => ({
    hurt: (window as { hurt?: unknown }).hurt,
    strange: document.querySelectorAll('img, iframe, object, embed, #app script, video, audio').length,
    handlers: [...document.querySelectorAll('*')].filter((node) => [...node.attributes].some(({ name }) => name.startsWith('on'))).length,
    elsewhere: performance.getEntriesByType('resource').filter(({ name }) => !name.startsWith(location.origin)).map(({ name }) => name),
  }));
  expect(found).toEqual({ hurt: undefined, strange: 0, handlers: 0, elsewhere: [] });
}

test('names, chat, presence and titles', async () => {
  const ada = await victim('strangers', 'rich-text');
  const other = await stranger('strangers');
  await expect.poll(() => ada.people(), poll).toEqual(['Ada', markup.slice(0, 64)]);
  other.presence.set({ ranges: [{ anchor: 0, head: 0 }], state: { typing: markup, nested: [null, { a: [] }] } });
  other.presence.set({ state: [1, 2, 3] });
  for (const payload of [null, 7, 'x', [], {}, { text: 7 }, { text: markup }, { text: `\u202e${'z'.repeat(3_000)}` }]) other.signal('coedit.chat', payload);
  for (const topic of ['coedit.title', 'history.versions', 'nobody knows']) other.signal(topic, { text: markup, title: markup });
  await new DocumentsApi(server.url).rename('strangers', markup);
  other.signal('coedit.title', null);
  await expect.poll(() => ada.page.getByLabel('Title of the document').inputValue(), poll).toBe(markup);
  await ada.showTab('Chat');
  await expect.poll(() => ada.page.locator('.chat-text').allTextContents(), poll).toEqual([markup, 'z'.repeat(500)]);
  await ada.showTab('People');
  await ada.page.locator('.person-button').click();
  expect(await ada.page.locator('.following-words').textContent()).toBe(`Following ${markup.slice(0, 64)}`);
  await ada.type('goes on');
  await ada.showsStatus('Saved');
  await expectUnhurt(ada);
  await ada.page.goto(server.url);
  await ada.page.getByRole('region', { name: 'All documents' }).getByText(markup).waitFor();
  await expectUnhurt(ada);
  await ada.check();
});

test('text, formats, links and embeds', async () => {
  const ada = await victim('strange-text', 'rich-text');
  const other = await stranger('strange-text');
  const addresses = ['javascript:window.hurt=1', ' jAvAsCrIpT:window.hurt=1', 'data:text/html,<script>window.hurt=1</script>', 'vbscript:x', 'https://example.org/'];
  let edit = new Delta().insert(`${markup}\n`);
  for (const link of addresses) edit = edit.insert('link', { link }).insert('\n');
  edit = edit
    .insert({ image: 'x" onerror="window.hurt=1' })
    .insert({ image: 'https://evil.example/pixel.png' })
    .insert({ video: 'javascript:window.hurt=1' })
    .insert({ formula: '\\href{javascript:window.hurt=1}{x}' })
    .insert({ unheardOf: { html: markup } })
    .insert('coloured', { color: 'red;background:url(https://evil.example/)', background: 'url(https://evil.example/)', class: 'x', font: '"><b>', size: '1px;position:fixed' })
    .insert('\n', { header: '1><script>' })
    .insert('item')
    .insert('\n', { list: '"><img src=x onerror=window.hurt=1>' })
    .insert('end\n', { bold: markup, 'code-block': markup });
  other.apply(edit);
  await other.flush();
  await ada.sees('end');
  const links = await ada.page.locator('.ql-editor a').evaluateAll((nodes) =>
    nodes.map((node) => [node.getAttribute('href'), node.getAttribute('rel'), node.getAttribute('target')]),
  );
  expect(links.map(([href]) => href)).toEqual(['about:blank', 'about:blank', 'about:blank', 'about:blank', 'https://example.org/']);
  for (const [, rel, target] of links) expect([rel, target]).toEqual(['noopener noreferrer', '_blank']);
  expect(await ada.page.locator('.ql-editor').textContent()).toContain(markup);
  await expectUnhurt(ada);
  await ada.caretAtEnd();
  await ada.type(' and on');
  await ada.showsStatus('Saved');
  await expect.poll(() => other.text, poll).toContain('end\n and on\n');
  expect(await ada.text()).toBe(other.text);
  await ada.check();
});

test('plain text', async () => {
  const ada = await victim('strange-code', 'plain-text');
  const other = await stranger('strange-code');
  other.apply(new Delta().insert(`${markup}\u202e\u0007\u200b ${'long '.repeat(5_000)}`));
  await other.flush();
  await ada.sees('long ');
  await ada.page.getByLabel('Language').selectOption('HTML');
  await ada.caretAt(0);
  await ada.type('!');
  await ada.showsStatus('Saved');
  await expectUnhurt(ada);
  await ada.check();
});

test('the policy of the page: no inline scripts, nothing from elsewhere', async () => {
  const response = await fetch(`${server.url}/d/any`);
  const policy = new Map(
    (response.headers.get('content-security-policy') ?? '').split(';').map((part) => {
      const [name = '', ...sources] = part.trim().split(/\s+/);
      return [name, sources] as const;
    }),
  );
  expect(policy.get('default-src')).toEqual(["'none'"]);
  expect(policy.get('script-src')).toEqual(["'self'"]);
  expect(policy.get('style-src')).toEqual(["'self'"]);
  expect(policy.get('frame-ancestors')).toEqual(["'none'"]);
  expect(await response.text()).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|javascript:/i);
});
