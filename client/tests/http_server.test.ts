// The HTTP API as typed here, against the server's own program: every call, and what it refuses.
import WebSocketOfNode from 'ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../src/client.js';
import { Delta } from '../src/delta.js';
import { DocumentsApi, randomClientId } from '../src/http.js';
import { RealServer, isBuilt } from './support/real_server.js';

describe.skipIf(!isBuilt)('the real server', () => {
  let server: RealServer;
  let api: DocumentsApi;
  let clientId: string;

  beforeAll(async () => {
    server = await RealServer.start();
    api = new DocumentsApi(server.url);
    clientId = await randomClientId();
  });
  afterAll(() => server.stop());

  test('documents are made, listed, renamed, copied and deleted', async () => {
    const made = await api.create({ id: 'a-list', type: 'plain-text', title: 'Shopping', content: 'milk' });
    expect(made).toMatchObject({ id: 'a-list', type: 'plain-text', title: 'Shopping', revision: 0 });
    await expect(api.create({ id: 'a-list' })).rejects.toMatchObject({ name: 'RefusedError', code: 'already_exists' });
    const nameless = await api.create();
    expect(nameless.title).toBeUndefined();
    expect(await api.rename('a-list', 'Errands')).toMatchObject({ title: 'Errands' });
    expect((await api.copy('a-list', { id: 'a-copy' })).id).toBe('a-copy');
    const first = await api.list({ prefix: 'a-', limit: 1 });
    expect(first.documents.map(({ id }) => id)).toEqual(['a-copy']);
    expect(first.next).toBeDefined();
    const rest = await api.list({ prefix: 'a-', ...(first.next !== undefined && { after: first.next }) });
    expect([rest.documents.map(({ id }) => id), rest.next]).toEqual([['a-list'], undefined]);
    expect((await api.list({ search: 'ERRAND' })).documents.map(({ id }) => id)).toContain('a-list');
    expect((await api.rename('a-list', null)).title).toBeUndefined();
    await api.delete('a-copy');
    await expect(api.get('a-copy')).rejects.toMatchObject({ name: 'RefusedError', code: 'no_such_document', retry: false });
  });

  test('edits, their history, and the way back', async () => {
    await api.create({ id: 'letter', content: new Delta().insert('Dear', { bold: true }).insert('\n') });
    const edit = { clientId, sequence: 1, revision: 0, delta: new Delta().retain(4).insert(' Ada'), name: 'Bot', color: '#218241' };
    const submitted = await api.submit('letter', edit);
    expect(submitted.revision).toBe(1);
    // The same again is the same answer, another under its name is refused.
    expect(await api.submit('letter', edit)).toEqual(submitted);
    await expect(api.submit('letter', { ...edit, delta: [{ insert: 'x' }] })).rejects.toMatchObject({ name: 'RejectedError', code: 'sequence_conflict' });
    await expect(api.submit('letter', { ...edit, sequence: 2, delta: [{ delete: 99 }] })).rejects.toMatchObject({ name: 'RejectedError', code: 'invalid_operation' });
    await api.submit('letter', { ...edit, sequence: 3, revision: 1, delta: [{ delete: 4 }, { insert: 'Hi' }] });

    const head = await api.get('letter');
    expect(head).toMatchObject({ revision: 2, headRevision: 2, type: 'rich-text' });
    const before = await api.get('letter', { revision: 1 });
    expect(before.delta).toEqual(new Delta().insert('Dear', { bold: true }).insert(' Ada\n'));
    expect((await api.get('letter', { atMs: head.atMs ?? 0 })).revision).toBe(2);
    expect(await api.text('letter', { revision: 1 })).toBe('Dear Ada\n');
    expect(await api.html('letter', { revision: 1 })).toContain('<strong>Dear</strong> Ada');
    expect(await api.markdown('letter', { revision: 1 })).toContain('**Dear** Ada');

    const page = await api.operations('letter', { after: 0, limit: 1 });
    expect(page.operations).toMatchObject([{ revision: 1, author: submitted.author, sequence: 1 }]);
    expect([page.headRevision, page.next]).toEqual([2, 1]);
    expect(page.authors).toMatchObject([{ author: submitted.author, name: 'Bot', color: '#218241' }]);
    expect(before.delta.compose((await api.operations('letter', { after: 1 })).operations[0]?.delta ?? new Delta())).toEqual(head.delta);

    const blame = await api.blame('letter', { revision: 1 });
    expect(blame.spans.map(({ length, author }) => [length, author])).toEqual([[4, 0], [4, submitted.author], [1, 0]]);
    const diff = await api.diff('letter', { from: 0 });
    expect([diff.from, diff.to, diff.before.compose(diff.delta)]).toEqual([0, 2, head.delta]);
    const timeline = await api.timeline('letter', { points: 10 });
    expect(timeline.headRevision).toBe(2);
    expect(timeline.points.at(-1)).toMatchObject({ revision: 2, author: submitted.author });

    const named = await api.addVersion('letter', { name: 'First', revision: 1, by: 'Ada' });
    expect(named).toMatchObject({ name: 'First', revision: 1, by: 'Ada' });
    expect(await api.versions('letter')).toEqual([named]);
    await api.deleteVersion('letter', named.version);
    expect(await api.versions('letter')).toEqual([]);

    expect((await api.restore('letter', { revision: 1, clientId, sequence: 4 })).revision).toBe(3);
    expect(await api.text('letter')).toBe('Dear Ada\n');
  });

  test('who is there, and that they see what comes over HTTP', async () => {
    await api.create({ id: 'room', type: 'plain-text' });
    expect(await api.members('room')).toEqual([]);
    const client = connect(server.url, { WebSocket: WebSocketOfNode, name: 'Ada', color: '#af42c0' });
    const document = client.open('room');
    await document.ready;
    expect(await api.members('room')).toMatchObject([{ name: 'Ada', color: '#af42c0' }]);
    const changed = new Promise((done) => void document.on('change', done));
    await api.submit('room', { clientId, sequence: 1, revision: 0, delta: [{ insert: 'Hello' }] });
    await changed;
    expect(document.text).toBe('Hello');
    client.close();
  });
});

test('a server that is not there', async () => {
  // Port 9 is discard: nothing listens.
  await expect(new DocumentsApi('http://127.0.0.1:9').list()).rejects.toMatchObject({ name: 'ConnectionError', code: 'unreachable' });
});
