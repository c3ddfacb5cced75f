// What nobody should send: each is answered as described, and the server goes on.
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Contract, Editor } from './contract.js';
import { ServerProcess } from './server_process.js';

let server;
let api;
beforeAll(async () => {
  server = await ServerProcess.start(['api_writes_per_second=0', 'assembly_seconds=1', 'handshake_seconds=5']);
  api = await Contract.of(server);
  await api.call('POST', '/v1/documents', { id: 'd', content: 'text' });
});
afterAll(async () => {
  expect((await api.call('GET', '/v1/documents/d')).json.headRevision).toBe(0);
  expect(await server.end()).toBe(0);
});

// Says `bytes` on a connection of its own; what comes until it ends, or until `enough` says so.
function exchange(bytes, enough = () => false) {
  return new Promise((resolve, reject) => {
    let got = '';
    const socket = connect(server.port, '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('latin1');
    socket.on('data', (data) => {
      got += data;
      if (enough(got, socket)) {
        socket.destroy();
        resolve(got);
      }
    });
    socket.on('close', () => resolve(got));
    socket.on('error', reject);
  });
}
const head = (method, path, ...fields) =>
  [`${method} ${path} HTTP/1.1`, `Host: 127.0.0.1:${server.port}`, ...fields, '', ''].join('\r\n');
const statusOf = (text) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);

const changes = [
  ['POST', '/v1/documents'],
  ['PATCH', '/v1/documents/d'],
  ['POST', '/v1/documents/d/copy'],
  ['POST', '/v1/documents/d/operations'],
  ['POST', '/v1/documents/d/versions'],
  ['POST', '/v1/documents/d/restore'],
];

describe('bodies', () => {
  const deep = (depth) => '['.repeat(depth) + ']'.repeat(depth);
  const bodies = {
    empty: '',
    'no JSON': 'hello',
    'half of one': '{"id":"x"',
    'two of them': '{}{}',
    'an array': '[]',
    'a number': '7',
    'null': 'null',
    'bad UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    'a lone surrogate': '{"title":"\\ud800","name":"\\ud800"}',
    'a key twice': '{"id":"x","id":"y","title":1,"title":2}',
    'an unknown field': '{"unknown":1}',
    'a prototype': '{"__proto__":{"id":"x"}}',
    'deep nesting': `{"content":${deep(40)},"delta":${deep(40)}}`,
    'wrong types': '{"id":1,"type":2,"title":3,"content":4,"name":5,"by":6,"revision":"7","clientId":8,"sequence":"9","delta":10}',
    'a huge number': '{"revision":1e400,"sequence":1e400,"limit":-1}',
    'a negative revision': `{"revision":-1,"clientId":"${'a'.repeat(32)}","sequence":1}`,
    'blanks': ' '.repeat(200_000),
  };
  for (const [name, body] of Object.entries(bodies)) {
    test(`${name} are refused everywhere`, async () => {
      for (const [method, path] of changes) {
        const answer = await api.call(method, path, body);
        expect([400, 415, 422], `${method} ${path}`).toContain(answer.status);
      }
    });
  }

  test('of another kind are refused before they are read', async () => {
    for (const [method, path] of changes) {
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonx', '']) {
        const answer = await api.call(method, path, '{}', { 'Content-Type': type });
        expect(answer.status).toBe(415);
      }
    }
  });

  test('that are too large are refused before they are read', async () => {
    for (const [method, path] of changes) {
      const fields = ['Content-Type: application/json', `Content-Length: ${1 << 30}`];
      expect(statusOf(await exchange(head(method, path, ...fields)))).toBe(413);
    }
    const answer = await api.call('POST', '/v1/documents', { content: 'x'.repeat(300_000) });
    expect(answer.status).toBe(413);
  });

  test('that come too slowly end the connection', async () => {
    const slow = head('POST', '/v1/documents', 'Content-Type: application/json', 'Content-Length: 100');
    const answer = await exchange(`${slow}{"id":`);
    expect(statusOf(answer)).toBe(408);
    expect(answer).toContain('"code":"too_slow"');
  });

  test('that are promised and not sent do no harm', async () => {
    const fields = ['Content-Type: application/json', 'Content-Length: 100'];
    const socket = connect(server.port, '127.0.0.1');
    socket.write(head('POST', '/v1/documents', ...fields) + '{');
    socket.end();
    await new Promise((resolve) => socket.on('close', resolve).resume());
    expect((await api.call('GET', '/v1/documents')).status).toBe(200);
  });

  test('that wait for leave get it, or none', async () => {
    const fields = ['Content-Type: application/json', 'Content-Length: 2', 'Expect: 100-continue', 'Connection: close'];
    let asked = false;
    const taken = await exchange(head('POST', '/v1/documents', ...fields), (got, socket) => {
      if (!asked && got.includes('100 Continue\r\n\r\n')) {
        asked = true;
        socket.write('{}');
      }
      return false;
    });
    expect(taken).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 Created/);
    expect(statusOf(await exchange(head('POST', '/v1/nowhere', ...fields)))).toBe(404);
    fields[1] = 'Content-Length: 999999999';
    expect(statusOf(await exchange(head('POST', '/v1/documents', ...fields)))).toBe(413);
    fields[2] = 'Expect: a miracle';
    expect(statusOf(await exchange(head('POST', '/v1/documents', ...fields)))).toBe(417);
  });

  test('hide no second request', async () => {
    const inner = head('DELETE', '/v1/documents/d');
    const fields = ['Content-Type: application/json', `Content-Length: ${inner.length}`];
    const both = await exchange(
      head('POST', '/v1/documents', ...fields) + inner + head('GET', '/v1/documents', 'Connection: close'),
    );
    expect(both.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200']);
    for (const field of ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked\r\nContent-Length: 4']) {
      const answer = await exchange(head('POST', '/v1/documents', 'Content-Type: application/json', field) + '0\r\n\r\n' + inner);
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
    }
  });

  test('do not belong to reads', async () => {
    for (const path of ['/v1/documents', '/v1/documents/d', '/v1/documents/d/blame', '/v1/openapi.json']) {
      expect((await api.call('GET', path, '{}')).status).toBe(400);
    }
    expect((await api.call('DELETE', '/v1/documents/d', '{}')).status).toBe(400);
  });
});

