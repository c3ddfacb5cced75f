// A page with nothing but the SDK and its storage on the device, for kept.test.ts.
import { type Client, type Recovery, type SharedDocument, Delta, connect } from 'coedit';
import { offline } from 'coedit/offline';

export interface KeptPage {
  readonly client: Client;
  readonly document: SharedDocument;
  readonly copies: Recovery[];
  insert(text: string): void;
}

declare global {
  interface Window {
    kept?: KeptPage;
    openKept(id: string): void;
  }
}

window.openKept = (id) => {
  const client = connect(location.origin, { offline: offline() });
  const document = client.open(id, { create: 'plain-text' });
  const copies: Recovery[] = [];
  document.on('recovery', (recovery) => copies.push(recovery));
  window.kept = { client, document, copies, insert: (text) => void document.apply(new Delta().insert(text)) };
};
