// Peers that transform operations. `delta` is [n to keep, -n to delete, "text"...].
import { ChangeSet, Text } from '@codemirror/state';
import otText from 'ot-text-unicode';
import QuillDelta from 'quill-delta';
import { composeTree } from './cases.mjs';

const Delta = QuillDelta.default ?? QuillDelta;
const textType = otText.type;

function patchDelta([position, deleted, inserted]) {
  const delta = [];
  if (position > 0) delta.push(position);
  if (inserted !== '') delta.push(inserted);
  if (deleted > 0) delta.push(-deleted);
  return delta;
}

// What the operational peers have in common: a peer gives delta, length, compose, apply, transform
// (over an earlier change) and transformLeft (over a later one).
function operational(peer) {
  return {
    log(patches) {
      let length = 0;
      return patches.map((patch) => {
        const change = peer.delta(patchDelta(patch), length);
        length += patch[2].length - patch[1];
        return change;
      });
    },
    replay(document, patches, deadline) {
      let length = 0;
      for (const patch of patches) {
        document = peer.apply(document, peer.delta(patchDelta(patch), length));
        length += patch[2].length - patch[1];
        deadline.look();
      }
      return document;
    },
    prepareSession: (operations) => operations.map(([, base, delta]) => ({ base, delta })),
    serve(document, operations, deadline) {
      const log = [];
      const lengths = [0]; // by revision, for changes that have to know it
      for (const { base, delta } of operations) {
        let change = peer.delta(delta, lengths[base]);
        for (let i = base; i < log.length; ++i) change = peer.transform(change, log[i]);
        log.push(change);
        document = peer.apply(document, change);
        lengths.push(peer.length(change, lengths[lengths.length - 1]));
        deadline.look();
      }
      return document;
    },
    prepareMerge({ text, left, right }) {
      const logOf = (patches) => {
        let length = text.length;
        return patches.map((patch) => {
          const change = peer.delta(patchDelta(patch), length);
          length += patch[2].length - patch[1];
          return change;
        });
      };
      const logs = { left: logOf(left), right: logOf(right) };
      const leftChange = composeTree(peer, logs.left, { look() {} });
      const rightChange = composeTree(peer, logs.right, { look() {} });
      // The other way round the diamond: what this peer's own rule for ties leads to.
      const leftOverRight = peer.transformLeft(leftChange, rightChange);
      const otherWay = peer.apply(peer.apply(peer.create(text), rightChange), leftOverRight);
      return { ...logs, server: peer.apply(peer.create(text), leftChange), text: peer.text(otherWay) };
    },
    mergeTarget: (prepared) => prepared.server,
    merge(server, { left, right }, deadline) {
      const change = peer.transform(composeTree(peer, right, deadline), composeTree(peer, left, deadline));
      return peer.apply(server, change);
    },
    ...peer,
  };
}

const formatsOf = (bits) => {
  const attributes = {};
  if (bits & 1) attributes.bold = true;
  if (bits & 2) attributes.italic = true;
  if (bits & 4) attributes.color = '#d33';
  return attributes;
};

export const quillDelta = operational({
  name: 'quill-delta',
  create: (text) => new Delta(text === '' ? [] : [{ insert: text }]),
  text: (document) => document.ops.map((op) => op.insert).join(''),
  delta(list) {
    const delta = new Delta();
    for (const part of list) {
      if (typeof part === 'string') delta.insert(part);
      else if (part > 0) delta.retain(part);
      else delta.delete(-part);
    }
    return delta;
  },
  length: (delta, length) => length + delta.changeLength(),
  compose: (first, second) => first.compose(second),
  transform: (delta, over) => over.transform(delta, true),
  transformLeft: (delta, over) => over.transform(delta, false),
  apply: (document, delta) => document.compose(delta),
  replayRich(document, edits, deadline) {
    for (const edit of edits) { // [position, deleted, inserted, formats] or [position, units, bold]
      const delta = new Delta().retain(edit[0]);
      if (edit.length === 3) delta.retain(edit[1], { bold: edit[2] ? true : null });
      else delta.insert(edit[2], formatsOf(edit[3])).delete(edit[1]);
      document = document.compose(delta);
      deadline.look();
    }
    return document;
  },
  canonical: (document) => canonical(document.ops),
});

/** As in bench/ot/inputs.cc: per run "<formats>:<text>\x1f". */
export function canonical(runs) {
  return runs
    .map(({ insert, attributes = {} }) => {
      const bits = (attributes.bold ? 1 : 0) | (attributes.italic ? 2 : 0) | (attributes.color ? 4 : 0);
      return `${bits}:${insert}\x1f`;
    })
    .join('');
}

export { formatsOf };

export const otTextUnicode = operational({
  name: 'ot-text-unicode',
  create: (text) => text,
  text: (document) => document,
  delta: (list) => list.map((part) => (typeof part === 'number' && part < 0 ? { d: -part } : part)),
  length: (delta, length) => {
    for (const part of delta) {
      if (typeof part === 'string') length += part.length;
      else if (typeof part === 'object') length -= part.d;
    }
    return length;
  },
  compose: (first, second) => textType.compose(first, second),
  transform: (delta, over) => textType.transform(delta, over, 'right'),
  transformLeft: (delta, over) => textType.transform(delta, over, 'left'),
  apply: (document, delta) => textType.apply(document, delta),
});

// Lines are its own affair: a text is split once, as its editor does.
const lines = (text) => Text.of(text.split('\n'));

export const codeMirror = operational({
  name: '@codemirror/state',
  create: lines,
  text: (document) => document.toString(),
  delta(list, length) {
    const changes = [];
    let position = 0;
    for (let i = 0; i < list.length; ++i) {
      const part = list[i];
      if (typeof part === 'number' && part > 0) {
        position += part;
        continue;
      }
      let insert = '';
      let deleted = 0;
      if (typeof part === 'string') insert = part;
      else deleted = -part;
      if (insert !== '' && list[i + 1] < 0) deleted = -list[++i];
      changes.push({ from: position, to: position + deleted, insert: lines(insert) });
      position += deleted;
    }
    return ChangeSet.of(changes, length);
  },
  length: (change) => change.newLength,
  compose: (first, second) => first.compose(second),
  transform: (change, over) => change.map(over, false),
  transformLeft: (change, over) => change.map(over, true),
  apply: (document, change) => change.apply(document),
  memory: true,
});
