// The title of the open document: what was given to it, or else the first line of its text. The server
// keeps the title; a signal tells the others in the room that it is another, and they ask the server.
import type { Client, SharedDocument } from 'coedit';
import type { DocumentsApi } from 'coedit/http';
import { cleanTitle, firstLineOf } from './titles.js';

const topic = 'coedit.title';
/** Many signals in a row are answered once. */
const askAfterMs = 250;

export class DocumentTitle {
  /** What was given; empty for none. Null until the server was asked with success. */
  private given: string | null = null;
  private firstLine = '';
  private readonly listeners: (() => void)[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly shared: SharedDocument,
    private readonly client: Client,
    private readonly api: DocumentsApi,
    /** What this browser has seen of it last, until the server is heard. */
    private readonly remembered: string,
  ) {
    const { ready } = shared;
    ready.then(
      () => {
        this.readFirstLine();
        shared.on('change', () => this.readFirstLine());
        shared.on('signal', (signal) => {
          if (signal.topic === topic) this.askSoon();
        });
        // A connection that was away may have missed the signal.
        client.on('status', (status) => {
          if (status === 'connected') this.askSoon();
        });
        void this.ask();
      },
      () => undefined, // A document that never opened has no title.
    );
  }

  /** To show; empty while there is neither title nor text. */
  get shown(): string {
    if (this.given === null && this.remembered !== '') return this.remembered;
    return this.given === null || this.given === '' ? this.firstLine : this.given;
  }

  /** What was given to the document; empty for none. */
  get own(): string {
    return this.given ?? '';
  }

  /** What stands in for a title that was not given. */
  get substitute(): string {
    return this.given === null ? this.shown : this.firstLine;
  }

  /** Whether the server can be told another one. */
  get isKnown(): boolean {
    return this.given !== null;
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Rejects when the server does not take it. */
  async give(title: string): Promise<void> {
    const clean = cleanTitle(title);
    if (clean === this.own) return;
    const before = this.given;
    this.take(clean);
    try {
      await this.api.rename(this.shared.id, clean === '' ? null : clean);
    } catch (error) {
      this.take(before);
      throw error;
    }
    this.shared.signal(topic, null);
  }

  private askSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), askAfterMs);
  }

  private async ask(): Promise<void> {
    const { id } = this.shared;
    try {
      // The only question whose answer has the title and not the whole text.
      const { documents } = await this.api.list({ prefix: id, limit: 1 });
      const found = documents.find((document) => document.id === id);
      if (found !== undefined) this.take(cleanTitle(found.title ?? ''));
    } catch {
      // Without a network; it is asked again with the next connection.
      if (this.client.status === 'connected' && this.given === null) this.tell();
    }
  }

  private readFirstLine(): void {
    const next = firstLineOf(this.shared.text.slice(0, 4_000));
    if (next === this.firstLine) return;
    this.firstLine = next;
    this.tell();
  }

  private take(given: string | null): void {
    if (given === this.given) return;
    this.given = given;
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
