export type { Json } from './canonical_json.js';
export { type Client, type ClientEvents, type ConnectOptions, connect } from './client.js';
export type { ConnectionStatus } from './connection.js';
export { type Attributes, Delta, type DeltaLike, type Op } from './delta.js';
export { diffDocuments } from './diff.js';
export type { Listener } from './emitter.js';
export type {
  ApplyOptions,
  Change,
  DocumentEvents,
  DocumentType,
  Pending,
  PresenceHandle,
  Recovery,
  Rejected,
  Role,
  SharedDocument,
  Signal,
  Status,
} from './shared_document.js';
export {
  ClosedError,
  CoeditError,
  type Code,
  type CodeAction,
  ConnectionError,
  EditError,
  ProtocolError,
  RefusedError,
  RejectedError,
  StorageError,
  codes,
} from './errors.js';
export type { Encoding, Range, User } from './messages.js';
export { displayColor, displayName, labelColor } from './names.js';
export type { RoomMember } from './presence.js';
export type { ChangeSource, Stranded } from './state.js';
export type { OfflineStorage, StorageStatus } from './keeper.js';
export type { EditSource, History, HistoryEvents } from './undo.js';
