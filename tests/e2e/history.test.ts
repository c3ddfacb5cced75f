// The history panel in the real page, with the real server: walking through the past of a document and
// bringing it back, alone and while others write.
import { type DocumentType, connect } from 'coedit';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { expectAccessible, expectNoSidewaysScroll } from './support/accessible.js';
import { expectAgreement } from './support/agree.js';
import { HistoryOf, type Writing, written } from './support/history.js';
import { Person, type PersonOptions, launchBrowser, waitMaxMs } from './support/person.js';
import { Server } from './support/server.js';

const ada = { who: 'Ada Brandt', color: '#af42c0' };
const jonas = { who: 'Jonas', color: '#c34c10' };
const poll = { timeout: waitMaxMs };

let browser: Browser;
let server: Server;
let people: Person[] = [];
let documents = 0;

beforeAll(async () => {
  browser = await launchBrowser();
  server = await Server.start();
});
afterAll(async () => {
  await browser.close();
  await server.dispose();
});
afterEach(async () => {
  await Promise.all(people.map((person) => person.leave()));
  people = [];
});

async function someone(options: PersonOptions = {}): Promise<Person> {
  const person = await Person.create(browser, { name: 'Mira Holm', color: '#128075', ...options });
  people.push(person);
  return person;
}

/** The six revisions of a small text, and how each reads. */
const writings: readonly Writing[] = [
  { ...ada, edit: [{ insert: 'Bread' }] },
  { ...ada, edit: [{ retain: 5 }, { insert: ' and cheese' }] },
  { ...jonas, edit: [{ retain: 5 }, { insert: ', apples' }] },
  { ...jonas, edit: [{ delete: 5 }, { insert: 'Rolls' }] },
  { ...ada, edit: [{ retain: 13 }, { delete: 11 }] },
  { ...jonas, edit: [{ retain: 13 }, { insert: ' 🍎' }] },
];
const texts = ['', 'Bread', 'Bread and cheese', 'Bread, apples and cheese', 'Rolls, apples and cheese', 'Rolls, apples', 'Rolls, apples 🍎'];

async function open(person: Person, type: DocumentType, edits: readonly Writing[] = writings): Promise<string> {
  const id = `history-${++documents}`;
  await written(server, id, type, edits);
  await person.open(`${server.url}/d/${id}`, type);
  return id;
}

