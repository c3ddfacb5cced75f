// One document on one WebSocket, in the JSON encoding of docs/protocol.md: no retries, no text. It is
// written from that page alone and shares nothing with the SDK, because it helps to judge.
import {webcrypto as crypto} from 'node:crypto';
import WebSocket from 'ws';

export class DocumentChannel {
  /**
   * @param {{url: string, document: string, clientId: string, attempt: number, known?: object,
   *   inFlight?: number, on: (kind: string, body: object) => void, ended: (why: string) => void}} options
   *   `on` gets every message of the document, `opened` first. `ended` is the last call.
   */
  constructor(options) {
    this.options = options;
    this.over = false;
    this.socket = new WebSocket(options.url, 'coedit.v1.json', {perMessageDeflate: false});
    this.socket.on('open', () =>
      this.send('hello', {protocol: 1, clientId: options.clientId, attempt: options.attempt, sdk: 'crash-rig'}),
    );
    this.socket.on('message', (data) => this.take(JSON.parse(data.toString())));
    this.socket.on('error', (error) => this.end(error.code ?? error.message));
    this.socket.on('close', (code) => this.end(`closed with ${code}`));
  }

  submit(sequence, revision, ops) {
    this.send('submit', {channel: this.channel, sequence, revision, delta: {ops}});
  }

  /** Ends it without `ended`. */
  drop() {
    this.over = true;
    this.socket.terminate();
  }

  send(kind, body) {
    this.socket.send(JSON.stringify({messages: [{[kind]: body}]}));
  }

  take({messages}) {
    for (const message of messages) {
      if (this.over) return;
      const [[kind, body]] = Object.entries(message);
      const {document, known, inFlight} = this.options;
      if (kind === 'welcome') {
        this.send('open', {request: 1, document, create: 'plain-text', known, inFlight});
      } else if (kind === 'opened') {
        this.channel = body.channel;
        if (body.more) {
          this.parts = {body, ops: []};
        } else {
          this.options.on(kind, body);
        }
      } else if (kind === 'part') {
        this.parts.ops.push(...body.ops);
        if (body.last) this.options.on('opened', {...this.parts.body, snapshot: {ops: this.parts.ops}});
      } else if (kind === 'refused' || kind === 'closed' || kind === 'error') {
        this.end(`${kind} ${body.code}: ${body.text}`);
      } else if (['committed', 'ack', 'rejected'].includes(kind)) {
        this.options.on(kind, body);
      }
    }
  }

  end(why) {
    if (this.over) return;
    this.drop();
    this.options.ended(why);
  }
}

/** What somebody who comes now is shown: {text, revision}. */
export function readCold(url, document) {
  return new Promise((resolve, reject) => {
    const channel = new DocumentChannel({
      url,
      document,
      clientId: randomClientId(),
      attempt: 1,
      on(_, {revision, snapshot}) {
        channel.drop();
        resolve({revision, text: snapshot.ops.map((op) => op.insert).join('')});
      },
      ended: (why) => reject(new Error(`a cold reader of '${document}' was sent away: ${why}`)),
    });
  });
}

export function randomClientId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
