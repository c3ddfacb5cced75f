// The history panel as a person uses it, and documents with a past that is known edit by edit.
import { type DeltaLike, type DocumentType, connect } from 'coedit';
import type { Locator } from 'playwright-core';
import { WebSocket } from 'ws';
import { type Person, waitMaxMs } from './person.js';
import type { Server } from './server.js';

export interface Writing {
  readonly who: string;
  readonly color: string;
  readonly edit: DeltaLike;
}

/** Makes a document in which each of these is one revision. */
export async function written(server: Server, id: string, type: DocumentType, writings: readonly Writing[]): Promise<void> {
  const clients = new Map<string, ReturnType<typeof connect>>();
  try {
    for (const { who, color, edit } of writings) {
      let client = clients.get(who);
      if (client === undefined) clients.set(who, (client = connect(server.url, { name: who, color, WebSocket })));
      const document = client.open(id, { create: type });
      await document.ready;
      // What the others wrote is there before this is written on it.
      const { revision } = await headOf(server, id);
      while (document.revision < revision) await new Promise<void>((done) => void document.on('change', () => done()));
      document.apply(edit);
      await document.flush();
    }
  } finally {
    for (const client of clients.values()) client.close();
  }
}

async function headOf(server: Server, id: string): Promise<{ readonly revision: number }> {
  const answer = await fetch(`${server.url}/v1/documents/${id}`);
  return (await answer.json()) as { readonly revision: number };
}

export class HistoryOf {
  readonly panel: Locator;
  readonly slider: Locator;

  private constructor(private readonly person: Person) {
    this.panel = person.page.getByRole('region', { name: 'History', exact: true });
    this.slider = this.panel.getByRole('slider', { name: 'Revision' });
  }

  /** Opens the panel and waits until there is a text. */
  static async open(person: Person): Promise<HistoryOf> {
    const history = new HistoryOf(person);
    await history.press();
    await history.arrived();
    return history;
  }

  /** The same without waiting. */
  static async opening(person: Person): Promise<HistoryOf> {
    const history = new HistoryOf(person);
    await history.press();
    return history;
  }

  private async press(): Promise<void> {
    await this.person.page.getByRole('button', { name: 'History', exact: true }).click();
    await this.panel.waitFor();
  }

  /** All that is wanted is there and drawn. */
  async arrived(): Promise<void> {
    await this.panel.locator('.history-slider:enabled').waitFor();
    await this.panel.locator('.history-state').waitFor({ state: 'hidden' });
  }

  /** A revision, as by the slider; its text may come a moment later. */
  async go(revision: number): Promise<void> {
    await this.slider.fill(String(revision));
  }

  revision(): Promise<number> {
    return this.slider.evaluate((slider) => Number((slider as HTMLInputElement).value));
  }

  /** What the slider tells a screen reader. */
  async valueText(): Promise<string> {
    return (await this.slider.getAttribute('aria-valuetext')) ?? '';
  }

  /** The text as it is shown, lines ended by newlines. */
  text(): Promise<string> {
    return this.panel.evaluate((panel) => {
      const lines = panel.querySelector('.history-plain')?.shadowRoot?.querySelectorAll('.cm-line') ?? panel.querySelectorAll('.ql-editor > *');
      return [...lines].map((line) => line.textContent ?? '').join('\n');
    });
  }

  async shows(text: string): Promise<void> {
    await this.person.page
      .waitForFunction(
        (wanted) => {
          const panel = document.querySelector('.history');
          const lines = panel?.querySelector('.history-plain')?.shadowRoot?.querySelectorAll('.cm-line') ?? panel?.querySelectorAll('.ql-editor > *') ?? [];
          return [...lines].map((line) => line.textContent ?? '').join('\n') === wanted;
        },
        text,
        { timeout: waitMaxMs },
      )
      .catch(async () => {
        throw new Error(`the history shows ${JSON.stringify(await this.text())}, not ${JSON.stringify(text)}`);
      });
  }

  /** The marked pieces of the text: what they are and what they hold. */
  marks(selector: string): Promise<{ readonly tag: string; readonly author: string | null; readonly text: string }[]> {
    return this.panel.locator(selector).evaluateAll((marks) =>
      marks.map((mark) => ({ tag: mark.tagName.toLowerCase(), author: mark.getAttribute('data-author'), text: mark.textContent ?? '' })),
    );
  }

  async switch(name: 'Authors' | 'Changes since'): Promise<void> {
    await this.panel.getByRole('switch', { name }).click();
  }

  /** Gives the moment that is shown a name; where the panel is narrow, the list is opened and left again. */
  async saveAs(name: string): Promise<void> {
    const versions = this.panel.getByRole('button', { name: 'Versions' });
    const narrow = await versions.isVisible();
    if (narrow) await versions.click();
    await this.panel.getByLabel('Name this moment').fill(name);
    await this.panel.getByRole('button', { name: 'Save' }).click();
    await this.panel.locator('.history-version-name', { hasText: name }).waitFor();
    if (narrow) await versions.click();
  }

  /** Names in the list, the latest first. */
  names(): Promise<string[]> {
    return this.panel.locator('.history-version-name').allTextContents();
  }
}
