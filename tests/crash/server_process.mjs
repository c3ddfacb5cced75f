// The real server as a process that can be started anew on the same data and port.
import {execFile, spawn} from 'node:child_process';
import {createInterface} from 'node:readline';
import {promisify} from 'node:util';

const run = promisify(execFile);
const startMsMax = 60_000;

export class ServerProcess {
  /** @param {{program: string, hooked: string, data: string}} options */
  constructor(options) {
    Object.assign(this, options);
    this.port = 0;
    this.said = '';
  }

  get url() {
    return `ws://127.0.0.1:${this.port}/v1/ws`;
  }

  /** Resolves when it listens. `env` is added to the environment; hooks need the hooked program. */
  async start(env = {}, options = []) {
    const program = Object.keys(env).some((key) => key.startsWith('COEDIT_')) ? this.hooked : this.program;
    const child = spawn(
      program,
      ['serve', '--data', this.data, '--listen', `127.0.0.1:${this.port}`, '--limit', 'submits_per_second=0', ...options],
      {env: {...process.env, ...env}, stdio: ['ignore', 'pipe', 'pipe']},
    );
    this.said = '';
    child.stderr.on('data', (data) => (this.said = (this.said + data).slice(-4000)));
    this.child = child;
    this.over = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
    const late = setTimeout(() => child.kill('SIGKILL'), startMsMax);
    try {
      this.port = await new Promise((resolve, reject) => {
        createInterface({input: child.stdout}).on('line', (line) => {
          const found = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
          if (found) resolve(Number(found[1]));
        });
        this.over.then((how) => reject(new Error(`the server ended (${how}) before it listened: ${this.said}`)));
      });
    } finally {
      clearTimeout(late);
    }
  }

  kill(signal) {
    this.child.kill(signal);
  }

  /** The whole history of a document, as JSON Lines; empty if the data directory has no such document. */
  async export(document) {
    try {
      const {stdout} = await run(this.program, ['export', '--data', this.data, document], {maxBuffer: 2 ** 30});
      return stdout;
    } catch (error) {
      // A server may die before anybody has opened its first document.
      if (error.stderr?.includes(`no document '${document}'`)) return '';
      throw error;
    }
  }

  /** Throws with what it says if the data directory is not sound. */
  async verify() {
    try {
      await run(this.program, ['verify', '--data', this.data], {maxBuffer: 2 ** 24});
    } catch (error) {
      throw new Error(`coedit verify: ${error.stdout}${error.stderr}`);
    }
  }
}
