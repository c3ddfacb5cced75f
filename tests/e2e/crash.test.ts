// The server is killed with -9 while two people type, and started again; many times. Afterwards both
// pages and the store hold one text, every tag stands in it once, and no tag that anyone was told of
// was ever missing from the disk.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { expectAgreement, readDocument } from './support/agree.js';
import { Person, launchBrowser, waitMaxMs } from './support/person.js';
import { randomWhole, seedOfRun } from './support/random.js';
import { Server } from './support/server.js';

const id = 'crash';
const roundsMin = 6;
const roundsLong = 60;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** Types tags that name themselves, and keeps the books on each of them. */
class Typist {
  readonly typed: string[] = [];
  readonly removed = new Set<string>();
  private stopped = false;
  private work: Promise<void> = Promise.resolve();

  constructor(
    readonly person: Person,
    private readonly letter: string,
  ) {}

  start(): void {
    this.stopped = false;
    this.work = this.run();
    // Whoever stops it hears of its failure; when the test has failed before, nobody does.
    this.work.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.work;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const tag = `⟨${this.letter}:${this.typed.length}⟩`;
      this.typed.push(tag);
      await this.person.type(tag);
      await this.book('acked', tag);
      // Some are taken away again: a deletion that was acknowledged has to last as well.
      if (this.typed.length % 5 !== 0) continue;
      for (let unit = 0; unit < tag.length; unit++) await this.person.press('Backspace');
      this.removed.add(tag);
      await this.book('removed', tag);
    }
  }

  /** Enters the tag once the document says that all edits up to here are durable. */
  private book(kind: 'acked' | 'removed', tag: string): Promise<void> {
    return this.person.page.evaluate(
      ([column, name]) => {
        const { ledger } = window;
        window.coedit?.document.flush().then(
          () => ledger[column].push(name),
          (error: unknown) => ledger.failed.push(`${name}: ${String(error)}`),
        );
      },
      [kind, tag] as const,
    );
  }
}

interface Told {
  readonly acked: readonly string[];
  readonly removed: readonly string[];
}

async function ledgerOf({ person }: Typist): Promise<Told> {
  const { acked, removed, failed } = await person.page.evaluate(() => window.ledger);
  expect(failed).toEqual([]);
  return { acked: acked.filter((tag) => !removed.includes(tag)), removed };
}

/** Whole tags of the other person on this page: their commits were announced, so they are durable. */
async function seenBy(viewer: Typist, author: Typist): Promise<string[]> {
  const text = await viewer.person.text();
  // Those about to be removed may be gone on the disk already.
  return author.typed.filter((tag) => text.includes(tag) && !author.removed.has(tag) && (tagNumber(tag) + 1) % 5 !== 0);
}

function tagNumber(tag: string): number {
  return Number(/\d+/.exec(tag)?.[0]);
}

function count(text: string, tag: string): number {
  return text.split(tag).length - 1;
}

test('kill -9 while both type: nothing acknowledged is gone, and all agree', async () => {
  const seed = seedOfRun();
  const rounds = process.env['COEDIT_TEST_LONG'] === '1' ? roundsLong : roundsMin;
  console.log(`COEDIT_SEED=${seed}, ${rounds} rounds`);
  const random = randomWhole(seed);
  const server = await Server.start();
  onTestFinished(() => server.dispose());
  const people = await Promise.all([Person.create(browser, { name: 'Ada' }), Person.create(browser, { name: 'Grace' })]);
  const [ada, grace] = people as [Person, Person];
  await Promise.all(people.map((person) => person.open(`${server.url}/d/${id}`)));
  await ada.caretAt(0);
  await ada.type('A: \nG: ');
  await grace.sees('G: ');
  // Each has a line of their own.
  await ada.caretAt(3);
  await grace.caretAtEnd();
  const typists = [new Typist(ada, 'a'), new Typist(grace, 'g')];
  let pendingAtKill = 0;
  let ackedInAll = 0;

  for (const typist of typists) typist.start();
  for (let round = 1; round <= rounds; round++) {
    // Kill after so many more acknowledgements, in the middle of the typing.
    const before = await Promise.all(typists.map(async (typist) => (await ledgerOf(typist)).acked.length));
    const enough = random(2, 25);
    await Promise.all(
      typists.map(({ person }, index) =>
        person.page.waitForFunction((acked) => window.ledger.acked.length >= acked, (before[index] ?? 0) + enough, {
          timeout: waitMaxMs,
          polling: 5,
        }),
      ),
    );
    await server.kill();

    // What anyone was told up to the end must be on the disk as the dead process left it.
    const told = await Promise.all(typists.map((typist) => ledgerOf(typist)));
    const seen = await Promise.all(typists.map((author, index) => seenBy(typists[1 - index] as Typist, author)));
    for (const { person } of typists) if (await person.page.evaluate(() => window.coedit?.document.unsaved)) pendingAtKill++;
    const disk = await server.onCopyOfData();
    const { text: durable } = await readDocument(disk.url, id).finally(() => disk.dispose());
    for (const { acked, removed } of told) {
      ackedInAll += acked.length;
      // A tag that a later, unacknowledged Backspace began to take away is no loss.
      const certain = acked.filter((tag) => (tagNumber(tag) + 1) % 5 !== 0);
      expect(certain.filter((tag) => count(durable, tag) !== 1), `round ${round}: acknowledged, but not once on the disk`).toEqual([]);
      expect(removed.filter((tag) => count(durable, tag) !== 0), `round ${round}: removed, but on the disk`).toEqual([]);
    }
    expect(seen.flat().filter((tag) => count(durable, tag) !== 1), `round ${round}: seen by the other, but not once on the disk`).toEqual([]);

    // Sometimes it is back at once, sometimes after both have noticed and typed on.
    if (random(0, 1) === 1) await Promise.all(people.map((person) => person.page.locator('.status[data-status=reconnecting]').waitFor()));
    await server.startAgain();
    // The first times they find back by themselves; as crash follows crash their pauses grow to half
    // a minute, and the test plays a network that tells of its return.
    if (round > 2) await Promise.all(people.map(({ page }) => page.evaluate(() => window.dispatchEvent(new Event('online')))));
    // Every second round goes on from the middle of the catching up, the others from rest.
    if (random(0, 1) === 1 && round < rounds) continue;
    await Promise.all(typists.map((typist) => typist.stop()));
    await expectAgreement(people);
    if (round < rounds) for (const typist of typists) typist.start();
  }

  const agreed = await expectAgreement(people);
  const stored = await readDocument(server.url, id);
  expect(stored.ops).toEqual(agreed);
  for (const { typed, removed } of typists) {
    const wrong = typed.filter((tag) => count(stored.text, tag) !== (removed.has(tag) ? 0 : 1));
    expect(wrong, 'typed, and not there once').toEqual([]);
  }
  // From the disk alone, by a server that has never seen these clients, to a page that has never seen the text.
  await server.kill();
  await server.startAgain();
  const late = await Person.create(browser);
  await late.open(`${server.url}/d/${id}`);
  expect(await late.contents()).toEqual(agreed);

  console.log(`${typists.map(({ typed }) => typed.length).join(' + ')} tags, revision ${stored.revision}, ${ackedInAll} acknowledgements checked, ${pendingAtKill} of ${2 * rounds} pages had unsaved edits at the kill`);
  expect(pendingAtKill, 'at no kill was anything under way').toBeGreaterThan(0);
  await Promise.all(people.map((person) => person.check({ networkFailed: true })));
}, 600_000);
