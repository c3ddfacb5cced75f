// The server's own program, where one was built: what the server in memory is compared with.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const binary = join(process.env['COEDIT_BUILD_DIR'] ?? join(repository, 'build/release'), 'coedit');

/** Whether there is a program to start. */
export const isBuilt = existsSync(binary);

const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** A server on a free port, with data of its own. */
export class RealServer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly data: string,
    /** "http://127.0.0.1:port". */
    readonly url: string,
  ) {}

  static async start(): Promise<RealServer> {
    const data = await mkdtemp(join(tmpdir(), 'coedit-sdk-'));
    const child = spawn(binary, ['serve', '--data', data, '--listen', '127.0.0.1:0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.add(child);
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const [line] = (await once(lines, 'line')) as [string];
    const url = /^listening on (http:\/\/\S+)$/.exec(line)?.[1];
    if (url === undefined) throw new Error(`the server said ${line}`);
    return new RealServer(child, data, url);
  }

  async stop(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
    children.delete(this.child);
    await rm(this.data, { recursive: true, force: true });
  }
}
