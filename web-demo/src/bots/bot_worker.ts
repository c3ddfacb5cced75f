// The bots, in a worker, so that the page draws while they type. They end with it.
import { Bot, type Patch } from './bot.js';
import { type BotsReport, type StartBots, botsMax } from './messages.js';
import recording from './recording.json';

interface WorkerScope {
  onmessage: ((event: MessageEvent<StartBots>) => void) | null;
  postMessage(report: BotsReport): void;
}

const scope = globalThis as unknown as WorkerScope;
/** One after another, as people come. */
const enterEveryMs = 350;

async function start({ url, documentId, bots, speed }: StartBots): Promise<void> {
  let typing = 0;
  const runs = bots.slice(0, botsMax).map(async ({ name, color }, index, all) => {
    await new Promise((resolve) => setTimeout(resolve, index * enterEveryMs));
    const patches = (recording.bots[index % recording.bots.length] ?? []) as unknown as readonly Patch[];
    const bot = new Bot({ url, documentId, name, color, patches, share: (index + 0.5) / all.length, speed });
    scope.postMessage({ kind: 'typing', count: ++typing });
    await bot.type();
  });
  await Promise.all(runs);
  scope.postMessage({ kind: 'done' });
}

scope.onmessage = ({ data }) => {
  start(data).catch((error: unknown) => {
    scope.postMessage({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  });
};