describe.each(['rich-text', 'plain-text'] as const)('%s', (type) => {
  test('every revision has its text, its time and its author', async () => {
    const mira = await someone();
    await open(mira, type);
    const history = await HistoryOf.open(mira);
    const { page } = mira;
    expect(await history.revision()).toBe(6);
    await history.shows(texts[6] as string);
    expect(await history.slider.evaluate((slider) => slider === document.activeElement)).toBe(true);
    await expect.poll(() => history.valueText(), poll).toMatch(/^\w+ \d+, \d\d:\d\d:\d\d · Jonas\. Revision 6 of 6$/);
    for (const revision of [5, 4, 3, 2, 1]) {
      await mira.press('ArrowLeft');
      await history.shows(texts[revision] as string);
    }
    await expect.poll(() => history.valueText(), poll).toMatch(/Ada Brandt\. Revision 1 of 6$/);
    await mira.press('Home');
    await history.shows('');
    expect(await history.valueText()).toMatch(/^The beginning, .*Revision 0 of 6$/);
    await mira.press('End');
    await history.shows(texts[6] as string);
    await history.panel.getByRole('button', { name: 'One edit back' }).click();
    await history.shows(texts[5] as string);

    const band = await history.panel.locator('.history-band').evaluate((node) => getComputedStyle(node).backgroundImage);
    // rgb() of both colours, in turns.
    expect(band.match(/rgb\(175, 66, 192\) [\d.]+%/g)?.length).toBeGreaterThan(0);
    expect(band.match(/rgb\(195, 76, 16\) [\d.]+%/g)?.length).toBeGreaterThan(0);

    // Nobody writes in the past, and leaving it leads back.
    expect(await history.panel.locator('[contenteditable=true]').count()).toBe(0);
    await mira.press('Escape');
    await history.panel.waitFor({ state: 'detached' });
    expect(await page.getByRole('button', { name: 'History', exact: true }).evaluate((button) => button === document.activeElement)).toBe(true);
    expect(await mira.text()).toContain(texts[6]);
    await mira.check();
  });

  test('playback shows one after another and stops at the end', async () => {
    const mira = await someone();
    const words = Array.from({ length: 60 }, (_, index) => `w${index} `);
    let at = 0;
    await open(
      mira,
      type,
      words.map((word) => {
        const edit = [...(at === 0 ? [] : [{ retain: at }]), { insert: word }];
        at += word.length;
        return { ...ada, edit };
      }),
    );
    const history = await HistoryOf.open(mira);
    await history.panel.getByLabel('Speed of playback').selectOption({ label: '50 edits/s' });
    await history.slider.focus();
    // Every text that is shown, as it comes.
    await history.panel.evaluate((panel) => {
      const seen: number[] = [];
      (window as unknown as { seen: number[] }).seen = seen;
      const slider = panel.querySelector('.history-slider') as HTMLInputElement;
      const look = (): void => {
        if (seen.at(-1) !== Number(slider.value)) seen.push(Number(slider.value));
        if (panel.isConnected) requestAnimationFrame(look);
      };
      look();
    });
    await mira.press(' ');
    await history.panel.getByRole('button', { name: 'Pause' }).waitFor();
    await expect.poll(() => history.revision(), poll).toBeGreaterThan(5);
    await mira.press(' ');
    await history.panel.getByRole('button', { name: 'Play', exact: true }).waitFor();
    const paused = await history.revision();
    await history.shows(words.slice(0, paused).join(''));
    // On from there.
    await history.panel.getByRole('button', { name: 'Play', exact: true }).click();
    await expect.poll(() => history.revision(), poll).toBe(60);
    await history.panel.getByRole('button', { name: 'Play', exact: true }).waitFor();
    await history.shows(words.join(''));
    const seen = await mira.page.evaluate(() => (window as unknown as { seen: number[] }).seen);
    // From the end to the beginning once, and then only onwards.
    const steps = seen.slice(seen.indexOf(0)).map((revision, index, all) => revision - (all[index - 1] ?? 0));
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
    await mira.check();
  });

  test('authors in their colours', async () => {
    const mira = await someone();
    await open(mira, type);
    const history = await HistoryOf.open(mira);
    await history.switch('Authors');
    const pieces = async (): Promise<string[]> => (await history.marks('.history-author')).map(({ author, text }) => `${author}:${text}`);
    await expect.poll(pieces, poll).toEqual(['2:Rolls, apples 🍎']);
    await history.go(3);
    await expect.poll(pieces, poll).toEqual(['1:Bread', '2:, apples', '1: and cheese']);
    const background = (author: number): Promise<string> =>
      history.panel.locator(`.history-author[data-author="${author}"]`).first().evaluate((mark) => getComputedStyle(mark).backgroundColor);
    const coloured = await Promise.all([background(1), background(2)]);
    expect(coloured[0]).not.toBe(coloured[1]);
    // Only what one of them wrote.
    const chip = history.panel.getByRole('button', { name: 'Ada Brandt' });
    await chip.click();
    expect(await chip.getAttribute('aria-pressed')).toBe('true');
    await expect.poll(() => background(2), poll).toMatch(/, 0\)$|\/ 0\)$|transparent/);
    expect(await background(1)).toBe(coloured[0]);
    await history.panel.locator('.history-author[data-author="2"]').hover();
    await expect.poll(() => history.panel.locator('.history-author[data-author="2"]').getAttribute('title'), poll).toBe('Jonas');
    // Steps carry the colours along.
    await history.slider.focus();
    await mira.press('ArrowRight');
    await expect.poll(pieces, poll).toEqual(['2:Rolls, apples', '1: and cheese']);
    await history.switch('Authors');
    await expect.poll(pieces, poll).toEqual([]);
    await mira.check();
  });

  test('what changed since then, one after the other', async () => {
    const mira = await someone();
    await open(mira, type);
    const history = await HistoryOf.open(mira);
    await history.switch('Changes since');
    await history.panel.getByText('Nothing changed since then').waitFor();
    await history.go(3);
    const pieces = async (): Promise<string[]> => (await history.marks('.history-change')).map(({ tag, text }) => `${tag}:${text.trim()}`);
    await expect.poll(pieces, poll).toEqual(['del:Bread', 'ins:Rolls', 'del:and cheese', 'ins:🍎']);
    await history.panel.getByText('2 changes since then').waitFor();
    const current = async (): Promise<string> => (await history.marks('.history-current')).map(({ text }) => text).join('|');
    await history.panel.getByRole('button', { name: 'Next change' }).click();
    await expect.poll(current, poll).toMatch(/Bread\|?Rolls/);
    await history.panel.getByText('Change 1 of 2').first().waitFor();
    await history.panel.getByRole('button', { name: 'Previous change' }).click();
    await expect.poll(current, poll).toMatch(/and cheese.*🍎/);
    // It follows the slider, and what others write.
    await history.go(5);
    await expect.poll(pieces, poll).toEqual(['ins:🍎']);
    await mira.check();
  });
});

