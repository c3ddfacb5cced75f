// First lines of documents without a title, for lists: of each text only the beginning is read.
import { firstLineOf } from './titles.js';

const bytesMax = 4_096;
const atOnceMax = 3;
const keptMax = 500;

async function beginningOf(address: string): Promise<string> {
  const response = await fetch(address, { headers: { accept: 'text/plain' } });
  if (!response.ok || response.body === null) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  while (bytes < bytesMax && firstLineOf(text) === '') {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
    text += decoder.decode(value, { stream: true });
  }
  // The rest is not asked for any more; a connection that ends early is no error of anyone.
  await reader.cancel().catch(() => undefined);
  return text.slice(0, bytesMax);
}

export class FirstLines {
  private readonly kept = new Map<string, Promise<string>>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  /** Empty when there is none, or it cannot be read. */
  of(id: string, revision: number): Promise<string> {
    const key = `${id}@${revision}`;
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    const line = this.inTurn(() => beginningOf(`/v1/documents/${id}`)).then(firstLineOf, () => '');
    this.kept.set(key, line);
    if (this.kept.size > keptMax) this.kept.delete(this.kept.keys().next().value as string);
    return line;
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= atOnceMax) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running++;
    try {
      return await work();
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }
}
