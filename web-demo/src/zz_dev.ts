import './styles/base.css';
import './styles/document.css';
import './styles/editor.css';
import { Delta, connect } from 'coedit';
import { MemoryServer } from 'coedit/testing';
import type { StoredOperation } from 'coedit/http';
import { openHistory } from './history/history_panel.js';
import { authoredBy, authoredText, composed } from './history/revision_store.js';
import type { HistoryApi } from './history/revision_source.js';

const q = new URLSearchParams(location.search);
const kind = q.get('kind') === 'codemirror' ? 'codemirror' : 'quill';
const latency = Number(q.get('latency') ?? 5);
const people = [{ author: 1, name: 'Ada Brandt', color: '#af42c0' }, { author: 2, name: 'Jonas', color: '#c34c10' }, { author: 3, name: 'Mira Holm', color: '#128075' }];
let ops: StoredOperation[] = [];
const start = Date.now() - 40 * 3600_000;
let t = start;
function add(delta: Delta, author: number, gap = 300): void {
  t += gap;
  ops.push({ revision: ops.length + 1, author, sequence: 1, atMs: t, delta });
}
if (q.has('trace')) {
  const patches = (await (await fetch('/@fs/tmp/trace.json')).json()) as [number, number, string][];
  patches.forEach(([p, d, s], i) => add(new Delta().retain(p).insert(s).delete(d), 1 + (Math.floor(i / 4000) % 3)));
} else if (!q.has('empty')) {
  let doc = new Delta().insert('\n');
  const type = (text: string, author: number, attributes?: Record<string, unknown>, at?: number): void => {
    let pos = at ?? doc.length() - 1;
    for (const c of text) { const d = new Delta().retain(pos).insert(c, c === '\n' ? undefined : attributes); doc = doc.compose(d); add(d, author); pos++; }
  };
  const fmt = (at: number, n: number, a: Record<string, unknown>, author: number): void => { const d = new Delta().retain(at).retain(n, a); doc = doc.compose(d); add(d, author); };
  type('Weekend in the hills\n', 3); fmt(20, 1, { header: 1 }, 3);
  type('We take the 8:12 train on Saturday and walk from the last station to the hut. It is about four hours with a break at the lake.\n', 3);
  t += 3600_000 * 5;
  type('Who brings what\n', 1); fmt(doc.length() - 2, 1, { header: 2 }, 1);
  type('Maps and the big teapot\nBread, cheese, apples 🍎\nSomething warm for the evening\n', 1);
  fmt(doc.length() - 2, 1, { list: 'unchecked' }, 1);
  t += 3600_000 * 20;
  type('The hut has no electricity after ten, so bring a lamp.\nconst lamp = "on";\n', 2);
  fmt(doc.length() - 2, 1, { 'code-block': 'plain' }, 2);
  const i = 40; const d = new Delta().retain(i).delete(12).insert('Friday', { bold: true }); doc = doc.compose(d); add(d, 2);
}
const first = new Delta().insert(kind === 'quill' ? '\n' : '');
const base = new Map<number, Delta>([[0, first]]);
const abase = new Map<number, Delta>([[0, authoredText(first, [])]]);
function at(r: number): [Delta, Delta] {
  const p = Math.floor(r / 1000) * 1000;
  for (let k = 1000; k <= p; k += 1000) if (!base.has(k)) { const [a, b] = at2(k - 1000, k); base.set(k, a); abase.set(k, b); }
  return at2(p, r);
}
function at2(p: number, r: number): [Delta, Delta] {
  const slice = ops.slice(p, r);
  return [base.get(p)!.compose(composed(slice.map((o) => o.delta))), abase.get(p)!.compose(composed(slice.map((o) => authoredBy(o.delta, o.author))))];
}
at(ops.length);
const log: string[] = [];
(window as any).log = log;
const wait = async <T,>(w: string, f: () => T): Promise<T> => { log.push(w); await new Promise((d) => setTimeout(d, latency)); if (q.has('fail')) throw new Error('down'); return f(); };
let versions = [{ version: 1, name: 'First draft', revision: Math.floor(ops.length / 4), createdMs: start, by: 'Ada Brandt' }, { version: 2, name: 'Sent to the printer, after all', revision: Math.floor(ops.length * 0.8), createdMs: t, by: 'Jonas' }];
if (q.has('empty')) versions = [];
const api: HistoryApi = {
  get: (_, { revision = ops.length } = {}) => wait('get', () => ({ id: 'd', type: 'rich-text', revision, createdMs: start, changedMs: t, headRevision: ops.length, delta: at(revision)[0] })),
  operations: (_, { after = 0, limit = 100 } = {}) => wait('operations', () => ({ operations: ops.slice(after, after + limit), authors: people, headRevision: ops.length })),
  blame: (_, { revision = ops.length } = {}) => wait('blame', () => ({ revision, spans: at(revision)[1].ops.map((o) => ({ length: (o.insert as string).length, author: o.attributes!['author'] as number, revision: 0, atMs: 0 })), authors: people })),
  diff: (_, { from, to = ops.length }) => wait('diff', () => ({ from, to, before: at(from)[0], delta: composed(ops.slice(from, to).map((o) => o.delta)) })),
  timeline: () => wait('timeline', () => { const step = Math.max(1, Math.ceil(ops.length / 1000)); const pts = []; for (let r = step; r <= ops.length; r += step) pts.push(ops[r - 1]!); if (ops.length > 0 && pts.at(-1) !== ops.at(-1)) pts.push(ops.at(-1)!); return { headRevision: ops.length, createdMs: start, changedMs: t, points: pts, authors: people }; }),
  versions: () => wait('versions', () => versions),
  addVersion: (_, { name, revision = 0 }) => wait('add', () => ({ version: 9, name, revision, createdMs: Date.now(), by: 'me' })),
  deleteVersion: () => wait('del', () => undefined),
};
const server = new MemoryServer();
server.create('d', kind === 'quill' ? 'rich-text' : 'plain-text');
const client = connect(server.url, { WebSocket: server.WebSocket, name: 'Mira Holm' });
const doc2 = client.open('d');
await doc2.ready;
if (ops.length > 0) doc2.apply(kind === 'quill' ? [...at(ops.length)[0].ops.slice(0, -1)] : at(ops.length)[0].ops);
(window as any).panel = openHistory({ api, document: doc2, editorKind: kind, host: document.getElementById('host')!, onClose: () => console.log('closed') });
(window as any).doc2 = doc2;