test('a connection takes one request after another', async () => {
  const body = '{"id":"kept","type":"plain-text"}';
  const made = head('POST', '/v1/documents', 'Content-Type: application/json', `Content-Length: ${body.length}`) + body;
  const all = await exchange(
    made + head('GET', '/v1/documents/kept') + head('HEAD', '/v1/documents/kept') +
      head('DELETE', '/v1/documents/kept') + head('GET', '/v1/documents/kept', 'Connection: close'),
  );
  expect(all.match(/HTTP\/1\.1 \d+/g)).toEqual(
    ['201', '200', '200', '204', '404'].map((status) => `HTTP/1.1 ${status}`),
  );
});

test('paths lead nowhere else', async () => {
  for (const path of [
    '/v1', '/v1/', '/v1//documents', '/v1/documents//', '/v1/documents/./d', '/v1/documents/../documents',
    '/v1/documents/%2e%2e/x', '/v1/documents/d/', '/v1/documents/d/nothing', '/v1/documents/d%00',
    '/v1/documents/d%2foperations', '/v1/documents/d%5c', '/v1/documents/%', '/v1/documents/%zz',
    `/v1/documents/${'x'.repeat(129)}`, '/v1/documents/d/versions/-1', '/v1/documents/d/versions/1e3',
    '/V1/documents', '/v1/Documents', '/v1/documents/%E2%80%AE', '/v2/documents',
  ]) {
    const answer = await api.raw('GET', path, {});
    expect([400, 404], path).toContain(answer.status);
    expect(answer.body).not.toContain('"documents"');
  }
});

test('queries are taken at their word', async () => {
  for (const query of [
    'revision=', 'revision=-1', 'revision=1.0', 'revision=0x1', 'revision=1e1', 'revision=99999999999999999999',
    'revision=0&revision=0', 'revision=0&at=0', 'at=now', 'x=1', '=1', '%=1', 'format=', 'format=JSON', '__proto__=1', '&',
  ]) {
    expect((await api.call('GET', `/v1/documents/d?${query}`)).status, query).toBe(400);
  }
  expect((await api.call('GET', '/v1/documents/d?revision=00')).json.revision).toBe(0);
  expect((await api.call('GET', '/v1/documents?search=%F0%9F%98%80')).json.documents).toEqual([]);
  expect((await api.call('GET', `/v1/documents?search=${'x'.repeat(2000)}`)).status).toBe(400);
  expect((await api.call('POST', '/v1/documents?x=1', {})).status).toBe(400);
});

