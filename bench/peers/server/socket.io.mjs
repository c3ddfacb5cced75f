// A bare Socket.IO room: what comes is passed on to the others and acknowledged. No transform, no
// order, nothing stored: what a server in Node pays for moving messages alone.
import {createServer} from 'node:http';
import {Server} from 'socket.io';
import {listen} from './listen.mjs';

const http = createServer();
const letters = new Map();
new Server(http, {transports: ['websocket'], perMessageDeflate: false}).on('connection', (socket) => {
  let room;
  socket.on('join', async (name, acknowledge) => {
    room = name;
    await socket.join(name);
    acknowledge(letters.get(name) ?? 0);
  });
  socket.on('op', (author, number, text, acknowledge) => {
    letters.set(room, (letters.get(room) ?? 0) + text.length);
    socket.to(room).emit('op', author, number, text);
    acknowledge();
  });
  socket.on('presence', (author, number) => socket.to(room).emit('presence', author, number));
});
listen(http);
