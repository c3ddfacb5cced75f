import assert from 'node:assert/strict';
import { connect } from 'coedit';
import { MemoryServer } from 'coedit/testing';

const server = new MemoryServer();
const notes = server.create('notes', 'plain-text', 'Hello');
const client = connect(server.url, { WebSocket: server.WebSocket });
const document = client.open('notes');
await document.ready;

server.network.cut(); // the connection breaks; it comes back by itself
document.apply([{ retain: 5 }, { insert: ' world' }]);
await document.flush();
assert.equal(notes.text, 'Hello world');

notes.refuseNext('document_limit'); // the next edit is refused
document.on('recovery', ({ pending, taken }) => {
  assert.deepEqual(pending.ops, [{ insert: 'too much' }]);
  taken();
});
document.apply([{ insert: 'too much' }]);
await assert.rejects(document.flush(), { code: 'document_limit' });
client.close();
