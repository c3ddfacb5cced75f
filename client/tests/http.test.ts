// The calls of the HTTP API as they leave the client, and what it makes of the answers.
import { describe, expect, test } from 'vitest';
import { Delta } from '../src/delta.js';
import { ConnectionError, EditError, ProtocolError, RefusedError, RejectedError } from '../src/errors.js';
import { DocumentsApi, randomClientId } from '../src/http.js';

interface Asked {
  readonly method: string;
  /** Path and query. */
  readonly at: string;
  readonly accept: string | null;
  readonly body: unknown;
}
interface Answer {
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: unknown;
}

/** An API whose server gives this answer, and what it was asked. */
function answering(answer: Answer | ((asked: Asked) => Answer), url = 'http://h.example'): { api: DocumentsApi; asked: Asked[] } {
  const asked: Asked[] = [];
  const fake = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const { origin, pathname, search } = new URL(String(input));
    expect(origin).toBe(new URL(url).origin);
    const headers = new Headers(init.headers);
    if (init.body !== undefined) expect(headers.get('content-type')).toBe('application/json');
    init.signal?.throwIfAborted();
    const call: Asked = {
      method: init.method ?? 'GET',
      at: pathname + search,
      accept: headers.get('accept'),
      body: init.body === undefined ? undefined : (JSON.parse(init.body as string) as unknown),
    };
    asked.push(call);
    const { status = 200, headers: answered = {}, body } = typeof answer === 'function' ? answer(call) : answer;
    const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
    return new Response(text, { status, headers: answered });
  };
  return { api: new DocumentsApi(url, { fetch: fake as typeof fetch }), asked };
}

const info = { id: 'a', type: 'rich-text', title: null, revision: 3, createdMs: 1, changedMs: 2 };
const authors = [{ author: 1, name: 'Ada', color: '#af42c0' }];
const submitted = { revision: 4, digest: '00c0ffee', author: 1 };
const clientId = 'ab'.repeat(16);

