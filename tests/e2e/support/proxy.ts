// A TCP proxy between pages and the server, for the ways in which a network goes away.
import { once } from 'node:events';
import { type AddressInfo, type Server as TcpServer, type Socket, connect, createServer } from 'node:net';

type Mode =
  /** Bytes flow. */
  | 'open'
  /** Connections are reset, new ones too. */
  | 'cut'
  /** A partition: nobody hears anything, and nothing is closed. */
  | 'silent';

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

export class Proxy {
  private mode: Mode = 'open';
  private readonly pairs = new Set<Pair>();

  private constructor(
    private readonly listener: TcpServer,
    private readonly targetPort: number,
  ) {
    listener.on('connection', (near) => this.accept(near));
  }

  static async start(targetPort: number): Promise<Proxy> {
    // Half-open ends are handed on as they are, so that the server's own closing is seen.
    const listener = createServer({ allowHalfOpen: true });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new Proxy(listener, targetPort);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.mode = 'cut';
    for (const { near, far } of this.pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  silence(): void {
    this.mode = 'silent';
    for (const pair of this.pairs) this.applyTo(pair);
  }

  restore(): void {
    this.mode = 'open';
    for (const pair of this.pairs) this.applyTo(pair);
  }

  async close(): Promise<void> {
    this.cut();
    this.listener.close();
    await once(this.listener, 'close');
  }

  private accept(near: Socket): void {
    if (this.mode === 'cut') {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port: this.targetPort, host: '127.0.0.1', allowHalfOpen: true });
    const pair = { near, far };
    this.pairs.add(pair);
    this.carry(pair, near, far);
    this.carry(pair, far, near);
    this.applyTo(pair);
  }

  private carry(pair: Pair, from: Socket, to: Socket): void {
    from.on('data', (bytes) => {
      to.write(bytes);
    });
    from.on('end', () => to.end());
    from.on('error', () => undefined); // `close` follows.
    from.on('close', () => {
      this.pairs.delete(pair);
      to.destroy();
    });
  }

  private applyTo({ near, far }: Pair): void {
    for (const socket of [near, far]) {
      if (this.mode === 'silent') socket.pause();
      else socket.resume();
    }
  }
}
