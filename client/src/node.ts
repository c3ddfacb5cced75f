// `coedit/node`: the client for programs without a browser, such as bots, importers and exporters. Node
// before 22 has no WebSocket of its own, so this one brings that of the package `ws`.
import { WebSocket } from 'ws';
import { type Client, type ConnectOptions, connect as connectWith } from './client.js';

/** Connects from Node 18 or later, with the package `ws`; everything else is as in `connect` of `coedit`. */
export function connect(url: string, options: ConnectOptions = {}): Client {
  return connectWith(url, { WebSocket, ...options });
}
