'use client';
// `coedit/react`: a document as React components see it. Rendering has no side effects: documents are
// opened when a component has mounted and closed when the last one that used them is gone.
import {
  type FunctionComponent,
  type ReactNode,
  createContext,
  createElement,
  useCallback,
  useContext,
  useMemo,
  useSyncExternalStore,
} from 'react';
import { sameJson } from './canonical_json.js';
import type { Client } from './client.js';
import type { RoomMember } from './presence.js';
import type { DocumentType, SharedDocument, Status } from './shared_document.js';

const ClientContext = createContext<Client | null>(null);

/** What `CoeditProvider` takes. */
export interface CoeditProviderProps {
  /** The one of `connect`, made outside of components; who made it closes it. */
  readonly client: Client;
  /** What may use the hooks. */
  readonly children?: ReactNode;
}

/** Gives its children the client that the hooks use. */
export const CoeditProvider: FunctionComponent<CoeditProviderProps> = ({ client, children }) =>
  createElement(ClientContext.Provider, { value: client }, children);

/** The client of the provider around. Throws where there is none. */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (client === null) throw new Error('coedit: this component is not inside a CoeditProvider');
  return client;
}

/** A document in use by components. */
interface Lease {
  readonly document: SharedDocument;
  users: number;
}

const leasesOfClients = new WeakMap<Client, Map<string, Lease>>();

function leasesOf(client: Client): Map<string, Lease> {
  let leases = leasesOfClients.get(client);
  if (leases === undefined) leasesOfClients.set(client, (leases = new Map()));
  return leases;
}

/** Closes a document that nobody has come back to, once what was typed is durable. */
async function closeUnused(leases: Map<string, Lease>, lease: Lease): Promise<void> {
  const { document } = lease;
  // StrictMode and navigation take a document up again at once.
  await Promise.resolve();
  while (lease.users === 0 && document.unsaved && document.status !== 'closed') {
    await document.flush().catch(() => undefined);
  }
  if (lease.users > 0 || leases.get(document.id) !== lease) return;
  leases.delete(document.id);
  document.close();
}

/** Takes the document for one user; the answer gives it back. */
function acquire(client: Client, id: string, create: DocumentType | undefined): () => void {
  const leases = leasesOf(client);
  let lease = leases.get(id);
  if (lease === undefined) {
    lease = { document: client.open(id, create === undefined ? {} : { create }), users: 0 };
    leases.set(id, lease);
  }
  const own = lease;
  own.users++;
  return () => {
    own.users--;
    if (own.users === 0) void closeUnused(leases, own);
  };
}

/**
 * The document of that id, open from when the component has mounted until the last component that uses
 * it is gone; null in the first render and on a server. With `create` it comes into being when it does
 * not exist. What was typed is sent before it is closed.
 */
export function useDocument(id: string, { create }: { readonly create?: DocumentType } = {}): SharedDocument | null {
  const client = useClient();
  const subscribe = useCallback(() => acquire(client, id, create), [client, id, create]);
  const snapshot = (): SharedDocument | null => leasesOf(client).get(id)?.document ?? null;
  return useSyncExternalStore(subscribe, snapshot, () => null);
}

/** Calls back whenever one of the events is heard, and when the document has a text. */
function useEvents(
  document: SharedDocument | null,
  ...events: readonly ('change' | 'status' | 'members' | 'presence' | 'role')[]
): (notify: () => void) => () => void {
  const names = events.join();
  return useCallback(
    (notify: () => void) => {
      if (document === null) return () => undefined;
      let listening = true;
      document.ready.then(
        () => listening && notify(),
        () => listening && notify(),
      );
      const offs = names.split(',').map((name) => document.on(name as 'change', notify));
      return () => {
        listening = false;
        for (const off of offs) off();
      };
    },
    [document, names],
  );
}

/** The text of the document, with every edit at once; empty while there is none. */
export function useText(document: SharedDocument | null): string {
  const subscribe = useEvents(document, 'change', 'status');
  return useSyncExternalStore(
    subscribe,
    () => document?.text ?? '',
    () => '',
  );
}

/** What is true of the document right now: `connecting` while there is none. */
export function useStatus(document: SharedDocument | null): Status {
  const subscribe = useEvents(document, 'status');
  return useSyncExternalStore<Status>(
    subscribe,
    () => document?.status ?? 'connecting',
    () => 'connecting',
  );
}

const nobody: readonly RoomMember[] = [];

/** Everyone in the document, this client too, with ranges in the text as it is now. */
export function usePresence(document: SharedDocument | null): readonly RoomMember[] {
  const subscribe = useEvents(document, 'members', 'presence', 'change', 'status');
  const snapshot = useMemo(() => {
    let last = nobody;
    return (): readonly RoomMember[] => {
      const members = document?.members ?? nobody;
      // React asks whether it is the same list; the document makes a new one each time.
      if (!sameJson(members, last)) last = members;
      return last;
    };
  }, [document]);
  return useSyncExternalStore(subscribe, snapshot, () => nobody);
}

/** Whether there is something of one's own to undo and redo; `document.history` does it. */
export function useHistory(document: SharedDocument | null): { readonly canUndo: boolean; readonly canRedo: boolean } {
  const subscribe = useCallback(
    (notify: () => void) => document?.history.on('change', notify) ?? ((): void => undefined),
    [document],
  );
  const flags = useSyncExternalStore(
    subscribe,
    () => Number(document?.history.canUndo ?? false) + 2 * Number(document?.history.canRedo ?? false),
    () => 0,
  );
  return { canUndo: (flags & 1) !== 0, canRedo: (flags & 2) !== 0 };
}
