// The real server as a process that a test can kill and start again on the same data and port.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const binary = join(process.env['COEDIT_BUILD_DIR'] ?? join(repository, 'build/release'), 'coedit');
const demoRoot = process.env['COEDIT_WEB_ROOT'] ?? join(repository, 'web-demo/dist');

const startMaxMs = 60_000;
const stopMaxMs = 60_000;
const logLinesMax = 200;

/** Of a test that failed half-way, too, none is left behind. */
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export interface ServerOptions {
  /** Each "name=value", as `--limit` takes them. */
  readonly limits?: readonly string[];
  /** The pages it serves; the demo's unless told otherwise. */
  readonly webRoot?: string;
}

export class Server {
  private child: ChildProcess | null = null;
  private port = 0;
  private readonly log: string[] = [];

  private constructor(
    private readonly data: string,
    private readonly limits: readonly string[],
    private readonly webRoot: string,
  ) {}

  static async start({ limits = [], webRoot = demoRoot }: ServerOptions = {}): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), 'coedit-e2e-')), limits, webRoot);
    await server.launch();
    return server;
  }

  /** "http://127.0.0.1:port", the same over all restarts. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get portNumber(): number {
    return this.port;
  }

  /** kill -9, and waits until the process is gone. */
  async kill(): Promise<void> {
    const child = this.running();
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    this.child = null;
  }

  /** SIGTERM; the exit code, which is 0 after a clean stop. */
  async stop(): Promise<number | null> {
    const child = this.running();
    const gone = once(child, 'exit', { signal: AbortSignal.timeout(stopMaxMs) });
    child.kill('SIGTERM');
    const [code] = (await gone) as [number | null];
    this.child = null;
    return code;
  }

  /** Starts again after `kill` or `stop`: same data, same port. */
  async startAgain(): Promise<void> {
    await this.launch();
  }

  /** A second server on a copy of the data as it lies on disk; only while this one does not run. */
  async onCopyOfData(): Promise<Server> {
    if (this.child !== null) throw new Error('the data of a running server is not at rest');
    const copy = new Server(await mkdtemp(join(tmpdir(), 'coedit-e2e-copy-')), this.limits, this.webRoot);
    await cp(this.data, copy.data, { recursive: true });
    await copy.launch();
    return copy;
  }

  /** Ends the process if it runs, and removes the data. */
  async dispose(): Promise<void> {
    if (this.child !== null) await this.kill();
    await rm(this.data, { recursive: true, force: true });
  }

  private running(): ChildProcess {
    if (this.child === null) throw new Error('the server does not run');
    return this.child;
  }

  private async launch(): Promise<void> {
    const listen = `127.0.0.1:${this.port}`;
    const limits = this.limits.flatMap((limit) => ['--limit', limit]);
    const child = spawn(binary, ['serve', '--data', this.data, '--listen', listen, '--web-root', this.webRoot, ...limits], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    children.add(child);
    child.once('exit', () => children.delete(child));
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.log.push(line);
      if (this.log.length > logLinesMax) this.log.shift();
    });
    const line = await this.firstLine(child);
    const port = /^listening on http:\/\/127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
    if (port === undefined) throw this.failure(`the server said ${JSON.stringify(line)}`);
    this.port = Number(port);
  }

  private firstLine(child: ChildProcess): Promise<string> {
    return new Promise((done, failed) => {
      const deadline = setTimeout(() => failed(this.failure('the server does not say that it listens')), startMaxMs);
      const end = (settle: () => void): void => {
        clearTimeout(deadline);
        settle();
      };
      if (child.stdout !== null) createInterface({ input: child.stdout }).once('line', (line) => end(() => done(line)));
      child.once('error', (error) => end(() => failed(this.failure(`${binary} does not start: ${error.message}`))));
      child.once('exit', (code) => end(() => failed(this.failure(`the server ended with ${code}`))));
    });
  }

  private failure(what: string): Error {
    return new Error([what, ...this.log].join('\n'));
  }
}
