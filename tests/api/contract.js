// Calls of the API, each answer held against the description that the server serves: status, kind of
// content, body, and the headers that every answer has.
import { request } from 'node:http';
import Ajv from 'ajv/dist/2020.js';

export class Contract {
  static async of(server) {
    const contract = new Contract();
    contract.server = server;
    /** Which calls were answered with what: `getDocument 200`. */
    contract.seen = new Set();
    const { body } = await contract.raw('GET', '/v1/openapi.json', {});
    contract.description = JSON.parse(body);
    contract.ajv = new Ajv({ strict: false, allErrors: true });
    contract.ajv.addSchema(contract.description, 'api');
    contract.validators = new Map();
    contract.paths = Object.entries(contract.description.paths).map(([template, calls]) => ({
      calls,
      pattern: new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
    }));
    return contract;
  }

  /** The answer as it came. */
  raw(method, path, { headers = {}, body } = {}) {
    return new Promise((resolve, reject) => {
      const call = request(
        { host: '127.0.0.1', port: this.server.port, method, path, headers, agent: false },
        (answer) => {
          const pieces = [];
          answer.on('data', (piece) => pieces.push(piece));
          answer.on('end', () => {
            const bytes = Buffer.concat(pieces);
            resolve({ status: answer.statusCode, headers: answer.headers, bytes, body: bytes.toString() });
          });
          answer.on('error', reject);
        },
      );
      call.on('error', reject);
      call.end(body);
    });
  }

  /**
   * Calls, checks, and gives the answer with its JSON. A body that is no string is sent as JSON.
   * @returns {Promise<{status: number, headers: object, body: string, json: any}>}
   */
  async call(method, path, body, headers = {}) {
    const sent = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const answer = await this.raw(method, path, {
      headers: {
        ...(sent === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(sent) }),
        ...headers,
      },
      body: sent,
    });
    return this.check(method, path, answer);
  }

  check(method, path, answer) {
    const what = `${method} ${path}: ${answer.status} ${answer.body.slice(0, 300)}`;
    const say = (problem) => {
      throw new Error(`${problem}\n${what}`);
    };
    const type = (answer.headers['content-type'] ?? '').split(';')[0];
    for (const [name, value] of [
      ['x-content-type-options', 'nosniff'],
      ['referrer-policy', 'no-referrer'],
      ['cross-origin-resource-policy', 'same-origin'],
      ['cache-control', 'no-store'],
    ]) {
      if (answer.headers[name] !== value) say(`${name} is ${answer.headers[name]}`);
    }
    if (method === 'HEAD') {
      if (answer.bytes.length > 0) say('a HEAD was answered with a body');
      return { ...answer, json: undefined };
    }
    const json = type === 'application/json' ? JSON.parse(answer.body) : undefined;
    const route = this.paths.find(({ pattern }) => pattern.test(new URL(path, 'http://x').pathname));
    const call = route?.calls[method.toLowerCase()];
    let response = { $ref: '#/components/responses/Error' };
    if (method === 'OPTIONS' && answer.status === 204) response = { description: 'no body' };
    if (call !== undefined) {
      this.seen.add(`${call.operationId} ${answer.status}`);
      if (answer.status < 400 && !(answer.status in call.responses)) say('the description knows no such status');
      response = call.responses[answer.status] ?? call.responses.default;
    } else if (answer.status < 400 && method !== 'OPTIONS') {
      say('the description knows no such call');
    }
    if (response.$ref !== undefined) response = this.description.components.responses[response.$ref.split('/').pop()];
    if (response.content === undefined) {
      if (answer.bytes.length > 0 || answer.headers['content-length'] !== undefined) say('there should be no body');
      return { ...answer, json };
    }
    const content = response.content[type];
    if (content === undefined) say(`the description knows no ${type} here`);
    if (type === 'application/json') {
      const problems = this.problems(content.schema, json);
      if (problems !== null) say(`the body is not as described: ${problems}`);
    }
    if (answer.status >= 400 && json.error.retry !== (answer.headers['retry-after'] !== undefined)) {
      say('Retry-After stands where retry is true, and only there');
    }
    return { ...answer, json };
  }

  /** null, or what is wrong with `value`. */
  problems(schema, value) {
    const key = JSON.stringify(schema);
    if (!this.validators.has(key)) {
      const whole = JSON.parse(key, (name, part) => (name === '$ref' ? `api${part}` : part));
      this.validators.set(key, this.ajv.compile(whole));
    }
    const validate = this.validators.get(key);
    return validate(value) ? null : this.ajv.errorsText(validate.errors.slice(0, 5));
  }
}

let clients = 0;

/** Somebody who edits: a client id of its own, and sequences that grow. */
export class Editor {
  constructor(contract, document, name = 'Ada') {
    Object.assign(this, { contract, document, name, sequence: 0 });
    this.clientId = (++clients).toString(16).padStart(8, '0').repeat(4);
  }
  operation(revision, ops, sequence = ++this.sequence) {
    return { clientId: this.clientId, sequence, revision, delta: { ops }, name: this.name };
  }
  edit(revision, ops) {
    return this.send(this.operation(revision, ops));
  }
  send(operation) {
    return this.contract.call('POST', `/v1/documents/${this.document}/operations`, operation);
  }
  restore(revision, sequence = ++this.sequence) {
    const wish = { clientId: this.clientId, sequence, revision };
    return this.contract.call('POST', `/v1/documents/${this.document}/restore`, wish);
  }
}
