// How evenly the demo draws while five bots type into a document of 100 KB: `npm run frames`. Prints the
// times between frames and of the page's long tasks; a frame of 60 a second takes 16.7 ms.
import { Delta, connect } from 'coedit';
import { WebSocket } from 'ws';
import { Person, launchBrowser, waitMaxMs } from './support/person.js';
import { recordedPatches, replayed } from './support/recorded.js';
import { Server } from './support/server.js';

const documentUnits = 100_000;
const measureMs = 10_000;
/** Until all bots are there and the page has settled. */
const settleMs = 4_000;

interface Frames {
  readonly intervals: readonly number[];
  readonly longTasks: readonly number[];
  readonly revisions: number;
}

/** Recorded prose, as long as asked, in paragraphs. */
async function prose(): Promise<string> {
  let text = replayed(await recordedPatches('automerge-paper', 259_778));
  while (text.length < documentUnits) text += `\n${text}`;
  return text.slice(0, documentUnits);
}

async function make(url: string, id: string, type: 'rich-text' | 'plain-text', text: string): Promise<void> {
  const client = connect(url, { WebSocket });
  const document = client.open(id, { create: type });
  await document.ready;
  document.apply(new Delta().insert(text));
  await document.flush();
  client.close();
}

function measure(page: Person['page']): Promise<Frames> {
  return page.evaluate(async (ms) => {
    const longTasks: number[] = [];
    const observer = new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => Math.round(duration))));
    observer.observe({ type: 'longtask' });
    const before = window.coedit?.document.revision ?? 0;
    const intervals: number[] = [];
    await new Promise<void>((resolve) => {
      const begun = performance.now();
      let last = begun;
      const frame = (now: number): void => {
        if (last !== begun) intervals.push(now - last);
        last = now;
        if (now - begun < ms) requestAnimationFrame(frame);
        else resolve();
      };
      requestAnimationFrame(frame);
    });
    observer.disconnect();
    return { intervals, longTasks, revisions: (window.coedit?.document.revision ?? 0) - before };
  }, measureMs);
}

function told({ intervals, longTasks, revisions }: Frames): string {
  const sorted = [...intervals].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1);
  const seconds = measureMs / 1_000;
  return (
    `${(sorted.length / seconds).toFixed(1)} frames/s, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms; ` +
    `${longTasks.length} tasks over 50 ms; ${(revisions / seconds).toFixed(0)} revisions/s`
  );
}

const browser = await launchBrowser();
const server = await Server.start();
try {
  const text = await prose();
  for (const type of ['rich-text', 'plain-text'] as const) {
    const id = `frames-${type}`;
    await make(server.url, id, type, text);
    const viewer = await Person.create(browser, { name: 'Viewer' });
    await viewer.open(`${server.url}/d/${id}`);
    await viewer.page.waitForTimeout(settleMs);
    console.log(`${type}, alone:     ${told(await measure(viewer.page))}`);
    await viewer.showTab('Network');
    await viewer.page.getByRole('button', { name: 'Call five bots' }).click();
    await viewer.page.getByText('5 of 5 are here').waitFor({ timeout: waitMaxMs });
    await viewer.showTab('People');
    await viewer.page.waitForTimeout(settleMs);
    console.log(`${type}, five bots: ${told(await measure(viewer.page))}`);
    if (process.env['COEDIT_PROFILE'] === '1') await profile(viewer, id);
    await viewer.leave();
  }
} finally {
  await browser.close();
  await server.dispose();
}

/** Where the time goes, function by function. */
async function profile({ page }: Person, title: string): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Profiler.enable');
  await cdp.send('Profiler.setSamplingInterval', { interval: 500 });
  await cdp.send('Profiler.start');
  await page.waitForTimeout(5_000);
  const { profile: samples } = await cdp.send('Profiler.stop');
  const self = new Map<string, number>();
  const nodes = new Map(samples.nodes.map((node) => [node.id, node]));
  samples.samples?.forEach((id, index) => {
    const frame = nodes.get(id)?.callFrame;
    const name = `${frame?.functionName ?? ''} ${frame?.url.split('/').at(-1) ?? ''}:${frame?.lineNumber ?? ''}:${frame?.columnNumber ?? ''}`;
    self.set(name, (self.get(name) ?? 0) + (samples.timeDeltas?.[index] ?? 0) / 1_000);
  });
  console.log(title);
  for (const [name, ms] of [...self].sort(([, a], [, b]) => b - a).slice(0, 25)) console.log(`  ${ms.toFixed(0).padStart(6)} ms  ${name}`);
}
