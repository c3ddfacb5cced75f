// Waiting until all hold one text, and asking the store itself what it holds.
import { type SharedDocument, connect } from 'coedit';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { type Person, waitMaxMs } from './person.js';

/** Reads a document with a client of its own that has never seen it. */
export async function readDocument(serverUrl: string, id: string): Promise<{ ops: readonly unknown[]; text: string; revision: number }> {
  const client = connect(serverUrl, { name: 'Reader', WebSocket });
  try {
    const document: SharedDocument = client.open(id);
    await document.ready;
    return { ops: document.delta.ops as unknown[], text: document.text, revision: document.revision };
  } finally {
    client.close();
  }
}

/** Waits until everyone has everything saved and is at one revision, then compares all they hold. */
export async function expectAgreement(people: readonly Person[]): Promise<readonly unknown[]> {
  await expect
    .poll(
      async () => {
        const states = await Promise.all(
          people.map(({ page }) =>
            page.evaluate(() => {
              const { document } = window.coedit ?? {};
              // Who has not edited is synchronised, who has is saved.
              return { saved: document?.status === 'saved' || document?.status === 'synchronised', revision: document?.revision };
            }),
          ),
        );
        return states.every(({ saved }) => saved) && new Set(states.map(({ revision }) => revision)).size === 1;
      },
      { timeout: waitMaxMs, message: 'all saved at one revision' },
    )
    .toBe(true);
  const [first, ...others] = await Promise.all(people.map((person) => person.contents()));
  for (const contents of others) expect(contents).toEqual(first);
  for (const ops of await Promise.all(people.map((person) => person.documentOps()))) expect(ops).toEqual(first);
  return first ?? [];
}
