// Five bots that type along, for who wants to see a full room. Their code and what they type are loaded
// with the worker, when they are called.
import { type BotIdentity, type BotsReport, type StartBots, botsMax } from './messages.js';

const identities: readonly BotIdentity[] = [
  { name: 'Bot Alder', color: '#db2a24' },
  { name: 'Bot Birch', color: '#1d73ca' },
  { name: 'Bot Cedar', color: '#218241' },
  { name: 'Bot Elm', color: '#8851e6' },
  { name: 'Bot Rowan', color: '#c34c10' },
];

/** off: none. coming: being loaded. typing: in the document. done: in the document, with nothing left to type. */
export type PartyState = 'off' | 'coming' | 'typing' | 'done' | 'failed';

export class BotParty {
  private worker: Worker | null = null;
  private current: PartyState = 'off';
  private count = 0;
  private reason = '';

  constructor(
    private readonly documentId: string,
    private readonly changed: () => void,
  ) {}

  get state(): PartyState {
    return this.current;
  }

  get words(): string {
    switch (this.current) {
      case 'off':
        return 'They type parts of a recorded session, each at a place of its own.';
      case 'coming':
        return 'They are on their way…';
      case 'typing':
        return `${this.count} of ${botsMax} are here and type.`;
      case 'done':
        return 'They have typed all they had.';
      case 'failed':
        return `They could not come: ${this.reason}.`;
    }
  }

  start(speed = 1): void {
    if (this.worker !== null) return;
    const worker = new Worker(new URL('./bot_worker.ts', import.meta.url), { type: 'module', name: 'bots' });
    this.worker = worker;
    this.become('coming');
    worker.onmessage = ({ data }: MessageEvent<BotsReport>) => this.hear(data);
    worker.onerror = () => this.fail('their script could not be loaded');
    const order: StartBots = { url: location.origin, documentId: this.documentId, bots: identities, speed };
    worker.postMessage(order);
  }

  stop(): void {
    this.end();
    this.become('off');
  }

  private hear(report: BotsReport): void {
    if (report.kind === 'failed') return this.fail(report.reason);
    if (report.kind === 'typing') this.count = report.count;
    this.become(report.kind);
  }

  private fail(reason: string): void {
    this.reason = reason;
    this.end();
    this.become('failed');
  }

  /** Their connections end with the worker. */
  private end(): void {
    this.worker?.terminate();
    this.worker = null;
    this.count = 0;
  }

  private become(state: PartyState): void {
    this.current = state;
    this.changed();
  }
}
