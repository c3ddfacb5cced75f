// A writer as a process that can be killed and started anew with its ledger.
import {spawn} from 'node:child_process';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {readLedger} from './ledger.mjs';

const program = fileURLToPath(new URL('./writer.mjs', import.meta.url));

export class WriterProcess {
  /** @param {{name: string, document: string, folder: string, onLine: (line: object) => void}} options */
  constructor(options) {
    Object.assign(this, options);
    this.ledgerPath = join(this.folder, `${this.document}-${this.name}.ledger`);
    this.listeners = new Set();
    this.down = true;
  }

  start(url, seed) {
    const child = spawn(process.execPath, [program, url, this.document, this.name, this.ledgerPath, String(seed)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let complaints = '';
    child.stderr.on('data', (data) => (complaints += data));
    createInterface({input: child.stdout}).on('line', (text) => {
      const line = JSON.parse(text);
      this.trouble = line.down ?? line.still;
      this.down = this.trouble !== undefined;
      for (const listener of [...this.listeners]) listener(line);
      this.onLine(line, this);
    });
    child.stdin.on('error', () => {}); // it may be dead
    this.child = child;
    this.failure = undefined;
    this.over = new Promise((resolve) =>
      child.on('close', (code, signal) => {
        this.down = true;
        for (const listener of [...this.listeners]) listener({down: 'the writer ended'});
        if (signal === null && code !== 0) this.failure = `writer ${this.name} failed: ${complaints}`;
        resolve(signal ?? code);
      }),
    );
  }

  /** Resolves with the first line for which `wanted` is true. */
  next(wanted) {
    return new Promise((resolve) => {
      const listener = (line) => {
        if (!wanted(line)) return;
        this.listeners.delete(listener);
        resolve(line);
      };
      this.listeners.add(listener);
    });
  }

  /** Until it has noticed that the server is gone: then its ledger holds all it was ever told. */
  async noticed() {
    if (!this.down) await this.next((line) => line.down !== undefined);
  }

  tell(line) {
    this.child.stdin.write(`${line}\n`);
  }

  ledger() {
    return {name: this.name, ...readLedger(this.ledgerPath)};
  }
}
