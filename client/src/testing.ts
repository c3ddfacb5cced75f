// `coedit/testing`: a server in memory, so that applications test without a network.
export { type LoggedCommit, MemoryDocument, type Refusal } from './testing_document.js';
export { MemoryNetwork, MemorySocket, type SeenMessage } from './testing_network.js';
export { MemoryServer, type MemoryServerOptions } from './testing_server.js';