test('named versions: saved, seen by others, found again, deleted', async () => {
  const mira = await someone();
  const grace = await someone({ name: 'Grace', color: '#218241' });
  const id = await open(mira, 'rich-text');
  await grace.open(`${server.url}/d/${id}`);
  const [hers, graces] = [await HistoryOf.open(mira), await HistoryOf.open(grace)];
  await hers.panel.getByText('No names yet').waitFor();
  await hers.go(2);
  await hers.shows(texts[2] as string);
  await hers.panel.getByRole('button', { name: 'Save' }).click();
  await hers.panel.getByText('A version needs a name.').waitFor();
  await hers.saveAs('Before the <b>apples</b>');
  await expect.poll(() => hers.names(), poll).toEqual(['Before the <b>apples</b>']);
  await hers.go(6);
  await hers.saveAs('As agreed');
  await expect.poll(() => graces.names(), poll).toEqual(['As agreed', 'Before the <b>apples</b>']);
  expect(await graces.panel.locator('.history-flag').count()).toBe(2);
  await graces.panel.getByText(/Mira Holm · .* · revision 2$/).waitFor();

  await graces.panel.getByRole('button', { name: /^Before the <b>apples<\/b>/ }).click();
  await graces.shows(texts[2] as string);
  expect(await graces.revision()).toBe(2);
  expect(await graces.panel.locator('.history-version[aria-current=true] .history-version-name').allTextContents()).toEqual(['Before the <b>apples</b>']);

  await graces.panel.getByRole('button', { name: 'Delete the name “As agreed”' }).click();
  await expectAccessible(grace);
  await graces.panel.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  expect(await graces.names()).toHaveLength(2);
  await graces.panel.getByRole('button', { name: 'Delete the name “As agreed”' }).click();
  await graces.panel.getByRole('dialog').getByRole('button', { name: 'Delete name' }).click();
  for (const history of [hers, graces]) await expect.poll(() => history.names(), poll).toEqual(['Before the <b>apples</b>']);
  await Promise.all([mira.check(), grace.check()]);
});

test('a text is restored while another person types, and undone', async () => {
  const mira = await someone();
  const grace = await someone({ name: 'Grace', color: '#218241' });
  const id = await open(mira, 'rich-text');
  await grace.open(`${server.url}/d/${id}`);
  const history = await HistoryOf.open(mira);
  const restore = history.panel.getByRole('button', { name: 'Restore' });
  expect(await restore.isDisabled()).toBe(true);
  await history.go(3);
  await history.shows(texts[3] as string);

  // A line of her own, key by key, all the while.
  await grace.caretAtEnd();
  await grace.press('Enter');
  let typing = true;
  const typed = (async () => {
    let letters = 0;
    for (; typing; letters++) await grace.type('g');
    return letters;
  })();
  let count = 0;
  try {
    await restore.click();
    const dialog = history.panel.getByRole('dialog');
    await expectAccessible(mira);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await mira.text()).toContain(texts[6]);
    await restore.click();
    await dialog.getByRole('button', { name: 'Restore' }).click();
    await history.panel.locator('.history-banner', { hasText: 'The text of revision 3 is back.' }).waitFor();
    await expect.poll(() => grace.text(), poll).toContain(texts[3]);
  } finally {
    typing = false;
    count = await typed;
  }
  await expectAgreement([mira, grace]);
  // What she typed before went with the rest, what she typed after stays.
  expect((await grace.text()).length).toBeLessThanOrEqual((texts[3] as string).length + count + 2);
  // The panel went back to now, and now is the restored text.
  await expect.poll(() => history.valueText(), poll).toMatch(/Revision (\d[\d,]*) of \1$/);

  await history.panel.getByRole('button', { name: 'Undo' }).click();
  await history.panel.locator('.history-banner', { hasText: 'Undone.' }).waitFor();
  await expect.poll(() => mira.text(), poll).toContain(texts[6]);
  await expectAgreement([mira, grace]);
  expect((await mira.text()).match(/g+/g)?.join('').length).toBe(count);
  await Promise.all([mira.check(), grace.check()]);
});

