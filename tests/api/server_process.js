// The real server as a process, on a free port and a directory of its own.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const programs = process.env.COEDIT_BUILD_DIR ?? join(here, '../../build/release');

export class ServerProcess {
  /** @param {string[]} limits as of `--limit` */
  static async start(limits = []) {
    const server = new ServerProcess();
    server.limits = limits;
    server.data = await mkdtemp(join(tmpdir(), 'coedit-api-'));
    server.port = 0;
    await server.startAgain();
    return server;
  }

  /**
   * On the same data and port.
   * @param {string} [failpoint] where it kills itself: a place of storage/failpoint.h and how often it is passed
   */
  async startAgain(failpoint) {
    const limits = this.limits.flatMap((limit) => ['--limit', limit]);
    this.child = spawn(
      join(programs, failpoint === undefined ? 'coedit' : 'coedit_hooked'),
      ['serve', '--data', join(this.data, 'data'), '--listen', `127.0.0.1:${this.port}`,
        '--log-level', 'warning', '--allow-origin', 'https://pages.example', ...limits],
      { env: { ...process.env, COEDIT_FAILPOINT: failpoint ?? '' }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let said = '';
    this.child.stderr.on('data', (data) => (said = (said + data).slice(-4000)));
    this.over = new Promise((resolve) => this.child.on('close', (code, signal) => resolve(signal ?? code)));
    this.port = await new Promise((resolve, reject) => {
      createInterface({ input: this.child.stdout }).on('line', (line) => {
        const found = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
        if (found) resolve(Number(found[1]));
      });
      this.over.then((how) => reject(new Error(`the server ended (${how}) before it listened: ${said}`)));
    });
  }

  async kill(signal = 'SIGKILL') {
    this.child.kill(signal);
    return this.over;
  }

  async end() {
    const how = await this.kill('SIGTERM');
    await rm(this.data, { recursive: true });
    return how;
  }
}