describe('what is asked', () => {
  test('documents', async () => {
    const { api, asked } = answering(({ method, at }) =>
      method === 'DELETE' ? { status: 204 } : at.includes('?') || !/documents$/.test(at) || method === 'POST' ? { body: info } : { body: { documents: [info] } },
    );
    await api.create();
    await api.create({ id: 'a', type: 'plain-text', title: 'T', content: 'text' });
    await api.create({ content: new Delta().insert('b', { bold: true }) });
    await api.list();
    await api.rename('a', 'New');
    await api.rename('a', null);
    await api.copy('a', { id: 'b', revision: 2 });
    await api.delete('a');
    expect(asked.map(({ method, at, body }) => [method, at, body])).toEqual([
      ['POST', '/v1/documents', {}],
      ['POST', '/v1/documents', { id: 'a', type: 'plain-text', title: 'T', content: 'text' }],
      ['POST', '/v1/documents', { content: { ops: [{ insert: 'b', attributes: { bold: true } }] } }],
      ['GET', '/v1/documents', undefined],
      ['PATCH', '/v1/documents/a', { title: 'New' }],
      ['PATCH', '/v1/documents/a', { title: null }],
      ['POST', '/v1/documents/a/copy', { id: 'b', revision: 2 }],
      ['DELETE', '/v1/documents/a', undefined],
    ]);
  });

  test('the list, with all there is to say, and what is safe to say', async () => {
    const { api, asked } = answering({ body: { documents: [], next: 'm' } });
    expect(await api.list({ prefix: 'a&b=', search: 'ä +%', after: 'x', limit: 500 })).toEqual({ documents: [], next: 'm' });
    const { searchParams } = new URL(`http://h${asked[0]?.at}`);
    expect([...searchParams]).toEqual([['prefix', 'a&b='], ['search', 'ä +%'], ['after', 'x'], ['limit', '500']]);
  });

  test('texts', async () => {
    const { api, asked } = answering(({ accept }) =>
      accept === 'application/json' ? { body: { ...info, headRevision: 9, delta: { ops: [{ insert: 'x\n' }] }, atMs: 5 } } : { body: '<p>x</p>' },
    );
    const snapshot = await api.get('a', { revision: 3 });
    expect(snapshot).toEqual({ id: 'a', type: 'rich-text', revision: 3, createdMs: 1, changedMs: 2, headRevision: 9, delta: new Delta().insert('x\n'), atMs: 5 });
    expect(snapshot.delta).toBeInstanceOf(Delta);
    await api.text('a');
    expect(await api.html('a', { atMs: 7 })).toBe('<p>x</p>');
    await api.markdown('a', { revision: 0 });
    expect(asked.map(({ at, accept }) => [at, accept])).toEqual([
      ['/v1/documents/a?revision=3', 'application/json'],
      ['/v1/documents/a', 'text/plain'],
      ['/v1/documents/a?at=7', 'text/html'],
      ['/v1/documents/a?revision=0', 'text/markdown'],
    ]);
  });

  test('edits', async () => {
    const { api, asked } = answering({ body: submitted });
    expect(await api.submit('a', { clientId, sequence: 1, revision: 3, delta: [{ insert: 'x' }], name: 'Bot' })).toEqual(submitted);
    expect(await api.restore('a', { revision: 2, clientId, sequence: 2 })).toEqual(submitted);
    expect(asked.map(({ method, at, body }) => [method, at, body])).toEqual([
      ['POST', '/v1/documents/a/operations', { clientId, sequence: 1, revision: 3, delta: { ops: [{ insert: 'x' }] }, name: 'Bot' }],
      ['POST', '/v1/documents/a/restore', { revision: 2, clientId, sequence: 2 }],
    ]);
    expect(await randomClientId()).toMatch(/^[0-9a-f]{32}$/);
  });

  test('the past', async () => {
    const operation = { revision: 1, author: 1, sequence: 1, atMs: 3, delta: { ops: [{ retain: 1 }, { delete: 2 }] } };
    const version = { version: 2, name: 'v', revision: 1, createdMs: 5, by: null };
    const { api, asked } = answering(({ method, at }) => {
      if (method === 'DELETE') return { status: 204 };
      if (at.includes('/operations')) return { body: { operations: [operation], authors, headRevision: 9, next: 1 } };
      if (at.includes('/blame')) return { body: { revision: 1, spans: [{ length: 4, author: 1, revision: 1, atMs: 3 }], authors } };
      if (at.includes('/diff')) return { body: { from: 0, to: 1, delta: { ops: [{ insert: 'x' }] }, before: { ops: [] } } };
      if (at.includes('/members')) return { body: { members: [] } };
      if (at.includes('/timeline')) return { body: { headRevision: 9, createdMs: 1, changedMs: 2, points: [{ revision: 9, atMs: 2, author: 1 }], authors } };
      return { body: method === 'POST' ? version : { versions: [version] } };
    });
    const page = await api.operations('a', { after: 0, limit: 1 });
    expect(page).toEqual({ operations: [{ ...operation, delta: new Delta().retain(1).delete(2) }], authors, headRevision: 9, next: 1 });
    expect((await api.blame('a')).spans).toEqual([{ length: 4, author: 1, revision: 1, atMs: 3 }]);
    expect((await api.diff('a', { from: 0, to: 1 })).delta.ops).toEqual([{ insert: 'x' }]);
    const named = { version: 2, name: 'v', revision: 1, createdMs: 5 };
    expect(await api.versions('a')).toEqual([named]);
    expect(await api.addVersion('a', { name: 'v', by: 'Ada' })).toEqual(named);
    await api.deleteVersion('a', 2);
    expect(await api.members('a')).toEqual([]);
    expect((await api.timeline('a', { points: 10 })).points).toEqual([{ revision: 9, atMs: 2, author: 1 }]);
    expect(asked.map(({ method, at }) => `${method} ${at}`)).toEqual([
      'GET /v1/documents/a/operations?after=0&limit=1',
      'GET /v1/documents/a/blame',
      'GET /v1/documents/a/diff?from=0&to=1',
      'GET /v1/documents/a/versions',
      'POST /v1/documents/a/versions',
      'DELETE /v1/documents/a/versions/2',
      'GET /v1/documents/a/members',
      'GET /v1/documents/a/timeline?points=10',
    ]);
  });

  test('of a server below a path; and no other address', async () => {
    const { api, asked } = answering({ body: { documents: [] } }, 'https://h.example/notes?x#y');
    await api.list();
    expect(asked[0]?.at).toBe('/notes/v1/documents');
    for (const url of ['', 'notes', 'ws://h.example', 'file:///x']) expect(() => new DocumentsApi(url), url).toThrow(ConnectionError);
  });

  test('nothing for an id that is none', async () => {
    const { api, asked } = answering({ body: info });
    for (const id of ['', '..', '.', 'a/b', 'a?b', 'ä', 'a'.repeat(129)]) await expect(api.get(id), id).rejects.toBeInstanceOf(EditError);
    expect(asked).toEqual([]);
  });
});