test('who may only read walks through the past and changes nothing', async () => {
  const mira = await someone();
  const id = `history-${++documents}`;
  await written(server, id, 'rich-text', writings);
  await mira.openToRead(`${server.url}/d/${id}?role=reader`);
  const history = await HistoryOf.open(mira);
  await history.panel.getByText('No names yet.', { exact: true }).waitFor();
  await history.go(3);
  await history.shows(texts[3] as string);
  expect(await history.panel.getByRole('button', { name: 'Restore' }).isDisabled()).toBe(true);
  expect(await history.panel.getByLabel('Name this moment').isVisible()).toBe(false);
  await expectAccessible(mira);
  await mira.check();
});

test('others write on: who looks at now stays at now, who looks back stays there', async () => {
  const mira = await someone();
  const id = await open(mira, 'plain-text');
  const history = await HistoryOf.open(mira);
  await history.shows(texts[6] as string);
  const client = connect(server.url, { ...jonas, name: 'Jonas', WebSocket });
  const document = client.open(id);
  await document.ready;
  document.apply([{ insert: 'New: ' }]);
  await document.flush();
  await history.shows(`New: ${texts[6]}`);
  expect(await history.revision()).toBe(7);
  await history.go(4);
  await history.shows(texts[4] as string);
  document.apply([{ insert: 'Newer. ' }]);
  await document.flush();
  await expect.poll(() => history.valueText(), poll).toMatch(/Revision 4 of 8$/);
  await history.shows(texts[4] as string);
  client.close();
  await mira.check();
});

