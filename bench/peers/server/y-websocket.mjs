// y-websocket's own server set-up, in memory: nothing is stored.
import {createServer} from 'node:http';
import {createRequire} from 'node:module';
import {WebSocketServer} from 'ws';
import {listen} from './listen.mjs';

const {setupWSConnection} = createRequire(import.meta.url)('y-websocket/bin/utils');
const http = createServer();
new WebSocketServer({server: http, perMessageDeflate: false}).on('connection', setupWSConnection);
listen(http);
