// Hocuspocus with its SQLite extension in a file. It acknowledges at once and stores a document two
// to ten seconds after a change (its defaults), so an acknowledged edit can be lost.
// If the native module of the extension is not there, nothing is stored, and it says so.
import {join} from 'node:path';
import {Server} from '@hocuspocus/server';
import {said} from './listen.mjs';

let sqlite;
try {
  const {SQLite} = await import('@hocuspocus/extension-sqlite');
  sqlite = new SQLite({database: join(process.argv[2], 'documents.db')});
} catch {
  console.error('no SQLite extension here: nothing is stored');
}
const server = new Server({address: '127.0.0.1', port: 0, quiet: true, extensions: sqlite ? [sqlite] : []});
await server.listen();
// The extension makes its table when the server listens, and does not wait for it.
while (sqlite && !(await tableExists())) await new Promise(setImmediate);
said(server.address.port);

function tableExists() {
  return new Promise((resolve) => sqlite.db.get('SELECT 1 FROM documents', (error) => resolve(!error)));
}