test('the slider asks for one thing at a time, and for nothing twice', async () => {
  const mira = await someone();
  let at = 0;
  await open(
    mira,
    'plain-text',
    Array.from({ length: 120 }, (_, index) => ({ ...(index % 2 === 0 ? ada : jonas), edit: [...(at++ === 0 ? [] : [{ retain: at - 1 }]), { insert: 'x' }] })),
  );
  const { page } = mira;
  const history = await HistoryOf.open(mira);
  await page.waitForLoadState('networkidle');
  let [underWay, most, asked] = [0, 0, 0];
  const ofHistory = (url: string): boolean => /\/v1\/documents\/.*(operations|revision=)/.test(url);
  page.on('request', (request) => {
    if (!ofHistory(request.url())) return;
    asked++;
    most = Math.max(most, ++underWay);
  });
  for (const kind of ['requestfinished', 'requestfailed'] as const) {
    page.on(kind as 'requestfinished', (request) => {
      if (ofHistory(request.url())) underWay--;
    });
  }
  const box = (await history.slider.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(box.x + box.width - 10, box.y + box.height / 2);
  await page.mouse.down();
  for (let step = 0; step < 60; step++) await page.mouse.move(box.x + box.width - 10 - step * 10, box.y + box.height / 2);
  await page.mouse.up();
  await history.shows('x'.repeat(await history.revision()));
  await page.waitForLoadState('networkidle');
  expect(most).toBeLessThanOrEqual(1);
  const before = asked;
  for (const revision of [3, 77, 120, 0, 50]) {
    await history.go(revision);
    await history.shows('x'.repeat(revision));
  }
  expect(asked).toBe(before);
  await mira.check();
});

test('text, names and links of others never become markup', async () => {
  const mira = await someone();
  const evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
  const id = await open(mira, 'rich-text', [
    { who: '<b onclick=hacked()>Mallory</b>', color: '#c34c10', edit: [{ insert: evil }] },
    {
      who: '<b onclick=hacked()>Mallory</b>',
      color: '#c34c10',
      edit: [{ insert: 'click', attributes: { link: 'javascript:window.hacked=1', 'history-change': 'ins', 'history-author': '"><img src=x>', color: 'red' } }],
    },
    { who: '<b onclick=hacked()>Mallory</b>', color: '#c34c10', edit: [{ insert: { image: 'javascript:window.hacked=1' } }] },
  ]);
  const added = await fetch(`${server.url}/v1/documents/${id}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: evil, by: evil }),
  });
  expect(added.status).toBe(201);
  const history = await HistoryOf.open(mira);
  await history.panel.getByText(evil).first().waitFor();
  expect(await history.marks('.history-change, .history-author')).toEqual([]);
  for (const name of ['Authors', 'Changes since'] as const) {
    await history.switch(name);
    await history.go(name === 'Authors' ? 3 : 1);
    await expect.poll(async () => (await history.marks('.history-change, .history-author')).length, poll).toBeGreaterThan(0);
    expect(await history.panel.locator('img, script, b, [onclick], [onerror]').count()).toBe(0);
    for (const href of await history.panel.locator('a').evaluateAll((links) => links.map((link) => link.getAttribute('href')))) {
      expect(href).not.toMatch(/javascript/i);
    }
  }
  expect(await mira.page.evaluate(() => (window as unknown as { hacked?: number }).hacked)).toBeUndefined();
});

test('nothing has happened yet, and then something has', async () => {
  const mira = await someone();
  const id = `history-${++documents}`;
  await mira.open(`${server.url}/d/${id}`, 'plain-text');
  const history = await HistoryOf.opening(mira);
  await history.panel.getByText('Nothing has happened yet').waitFor();
  expect(await history.panel.getByRole('button', { name: 'Play', exact: true }).isDisabled()).toBe(true);
  await expectAccessible(mira);
  await written(server, id, 'plain-text', [{ ...ada, edit: [{ insert: 'Hello' }] }]);
  await history.arrived();
  await history.shows('Hello');
  await mira.check();
});

test('without a connection: what is known is shown, the rest comes back by itself', async () => {
  const mira = await someone();
  await open(mira, 'plain-text');
  // The panel's code comes with its first use.
  await HistoryOf.open(mira);
  await mira.press('Escape');
  await mira.context.setOffline(true);
  const history = await HistoryOf.opening(mira);
  await history.panel.getByText('You are offline', { exact: true }).waitFor();
  await expectAccessible(mira);
  await mira.context.setOffline(false);
  await history.arrived();
  await history.shows(texts[6] as string);
  await mira.page.waitForLoadState('networkidle');

  await mira.context.setOffline(true);
  await history.panel.getByText('You are offline. Moments that were loaded can still be shown.').first().waitFor();
  await expectAccessible(mira);
  // All of this small past was fetched.
  for (const revision of [2, 0, 5]) {
    await history.go(revision);
    await history.shows(texts[revision] as string);
  }
  await mira.context.setOffline(false);
  await history.panel.locator('.history-banner').waitFor({ state: 'hidden' });
  await mira.check({ networkFailed: true });
});

test('a server that fails is said, and asked again', async () => {
  const mira = await someone();
  await open(mira, 'rich-text');
  let failing = true;
  await mira.page.route('**/v1/documents/*/timeline*', (route) =>
    failing ? route.fulfill({ status: 500, contentType: 'application/json', body: '{"error":{"code":"bug","text":"no good","retry":false}}' }) : route.continue(),
  );
  const history = await HistoryOf.opening(mira);
  await history.panel.getByText('The history could not be loaded').waitFor();
  await history.panel.getByText('The server answered: no good.').waitFor();
  failing = false;
  await history.panel.getByRole('button', { name: 'Try again' }).click();
  await history.arrived();
  await history.shows(texts[6] as string);
});

test.each(['light', 'dark'] as const)('accessible in %s colours, wide and narrow', async (colorScheme) => {
  for (const [width, height, type] of [
    [1280, 800, 'rich-text'],
    [1280, 800, 'plain-text'],
    [360, 700, 'rich-text'],
  ] as const) {
    const mira = await someone({ colorScheme, width, height });
    await open(mira, type);
    const history = await HistoryOf.open(mira);
    await history.go(4);
    await history.shows(texts[4] as string);
    await history.saveAs('A name');
    await expectAccessible(mira);
    await history.switch('Authors');
    await expect.poll(async () => (await history.marks('.history-author')).length, poll).toBeGreaterThan(0);
    await expectAccessible(mira);
    await history.switch('Changes since');
    await expect.poll(async () => (await history.marks('.history-change')).length, poll).toBeGreaterThan(0);
    await history.panel.getByRole('button', { name: 'Next change' }).click();
    await expectAccessible(mira);
    await expectNoSidewaysScroll(mira);
    await mira.check();
  }
});