test('methods that a path lacks are named', async () => {
  for (const [path, calls] of Object.entries(api.description.paths)) {
    const real = path.replace('{document}', 'd').replace('{version}', '1');
    const methods = Object.keys(calls).filter((one) => one !== 'parameters').map((one) => one.toUpperCase());
    if (methods.includes('GET')) methods.push('HEAD');
    for (const method of ['PUT', 'TRACE', 'GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'BREW'].filter((one) => !methods.includes(one))) {
      if (method === 'HEAD') continue;  // without a body there is nothing to check
      // Said by hand: node sends no method it does not know.
      const answer = await exchange(head(method, real, 'Connection: close'));
      expect(statusOf(answer), `${method} ${real}`).toBe(405);
      const allowed = /\r\nAllow: ([^\r]*)/.exec(answer)[1].split(', ');
      expect(allowed.sort()).toEqual([...methods, 'OPTIONS'].sort());
    }
  }
});

describe('origins', () => {
  const ask = (method, origin, more = {}) => api.call(method, '/v1/documents', undefined, { Origin: origin, ...more });
  test('that are foreign get nothing', async () => {
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1', 'https://pages.example.evil.example']) {
      const answer = await ask('GET', origin);
      expect(answer.status).toBe(403);
      expect(answer.headers['access-control-allow-origin']).toBe(undefined);
      expect((await ask('OPTIONS', origin)).status).toBe(403);
      expect((await api.call('DELETE', '/v1/documents/d', undefined, { Origin: origin })).status).toBe(403);
    }
    const answer = await api.call('GET', '/v1/documents', undefined, { Host: 'evil.example' });
    expect(answer.status).toBe(421);
  });
  test('that are allowed may read and write', async () => {
    const answer = await ask('GET', 'https://pages.example');
    expect(answer.headers['access-control-allow-origin']).toBe('https://pages.example');
    const preflight = await ask('OPTIONS', 'https://pages.example', { 'Access-Control-Request-Method': 'POST' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-methods']).toContain('POST');
    expect(preflight.headers['access-control-allow-headers']).toBe('Content-Type');
  });
});

test('texts of others stay texts', async () => {
  const hostile = ['<img src=x onerror=alert(1)>', '"><script>', '](javascript:alert(1))', '\u202e', '{{x}}', '</title>'];
  for (const [at, text] of hostile.entries()) {
    const id = `hostile-${at}`;
    const ops = [{ insert: text, attributes: { link: `javascript:${text}`, color: text } }, { insert: { [text]: text } }];
    expect((await api.call('POST', '/v1/documents', { id, title: text, content: { ops } })).status).toBe(201);
    const page = await api.call('GET', `/v1/documents/${id}?format=html`);
    expect(page.body.replace(/<(\/?(html|head|title|style|body|p|span|strong)|meta charset="utf-8"|!DOCTYPE html)>/g, '')).not.toMatch(/[<>]/);
    expect(page.body).not.toContain('href');
    const named = new Editor(api, id, text);
    expect((await named.edit(0, [{ insert: 'x' }])).status).toBe(200);
    const { json } = await api.call('GET', `/v1/documents/${id}/operations`);
    expect(typeof json.authors[0].name).toBe('string');
    await api.call('DELETE', `/v1/documents/${id}`);
  }
});

test('an address that writes too much is slowed down', async () => {
  const slow = await ServerProcess.start(['api_writes_per_second=1', 'api_writes_burst=3']);
  const contract = await Contract.of(slow);
  const answers = [];
  for (let at = 0; at < 5; ++at) answers.push(await contract.call('POST', '/v1/documents', {}));
  expect(answers.map(({ status }) => status)).toContain(429);
  expect(answers.at(-1).json.error).toMatchObject({ code: 'rate', retry: true });
  expect((await contract.call('GET', '/v1/documents')).status).toBe(200);
  await slow.end();
});
