// A request whose answer was lost is sent again, to a server that was killed in between: it is done
// once, and the answer is that of the first time.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Contract, Editor } from './contract.js';
import { ServerProcess } from './server_process.js';

let server;
let api;
beforeAll(async () => {
  server = await ServerProcess.start(['api_writes_per_second=0']);
  api = await Contract.of(server);
});
afterAll(async () => server.end());

async function restart() {
  expect(await server.kill()).toBe('SIGKILL');
  await server.startAgain();
}

// The answer; or undefined if the connection broke.
const perhaps = (answer) => answer.catch((error) => {
  if (!/ECONNRESET|ECONNREFUSED|socket hang up|EPIPE/.test(`${error.code} ${error.message}`)) throw error;
});

test('an operation that was answered is not done twice', async () => {
  await api.call('POST', '/v1/documents', { id: 'once', type: 'plain-text' });
  const ada = new Editor(api, 'once');
  const operation = ada.operation(0, [{ insert: 'x' }]);
  const first = await ada.send(operation);
  expect(first.status).toBe(200);
  await restart();
  const second = await ada.send(operation);
  expect(second.json).toEqual(first.json);
  expect((await api.call('GET', '/v1/documents/once?format=text')).body).toBe('x');
  const restored = await ada.restore(0);
  await restart();
  expect((await ada.restore(0, ada.sequence)).json).toEqual(restored.json);
  expect((await api.call('GET', '/v1/documents/once')).json.headRevision).toBe(2);
});

// Where the server dies, and whether what it was asked for is durable then.
test.each([
  ['before-append', false],
  ['before-commit', false],
  ['after-commit', true],
  ['before-ack', true],
])('a request that dies %s is done once', async (failpoint, durable) => {
  const id = `dies-${failpoint}`;
  await api.call('POST', '/v1/documents', { id, type: 'plain-text', content: 'old' });
  const ada = new Editor(api, id);
  expect((await ada.edit(0, [{ insert: 'new ' }])).status).toBe(200);
  for (const send of [
    (sequence) => ada.send(ada.operation(0, [{ retain: 3 }, { insert: '!' }], sequence)),
    (sequence) => ada.restore(0, sequence),
  ]) {
    const sequence = ++ada.sequence;
    await server.kill();
    await server.startAgain(`${failpoint}:1`);
    const { json: before } = await api.call('GET', `/v1/documents/${id}`);
    expect(await perhaps(send(sequence))).toBe(undefined);
    expect(await server.over).toBe('SIGKILL');
    await server.startAgain();
    const { json: found } = await api.call('GET', `/v1/documents/${id}`);
    expect(found.revision - before.revision).toBe(durable ? 1 : 0);
    const answer = await send(sequence);
    expect(answer.json).toMatchObject({ revision: before.revision + 1 });
    expect((await send(sequence)).json).toEqual(answer.json);
  }
  expect((await api.call('GET', `/v1/documents/${id}`)).json.revision).toBe(3);
  expect((await api.call('GET', `/v1/documents/${id}?format=text`)).body).toBe('old');
});

test('operations whose answers were lost are done once', async () => {
  await api.call('POST', '/v1/documents', { id: 'storm', type: 'plain-text' });
  const editors = Array.from({ length: 4 }, (_, at) => new Editor(api, 'storm', `N${at}`));
  const told = new Map();
  let killing = true;
  const killer = (async () => {
    for (let kills = 0; kills < 6; ++kills) {
      const before = told.size;
      while (told.size < before + 5 + kills) await new Promise((resolve) => setImmediate(resolve));
      server.child.kill('SIGKILL');
      await server.over;
      await server.startAgain();
    }
    killing = false;
  })();
  await Promise.all(editors.map(async (editor, at) => {
    while (killing) {
      const tag = `<${at}:${editor.sequence + 1}>`;
      // On revision 0, so that the same request can be sent again whatever happened meanwhile.
      const operation = editor.operation(0, [{ insert: tag }]);
      let answer;
      do {
        answer = await perhaps(editor.send(operation));
      } while (answer === undefined || answer.status === 503);
      expect(answer.status).toBe(200);
      told.set(tag, answer.json.revision);
    }
  }));
  await killer;
  const { body } = await api.call('GET', '/v1/documents/storm?format=text');
  const tags = body.match(/<\d+:\d+>/g);
  expect(new Set(tags).size).toBe(tags.length);
  expect([...told.keys()].sort()).toEqual([...tags].sort());
  for (let after = 0; ; ) {
    const { json } = await api.call('GET', `/v1/documents/storm/operations?after=${after}`);
    for (const { revision, delta } of json.operations) {
      expect(told.get(delta.ops.find(({ insert }) => insert !== undefined).insert)).toBe(revision);
    }
    if (json.next === undefined) break;
    after = json.next;
  }
});
