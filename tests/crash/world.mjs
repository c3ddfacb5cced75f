// World: one data directory, its writers with their ledgers, and server processes that come and go.
import {cpSync, existsSync, mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createHash} from 'node:crypto';
import {readCold} from './document_channel.mjs';
import {foldHistory, judge} from './judge.mjs';
import {ServerProcess} from './server_process.mjs';
import {WriterProcess} from './writer_process.mjs';

const documents = ['alpha', 'beta'];
const writersPerDocument = 3;
// L8: after a restart every writer is served again within this.
const livelyMsMax = 60_000;
// The ledgers stand where the data do not.
const sharedMemory = '/dev/shm';

export class World {
  constructor({programs, random, data}) {
    this.random = random;
    this.ownData = data === undefined;
    this.data = data ?? mkdtempSync(join(tmpdir(), 'coedit-crash-'));
    this.ledgers = mkdtempSync(join(existsSync(sharedMemory) ? sharedMemory : tmpdir(), 'coedit-ledger-'));
    this.trigger = join(this.ledgers, 'fail-fsync');
    this.server = new ServerProcess({...programs, data: join(this.data, 'data')});
    this.acked = 0;
    this.waiting = [];
    this.writers = documents.flatMap((document) =>
      Array.from({length: writersPerDocument}, (_, i) => {
        const name = `${document === 'alpha' ? 'a' : 'b'}${i}`;
        return new WriterProcess({name, document, folder: this.ledgers, onLine: (line) => this.heard(line)});
      }),
    );
  }

  heard(line) {
    if (line.acked === undefined) return;
    this.acked += 1;
    this.waiting = this.waiting.filter(({at, resolve}) => (this.acked >= at ? resolve() : true));
  }

  /** Resolves after so many acknowledgements more, of all writers together. */
  acks(count) {
    return within(livelyMsMax * 3, `${count} acknowledgements`, () => {
      const at = this.acked + count;
      return new Promise((resolve) => this.waiting.push({at, resolve}));
    });
  }

  async startServer(env, options) {
    await this.server.start(env, options);
  }

  startWriters() {
    for (const writer of this.writers) this.startWriter(writer);
  }

  startWriter(writer) {
    writer.start(this.server.url, Math.floor(this.random() * 2 ** 32));
  }

  /** L8: everybody is served. */
  async lively() {
    const served = new Set();
    try {
      await within(livelyMsMax, 'every writer is served again', () =>
        Promise.all(
          this.writers.map(async (writer) => {
            await writer.next((line) => line.acked !== undefined);
            served.add(writer);
          }),
        ),
      );
    } catch (error) {
      const waiting = this.writers.filter((writer) => !served.has(writer));
      const why = waiting.map(({name, failure, trouble}) => `${name}: ${failure ?? trouble ?? 'connected, but no answer'}`);
      throw new Error(`${error.message}; ${why.join('; ')}`);
    }
  }

  /** With the server gone: the log on disk against the ledgers. Throws with every problem found. */
  async compare() {
    await within(livelyMsMax, 'every writer notices', () => Promise.all(this.writers.map((writer) => writer.noticed())));
    await this.server.verify();
    const problems = this.writers.flatMap((writer) => writer.failure ?? []);
    const counts = {acked: 0, unanswered: 0};
    for (const document of documents) {
      const history = foldHistory(await this.server.export(document));
      const ledgers = this.writers.filter((writer) => writer.document === document).map((writer) => writer.ledger());
      const judged = judge(history, ledgers);
      problems.push(...judged.problems.map((problem) => `${document}: ${problem}`));
      counts.acked += judged.acked;
      counts.unanswered += judged.unanswered;
    }
    if (problems.length > 0) throw new Error(problems.join('\n'));
    return counts;
  }

  /** With the server up: writers come to rest; they, a newcomer and the log have to hold one text. */
  async settle() {
    const settled = this.writers.map((writer) => writer.next((line) => line.settled));
    for (const writer of this.writers) writer.tell('finish');
    await within(livelyMsMax, 'every writer comes to rest', () => Promise.all(settled));
    for (const document of documents) {
      const writers = this.writers.filter((writer) => writer.document === document);
      const cold = await readCold(this.server.url, document);
      const reached = writers.map((writer) => writer.next((line) => line.reached !== undefined));
      for (const writer of writers) writer.tell(`reach ${cold.revision}`);
      const texts = await within(livelyMsMax, 'every writer reaches the head', () => Promise.all(reached));
      const expected = createHash('sha256').update(cold.text).digest('hex');
      texts.forEach(({reached: revision, sha256}, i) => {
        if (revision === cold.revision && sha256 === expected) return;
        throw new Error(`${document}: writer ${writers[i].name} holds another text than a newcomer at ${cold.revision}`);
      });
      const history = foldHistory(await this.server.export(document));
      if (history.revision !== cold.revision || history.text !== cold.text) {
        throw new Error(`${document}: the log folds to another text than a newcomer gets at ${cold.revision}`);
      }
    }
  }

  /** Keeps a copy of everything for whoever looks into a failure; its path. */
  keep(folder) {
    mkdirSync(folder, {recursive: true});
    cpSync(this.data, join(folder, 'data'), {recursive: true});
    cpSync(this.ledgers, join(folder, 'ledgers'), {recursive: true});
    return folder;
  }

  async end() {
    for (const writer of this.writers) writer.child?.kill('SIGKILL');
    await Promise.all(this.writers.map((writer) => writer.over));
    this.server.child?.kill('SIGKILL');
    await this.server.over;
    if (this.ownData) rmSync(this.data, {recursive: true, force: true});
    rmSync(this.ledgers, {recursive: true, force: true});
  }
}

async function within(ms, what, act) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms / 1000} s: ${what}`)), ms);
  });
  try {
    return await Promise.race([act(), late]);
  } finally {
    clearTimeout(timer);
  }
}
