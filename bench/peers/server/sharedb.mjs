// ShareDB with rich-text and presence, its memory database and memory pub/sub: nothing is stored. Its JSON stream
// over ws is the one its own guide uses.
import {createServer} from 'node:http';
import WebSocketJSONStream from '@teamwork/websocket-json-stream';
import richText from 'rich-text';
import ShareDB from 'sharedb';
import {WebSocketServer} from 'ws';
import {listen} from './listen.mjs';

ShareDB.types.register(richText.type);
const backend = new ShareDB({presence: true, doNotForwardSendPresenceErrorsToClient: true});
const http = createServer();
new WebSocketServer({server: http, perMessageDeflate: false}).on('connection', (socket) => {
  const stream = new WebSocketJSONStream(socket);
  stream.on('error', () => {}); // of a client that has just gone; unhandled, it would end the process
  backend.listen(stream);
});
listen(http);
