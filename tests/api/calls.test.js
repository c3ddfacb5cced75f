// Every call with what it is made for, and what it must refuse.
import Delta from 'quill-delta';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { Contract, Editor } from './contract.js';
import { ServerProcess } from './server_process.js';

let server;
let api;
beforeAll(async () => {
  server = await ServerProcess.start(['api_writes_per_second=0', 'document_units=100000']);
  api = await Contract.of(server);
});
afterAll(async () => expect(await server.end()).toBe(0));

const status = async (answer) => (await answer).status;

describe('documents', () => {
  test('are made, shown, listed, named, copied and deleted', async () => {
    const made = await api.call('POST', '/v1/documents', { id: 'notes', title: 'Meine Notizen', content: 'Hello' });
    expect(made.status).toBe(201);
    expect(made.headers.location).toBe('/v1/documents/notes');
    expect(await status(api.call('POST', '/v1/documents', { id: 'notes' }))).toBe(409);
    const anonymous = await api.call('POST', '/v1/documents', {});
    expect(anonymous.status).toBe(201);
    const shown = await api.call('GET', anonymous.headers.location);
    expect(shown.json.delta.ops).toEqual([{ insert: '\n' }]);
    const listed = await api.call('GET', '/v1/documents?search=NOTIZEN');
    expect(listed.json.documents.map(({ id }) => id)).toEqual(['notes']);
    const page = await api.call('GET', '/v1/documents?limit=1');
    expect(page.json.next).toBe(page.json.documents[0].id);
    expect((await api.call('PATCH', '/v1/documents/notes', { title: '日記' })).json.title).toBe('日記');
    expect((await api.call('PATCH', '/v1/documents/notes', { title: null })).json.title).toBe(null);
    const copy = await api.call('POST', '/v1/documents/notes/copy', { id: 'copied', title: 'Copy' });
    expect(copy.status).toBe(201);
    expect((await api.call('GET', '/v1/documents/copied?format=text')).body).toBe('Hello\n');
    expect(await status(api.call('DELETE', '/v1/documents/copied'))).toBe(204);
    expect(await status(api.call('GET', '/v1/documents/copied'))).toBe(404);
    expect(await status(api.call('DELETE', '/v1/documents/copied'))).toBe(404);
    expect(await status(api.call('POST', '/v1/documents', { id: 'copied' }))).toBe(201);
  });

  test('come as they are asked for', async () => {
    await api.call('POST', '/v1/documents', {
      id: 'forms',
      content: { ops: [{ insert: '<script>alert(1)</script>' }, { insert: '\n', attributes: { header: 1 } }] },
    });
    const as = (accept) => api.call('GET', '/v1/documents/forms', undefined, { Accept: accept });
    expect((await as('text/plain')).body).toBe('<script>alert(1)</script>\n');
    const page = await as('text/html');
    expect(page.body).toContain('<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1>');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect((await as('text/markdown')).body).toBe('# \\<script\\>alert(1)\\</script\\>\n');
    expect(await status(as('image/png'))).toBe(406);
    expect((await as('*/*')).headers['coedit-revision']).toBe('0');
    for (const format of ['json', 'text', 'html', 'markdown']) {
      expect(await status(api.call('GET', `/v1/documents/forms?format=${format}`))).toBe(200);
      const head = await api.call('HEAD', `/v1/documents/forms?format=${format}`);
      expect([head.status, Number(head.headers['content-length']) > 0]).toEqual([200, true]);
    }
  });

  test('that are deleted close for those who have them open', async () => {
    await api.call('POST', '/v1/documents', { id: 'doomed', type: 'plain-text' });
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/v1/ws`, 'coedit.v1.json');
    const closed = new Promise((resolve) => {
      socket.on('message', async (data) => {
        for (const message of JSON.parse(data).messages) {
          if (message.opened) {
            const { json } = await api.call('GET', '/v1/documents/doomed/members');
            expect(json.members.map(({ name }) => name)).toEqual(['Bob']);
            await api.call('DELETE', '/v1/documents/doomed');
          }
          if (message.closed) resolve(message.closed);
        }
      });
    });
    socket.on('open', () => {
      const hello = { protocol: 1, clientId: 'b'.repeat(32), attempt: 1, sdk: 'test', name: 'Bob' };
      socket.send(JSON.stringify({ messages: [{ hello }, { open: { request: 1, document: 'doomed' } }] }));
    });
    expect(await closed).toMatchObject({ code: 'no_such_document', retry: false });
    socket.terminate();
  });
});

describe('history', () => {
  let ada;
  let texts;
  beforeAll(async () => {
    await api.call('POST', '/v1/documents', { id: 'history' });
    ada = new Editor(api, 'history', 'Ada');
    const bob = new Editor(api, 'history', 'Bob');
    let text = new Delta([{ insert: '\n' }]);
    texts = [text];
    for (let at = 0; at < 40; ++at) {
      const ops = at % 7 === 6
        ? [{ retain: 2, attributes: { bold: at % 2 === 0 ? true : null } }, { delete: 3 }]
        : at % 5 === 4 ? [{ insert: { image: 'https://a.example/i.png' } }] : [{ insert: `word ${at} 😀 ` }];
      const edited = await (at % 3 === 0 ? bob : ada).edit(at, ops);
      expect(edited.json).toMatchObject({ revision: at + 1 });
      text = text.compose(new Delta(ops));
      texts.push(text);
    }
  });

  test('is shown at every revision and time', async () => {
    const { json: page } = await api.call('GET', '/v1/documents/history/operations?limit=1000');
    for (const [revision, text] of texts.entries()) {
      const { json } = await api.call('GET', `/v1/documents/history?revision=${revision}`);
      expect(json.delta.ops).toEqual(text.ops);
      if (revision > 0) expect(json.atMs).toBe(page.operations[revision - 1].atMs);
    }
    const at = await api.call('GET', `/v1/documents/history?at=${page.operations[19].atMs}`);
    expect(at.json.revision).toBeGreaterThanOrEqual(20);
    expect(await status(api.call('GET', '/v1/documents/history?revision=41'))).toBe(400);
  });

  test('comes in pages that make the text', async () => {
    let text = texts[0];
    let after = 0;
    for (;;) {
      const { json } = await api.call('GET', `/v1/documents/history/operations?after=${after}&limit=7`);
      for (const { delta } of json.operations) text = text.compose(new Delta(delta.ops));
      expect(json.authors.map(({ name }) => name).sort()).toEqual(['Ada', 'Bob']);
      if (json.next === undefined) break;
      after = json.next;
    }
    expect(text.ops).toEqual(texts.at(-1).ops);
  });

  test('is compared', async () => {
    for (let at = 0; at < 30; ++at) {
      const from = (at * 7) % 41;
      const to = (at * 13) % 41;
      const { json } = await api.call('GET', `/v1/documents/history/diff?from=${from}&to=${to}`);
      expect(json.before.ops).toEqual(texts[from].ops);
      expect(new Delta(json.before.ops).compose(new Delta(json.delta.ops)).ops).toEqual(texts[to].ops);
    }
    expect(await status(api.call('GET', '/v1/documents/history/diff?from=0&to=41'))).toBe(400);
    expect(await status(api.call('GET', '/v1/documents/history/diff?to=3'))).toBe(400);
  });

  test('names the authors of each span', async () => {
    for (const revision of [0, 1, 17, 40, 12]) {
      const { json } = await api.call('GET', `/v1/documents/history/blame?revision=${revision}`);
      expect(json.spans.reduce((sum, { length }) => sum + length, 0)).toBe(texts[revision].length());
      expect(json.spans.at(-1)).toMatchObject({ length: 1, author: 0, revision: 0 });
    }
  });

  test('has points for a slider', async () => {
    const { json } = await api.call('GET', '/v1/documents/history/timeline?points=10');
    expect(json.points.length).toBe(10);
    expect(json.points.at(-1).revision).toBe(40);
    expect(await status(api.call('GET', '/v1/documents/history/timeline?points=1001'))).toBe(400);
  });

  test('has versions', async () => {
    const path = '/v1/documents/history/versions';
    const draft = await api.call('POST', path, { name: 'Draft', revision: 20, by: 'Ada' });
    expect(draft.status).toBe(201);
    expect((await api.call('POST', path, { name: 'Now' })).json).toMatchObject({ revision: 40, by: null });
    const { json } = await api.call('GET', path);
    expect(json.versions.map(({ name }) => name)).toEqual(['Draft', 'Now']);
    expect(await status(api.call('DELETE', `${path}/${draft.json.version}`))).toBe(204);
    expect(await status(api.call('DELETE', `${path}/${draft.json.version}`))).toBe(404);
    expect(await status(api.call('POST', path, { name: 'Later', revision: 41 }))).toBe(400);
    expect(await status(api.call('POST', path, { name: 'x'.repeat(257) }))).toBe(400);
  });

  test('is restored as an ordinary edit', async () => {
    const restored = await ada.restore(17);
    expect(restored.json.revision).toBe(41);
    expect((await api.call('GET', '/v1/documents/history')).json.delta.ops).toEqual(texts[17].ops);
    expect((await ada.restore(17, ada.sequence)).json).toEqual(restored.json);
    expect(await status(ada.restore(16, ada.sequence))).toBe(422);
    expect((await ada.restore(17)).json.revision).toBe(41);
    expect(await status(ada.restore(99))).toBe(400);
  });
});

describe('edits', () => {
  test('that are wrong are refused by name', async () => {
    await api.call('POST', '/v1/documents', { id: 'edits', type: 'plain-text' });
    const ada = new Editor(api, 'edits');
    const code = async (answer) => (await answer).json.error.code;
    expect(await code(ada.edit(0, [{ delete: 1 }]))).toBe('invalid_operation');
    expect(await code(ada.edit(9, [{ insert: 'x' }]))).toBe('invalid_operation');
    expect(await code(ada.edit(0, []))).toBe('invalid_operation');
    expect(await code(ada.edit(0, [{ insert: 'x', attributes: { bold: true } }]))).toBe('invalid_operation');
    expect(await code(ada.edit(0, [{ insert: 'x'.repeat(100_001) }]))).toBe('document_limit');
    const operation = ada.operation(0, [{ insert: 'x' }]);
    expect(await status(ada.send(operation))).toBe(200);
    expect(await code(ada.send({ ...operation, revision: 1 }))).toBe('sequence_conflict');
    expect(await code(ada.send({ ...operation, sequence: operation.sequence - 1 }))).toBe('stale_sequence');
    expect(await code(new Editor(api, 'nowhere').edit(0, [{ insert: 'x' }]))).toBe('no_such_document');
  });

  test('of many at once come one after another', async () => {
    await api.call('POST', '/v1/documents', { id: 'crowd', type: 'plain-text' });
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, at) => new Editor(api, 'crowd', `N${at}`).edit(0, [{ insert: `<${at}>` }])),
    );
    expect(answers.map(({ status }) => status).filter((one) => one !== 200)).toEqual([]);
    expect(answers.map(({ json }) => json.revision).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 60 }, (_, at) => at + 1),
    );
    const { body } = await api.call('GET', '/v1/documents/crowd?format=text');
    expect(body.match(/<\d+>/g).length).toBe(60);
  });
});

test('every call of the description was made, and refused', () => {
  const missing = [];
  for (const calls of Object.values(api.description.paths)) {
    for (const [method, call] of Object.entries(calls)) {
      if (method === 'parameters') continue;
      const answered = [...api.seen].filter((one) => one.startsWith(`${call.operationId} `));
      if (!answered.some((one) => / 20\d$/.test(one))) missing.push(`${call.operationId}: no success`);
    }
  }
  // Served by the contract itself.
  expect(missing).toEqual(['getOpenApi: no success']);
});
