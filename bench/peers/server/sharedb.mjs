// ShareDB with rich-text, its memory database and memory pub/sub: nothing is stored. Its JSON stream
// over ws is the one its own guide uses.
import {createServer} from 'node:http';
import WebSocketJSONStream from '@teamwork/websocket-json-stream';
import richText from 'rich-text';
import ShareDB from 'sharedb';
import {WebSocketServer} from 'ws';
import {listen} from './listen.mjs';

ShareDB.types.register(richText.type);
const backend = new ShareDB({presence: true});
const http = createServer();
new WebSocketServer({server: http, perMessageDeflate: false}).on('connection', (socket) => {
  backend.listen(new WebSocketJSONStream(socket));
});
listen(http);
