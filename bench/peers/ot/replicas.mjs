// Peers that keep a replicated text (CRDTs). diamond-types and Loro are optional packages.
import * as Y from 'yjs';
import { canonical, formatsOf } from './operational.mjs';

function typeYjs(text, [position, deleted, inserted]) {
  if (deleted > 0) text.delete(position, deleted);
  if (inserted !== '') text.insert(position, inserted);
}

// `client` fixes the number that decides ties, so that runs are alike.
function yjsDocument(client) {
  const document = new Y.Doc();
  document.clientID = client;
  return document;
}

export const yjs = {
  name: 'yjs',
  replicated: true,
  create: () => yjsDocument(1000), // nobody's number in a session
  text: (document) => document.getText('t').toString(),
  replay(document, patches, deadline) {
    const text = document.getText('t');
    for (const patch of patches) {
      document.transact(() => typeYjs(text, patch));
      deadline.look();
    }
    return document;
  },
  replayRich(document, edits, deadline) {
    const text = document.getText('t');
    const none = { bold: null, italic: null, color: null };
    for (const edit of edits) {
      document.transact(() => {
        if (edit.length === 3) {
          text.format(edit[0], edit[1], { bold: edit[2] ? true : null });
        } else {
          if (edit[1] > 0) text.delete(edit[0], edit[1]);
          // All named, or the text would take on the formats around it.
          if (edit[2] !== '') text.insert(edit[0], edit[2], { ...none, ...formatsOf(edit[3]) });
        }
      });
      deadline.look();
    }
    return document;
  },
  canonical: (document) => canonical(document.getText('t').toDelta()),
  // Every author's replica types its operation where coedit's base says, and sends an update.
  prepareSession(operations) {
    const replicas = new Map();
    const updates = [];
    for (const [author, base, delta] of operations) {
      let replica = replicas.get(author);
      if (replica === undefined) {
        replica = { document: yjsDocument(author), seen: 0 };
        replicas.set(author, replica);
      }
      for (; replica.seen < base; ++replica.seen) Y.applyUpdate(replica.document, updates[replica.seen]);
      const send = (update) => updates.push(update);
      replica.document.on('update', send);
      replica.document.transact(() => {
        const text = replica.document.getText('t');
        let position = 0;
        for (const part of delta) {
          if (typeof part === 'string') {
            text.insert(position, part);
            position += part.length;
          } else if (part > 0) {
            position += part;
          } else {
            text.delete(position, -part);
          }
        }
      });
      replica.document.off('update', send);
    }
    const [{ document, seen }] = replicas.values();
    for (let i = seen; i < updates.length; ++i) Y.applyUpdate(document, updates[i]);
    return { updates, text: yjs.text(document) };
  },
  serve(document, { updates }, deadline) {
    for (const update of updates) {
      Y.applyUpdate(document, update);
      deadline.look();
    }
    return document;
  },
  // The server holds the left branch, the update of the right one arrives.
  prepareMerge({ text, left, right }) {
    const base = yjsDocument(1);
    base.getText('t').insert(0, text);
    const start = Y.encodeStateAsUpdate(base);
    const branch = (client, patches) => {
      const document = yjsDocument(client);
      Y.applyUpdate(document, start);
      yjs.replay(document, patches, { look() {} });
      return document;
    };
    const leftDocument = branch(2, left);
    const rightDocument = branch(3, right);
    const update = Y.encodeStateAsUpdate(rightDocument, Y.encodeStateVector(base));
    const server = Y.encodeStateAsUpdate(leftDocument);
    Y.applyUpdate(rightDocument, Y.encodeStateAsUpdate(leftDocument, Y.encodeStateVector(rightDocument)));
    return { server, update, text: yjs.text(rightDocument) };
  },
  mergeTarget({ server }) {
    const document = yjsDocument(4);
    Y.applyUpdate(document, server);
    return document;
  },
  merge(document, { update }) {
    Y.applyUpdate(document, update);
    return document;
  },
  memory: true,
};

export async function diamondTypes() {
  const { Doc } = await import('diamond-types-node');
  const peer = {
    name: 'diamond-types-node',
    replicated: true,
    create: () => new Doc('server'),
    text: (document) => document.get(),
    replay(document, patches, deadline) {
      for (const [position, deleted, inserted] of patches) {
        if (deleted > 0) document.del(position, deleted);
        if (inserted !== '') document.ins(position, inserted);
        deadline.look();
      }
      return document;
    },
    prepareMerge({ text, left, right }) {
      const base = new Doc('base');
      base.ins(0, text);
      const start = base.toBytes();
      const branch = (agent, patches) =>
        peer.replay(Doc.fromBytes(start, agent), patches, { look() {} });
      const leftDocument = branch('left', left);
      const rightDocument = branch('right', right);
      const update = rightDocument.getPatchSince(base.getLocalVersion());
      const server = leftDocument.toBytes();
      rightDocument.mergeBytes(leftDocument.getPatchSince(base.getLocalVersion()));
      const merged = rightDocument.get();
      for (const document of [base, leftDocument, rightDocument]) document.free();
      return { server, update, text: merged };
    },
    mergeTarget: ({ server }) => Doc.fromBytes(server, 'server'),
    merge(document, { update }) {
      document.mergeBytes(update);
      return document;
    },
  };
  return peer;
}

export async function loro() {
  const { LoroDoc } = await import('loro-crdt');
  const make = (peerId) => {
    const document = new LoroDoc();
    document.setPeerId(peerId);
    return document;
  };
  const peer = {
    name: 'loro-crdt',
    replicated: true,
    create: () => make('1'),
    text: (document) => document.getText('t').toString(),
    replay(document, patches, deadline) {
      const text = document.getText('t');
      for (const [position, deleted, inserted] of patches) {
        if (deleted > 0) text.delete(position, deleted);
        if (inserted !== '') text.insert(position, inserted);
        deadline.look();
      }
      document.commit();
      return document;
    },
    prepareMerge({ text, left, right }) {
      const base = make('1');
      base.getText('t').insert(0, text);
      base.commit();
      const start = base.export({ mode: 'snapshot' });
      const branch = (peerId, patches) => {
        const document = make(peerId);
        document.import(start);
        return peer.replay(document, patches, { look() {} });
      };
      const leftDocument = branch('2', left);
      const rightDocument = branch('3', right);
      const from = base.version();
      const update = rightDocument.export({ mode: 'update', from });
      const server = leftDocument.export({ mode: 'snapshot' });
      rightDocument.import(leftDocument.export({ mode: 'update', from }));
      return { server, update, text: peer.text(rightDocument) };
    },
    mergeTarget({ server }) {
      const document = make('4');
      document.import(server);
      document.getText('t').toString();
      return document;
    },
    merge(document, { update }) {
      document.import(update);
      return document;
    },
  };
  return peer;
}