describe('what went wrong', () => {
  const refused = (code: string, retry = false): Answer['body'] => ({ error: { code, text: 'so it is', retry } });

  test.each([
    [404, 'no_such_document', RefusedError],
    [409, 'already_exists', RefusedError],
    [400, 'bad_message', RefusedError],
    [422, 'invalid_operation', RejectedError],
    [413, 'document_limit', RejectedError],
    // A code of a later version.
    [418, 'teapot', RefusedError],
  ] as const)('HTTP %i %s', async (status, code, kind) => {
    const { api } = answering({ status, body: refused(code) });
    const error: unknown = await api.get('a').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ code, message: 'so it is' });
  });

  test('when asking again helps, and after how long', async () => {
    const { api } = answering({ status: 429, headers: { 'retry-after': '2' }, body: refused('rate', true) });
    await expect(api.list()).rejects.toMatchObject({ name: 'RefusedError', code: 'rate', retry: true, afterMs: 2_000 });
    const { api: later } = answering({ status: 503, headers: { 'retry-after': 'Fri, 20 Nov 2026 18:00:00 GMT' }, body: refused('unavailable', true) });
    const error = (await later.list().catch((thrown: unknown) => thrown)) as RefusedError;
    expect([error.code, error.retry, error.afterMs]).toEqual(['unavailable', true, undefined]);
  });

  test('a proxy that answers in its own words', async () => {
    await expect(answering({ status: 502, body: '<h1>Bad gateway</h1>' }).api.list()).rejects.toMatchObject({ name: 'RefusedError', code: 'unavailable', retry: true });
    await expect(answering({ status: 404, body: 'not found' }).api.list()).rejects.toBeInstanceOf(ProtocolError);
    await expect(answering({ status: 404, body: 'null' }).api.list()).rejects.toBeInstanceOf(ProtocolError);
  });

  test.each([
    ['no JSON', 'hello'],
    ['another thing', '[]'],
    ['a field missing', { ...info, revision: undefined }],
    ['a text for a number', { ...info, revision: '3' }],
  ])('a good answer with %s', async (_, body) => {
    await expect(answering({ body }).api.rename('a', 'b')).rejects.toBeInstanceOf(ProtocolError);
  });

  test('a delta that pollutes', async () => {
    const body = `{"id":"a","type":"rich-text","revision":1,"headRevision":1,"createdMs":1,"changedMs":1,"delta":{"ops":[{"insert":"x","attributes":{"__proto__":{"x":1}}}]}}`;
    await expect(answering({ body }).api.get('a')).rejects.toThrow(/refused key/);
  });

  test('no answer at all', async () => {
    const api = new DocumentsApi('http://h.example', { fetch: () => Promise.reject(new TypeError('fetch failed')) });
    await expect(api.get('a')).rejects.toMatchObject({ name: 'ConnectionError', code: 'unreachable', message: 'GET /v1/documents/a: fetch failed' });
  });

  test('an end by the application', async () => {
    const controller = new AbortController();
    const { api, asked } = answering({ body: info });
    controller.abort(new Error('enough'));
    await expect(api.get('a', { signal: controller.signal })).rejects.toThrow('enough');
    await expect(api.list({ signal: controller.signal })).rejects.toThrow('enough');
    expect(asked).toEqual([]);
  });
});
