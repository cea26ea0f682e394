// docs/openapi.json, and that the registry is what it says: its calls, and what they answer.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect, onTestFinished, test } from 'vitest';
import { signHs256 } from '../support/hs256.js';
import { json, send, startInstrument } from '../support/instrument.js';
import { startTestRegistry } from '../support/start-registry.js';

interface Media {
  readonly schema: object;
  readonly example?: unknown;
}
interface Answer {
  readonly $ref?: string;
  readonly headers?: Record<string, object>;
  readonly content?: Record<string, Media>;
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { in: string; name: string; schema: object }[];
  readonly requestBody?: { content: Record<string, Media> };
  readonly responses: Record<string, Answer>;
}
interface Document {
  readonly openapi: string;
  readonly info: { version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, object>; responses: Record<string, Answer> };
}

const TEXT = readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
const DOCUMENT: Document = JSON.parse(TEXT);
const OPERATIONS = Object.entries(DOCUMENT.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
);
const PREFIX = '/api/v1/registry';
const SECRET = 'a secret of more than thirty-two bytes';
const bearer = (service_id: number) => ({ authorization: `Bearer ${signHs256({ service_id }, SECRET)}` });

/** Exact: a field that the document does not name is one too many. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const isObject = 'type' in schema && schema.type === 'object' && 'properties' in schema;
  return isObject && !('additionalProperties' in schema) ? { ...inner, additionalProperties: false } : inner;
}

const formats = {
  'date-time': (text: string) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)),
  uri: (text: string) => URL.canParse(text),
};

const ajv = new Ajv2020({ allErrors: true, formats, strictTypes: false });
const SCHEMAS = JSON.stringify(closed(DOCUMENT.components.schemas)).replaceAll(
  '#/components/schemas/',
  '#/$defs/',
);
ajv.addSchema({ $id: 'document', $defs: JSON.parse(SCHEMAS) });
const validators = new Map<string, ValidateFunction>();

/** What is wrong with the value; empty where it satisfies the schema and has nothing beyond it. */
function problems(schema: object, value: unknown): string[] {
  const text = JSON.stringify(closed(schema)).replaceAll('#/components/schemas/', 'document#/$defs/');
  const validate = validators.get(text) ?? ajv.compile(JSON.parse(text));
  validators.set(text, validate);
  return validate(value) ? [] : (validate.errors ?? []).map((each) => `${each.instancePath} ${each.message}`);
}

/** An answer with its reference followed. */
function resolved(answer: Answer | undefined): Answer {
  if (answer?.$ref === undefined) return answer ?? {};
  return DOCUMENT.components.responses[answer.$ref.replace('#/components/responses/', '')] ?? {};
}

test('every schema is one, every reference leads somewhere, every call has a name of its own', () => {
  expect(DOCUMENT.openapi).toBe('3.1.0');
  for (const [name, schema] of Object.entries(DOCUMENT.components.schemas)) {
    // Throws where it is no JSON Schema of 2020-12, or a reference of it leads nowhere.
    expect([name, problems(schema, Symbol('nothing')).length > 0]).toEqual([name, true]);
  }
  for (const [, target = ''] of TEXT.matchAll(/"\$ref": "#\/([^"]+)"/g)) {
    const found = target
      .split('/')
      .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], DOCUMENT);
    expect([target, typeof found]).toEqual([target, 'object']);
  }
  const stranger = { detail: 'no', stranger: 1 };
  expect(problems({ $ref: '#/components/schemas/Error' }, stranger)).not.toEqual([]);
  const ids = OPERATIONS.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, operation } of OPERATIONS) {
    const named = (operation.parameters ?? [])
      .filter((each) => each.in === 'path')
      .map(({ name }) => `{${name}}`);
    expect([path, path.match(/\{[^}]+\}/g) ?? []]).toEqual([path, named]);
  }
});

test('every example satisfies its schema', () => {
  let examples = 0;
  const check = (where: string, content: Record<string, Media> = {}) => {
    for (const { schema, example } of Object.values(content)) {
      if (example === undefined) continue;
      examples += 1;
      expect([where, problems(schema, example)]).toEqual([where, []]);
    }
  };
  for (const { operation } of OPERATIONS) {
    check(`${operation.operationId}: request`, operation.requestBody?.content);
    for (const [status, answer] of Object.entries(operation.responses)) {
      check(`${operation.operationId}: ${status}`, resolved(answer).content);
    }
  }
  expect(examples).toBeGreaterThan(20);
});

test('it is served, and has every route of the registry and no other', async () => {
  const { url } = await startTestRegistry();
  const answer = await fetch(`${url}/openapi.json`);
  expect([answer.status, answer.headers.get('content-type'), await answer.json()]).toEqual([
    200,
    'application/json; charset=utf-8',
    DOCUMENT,
  ]);
  // The counts of /metrics begin with one for each route.
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const routes = [...metrics.matchAll(/^regctl_http_requests_total\{route="([^"]+)",method="(\w+)"/gm)]
    .map(([, route = '', method = '']) => `${method} ${route.replace(':name', '{service_name}')}`)
    .sort();
  const described = OPERATIONS.map(({ path, method }) => `${method.toUpperCase()} ${path}`).sort();
  expect(described).toEqual(routes);
});

/** Calls as the document has them; what is answered has to be what it says. */
function caller(url: string) {
  const seen = new Set<string>();
  return {
    seen,
    async call(
      id: string,
      expected: number,
      request: {
        service?: string;
        query?: Record<string, string>;
        body?: unknown;
        headers?: Record<string, string>;
      } = {},
    ) {
      const found = OPERATIONS.find(({ operation }) => operation.operationId === id);
      if (found === undefined) throw new Error(`there is no ${id}`);
      const { path, method, operation } = found;
      const { service = 'asr', query = {}, body, headers = {} } = request;
      const answer = await fetch(
        `${url}${path.replace('{service_name}', service)}?${new URLSearchParams(query)}`,
        {
          method: method.toUpperCase(),
          headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        },
      );
      const text = await answer.text();
      const where = `${id} ${answer.status}`;
      expect([where, text]).toEqual([`${id} ${expected}`, text]);
      expect([where, expected in operation.responses]).toEqual([where, true]);
      seen.add(where);
      const { content = {}, headers: told = {} } = resolved(operation.responses[expected]);
      for (const name of ['retry-after', 'www-authenticate', 'etag', 'x-trace-id']) {
        if (answer.headers.has(name))
          expect([where, Object.keys(told).map((h) => h.toLowerCase())]).toEqual([
            where,
            expect.arrayContaining([name]),
          ]);
      }
      const type = answer.headers.get('content-type')?.replace(/;.*/, '');
      expect([where, Object.keys(content)]).toEqual([where, type === undefined ? [] : [type]]);
      const media = content[type ?? ''];
      if (type === 'application/json')
        expect([where, problems(media?.schema ?? {}, JSON.parse(text))]).toEqual([where, []]);
      return { headers: answer.headers, text };
    },
  };
}

test('what the registry answers is what the document says, errors among it', async () => {
  const healthy = await startInstrument(async (_, response) => send(response, json(200, {})));
  onTestFinished(() => healthy.close());
  const { url } = await startTestRegistry({ auth: 'jwt', secret: SECRET });
  const { call, seen } = caller(url);
  const owner = { headers: bearer(42) };
  const other = { headers: bearer(7) };
  const asr = {
    service_name: 'asr',
    service_url: 'http://asr:8000',
    health_check_url: healthy.url,
    service_metadata: { instance_id: 'asr-1', status: 'healthy', version: '1' },
  };
  const nmt = {
    service_id: 42,
    service_name: 'nmt',
    url: 'http://nmt:8000',
    metadata: { status: 'healthy' },
  };
  const beat = { service_name: 'asr', instance_id: 'asr-1' };

  await call('healthStatus', 404, { query: { service_id: 'asr' } });
  await call('register', 401, { body: asr });
  await call('register', 201, { ...owner, body: asr });
  await call('register', 403, { ...other, body: asr });
  await call('register', 422, { ...owner, body: { ...asr, service_url: 'ftp://asr' } });
  await call('register', 413, { ...owner, body: 'x'.repeat(65 * 1024) });
  await call('coordinatorRegister', 201, { ...owner, body: nmt });
  await call('coordinatorRegister', 401, { ...other, body: nmt });
  await call('coordinatorRegister', 422, { ...owner, body: '{' });

  const listed = await call('listServices', 200);
  await call('listServices', 304, { headers: { 'if-none-match': listed.headers.get('etag') ?? '' } });
  await call('coordinatorListServices', 200);
  await call('coordinatorListServices', 304, { headers: { 'if-none-match': '*' } });
  await call('listInstances', 200);
  await call('discover', 200);
  await call('discover', 200, { service: 'nmt' });
  await call('pickUrl', 200);
  await call('pickUrl', 404, { query: { exclude: 'asr-1' } });
  await call('coordinatorService', 200);
  await call('coordinatorService', 404, { query: { exclude: 'asr-1' } });
  await call('coordinatorService', 404, { service: 'nobody' });
  await call('checkService', 200);
  await call('checkService', 404, { service: 'nobody' });
  await call('checkService', 422, { body: '{' });
  await call('checkServiceDetailed', 200);
  await call('healthStatus', 200, { query: { service_id: 'asr' } });
  await call('healthStatus', 422);

  await call('releaseEvictions', 200, owner);
  await call('releaseEvictions', 401);
  await call('releaseEvictions', 403, other);
  await call('releaseEvictions', 404, { ...owner, service: 'nobody' });

  await call('heartbeat', 200, { ...owner, body: beat });
  await call('heartbeat', 403, { ...other, body: beat });
  await call('heartbeat', 404, { ...owner, body: { ...beat, instance_id: 'asr-2' } });
  await call('coordinatorHeartbeat', 200, { body: { service_id: 42 } });
  await call('coordinatorHeartbeat', 401, {
    body: { service_id: 42 },
    headers: { authorization: 'Bearer x' },
  });
  await call('coordinatorHeartbeat', 404, { body: { service_id: 43 } });
  await call('listInstances', 200);
  await call('listInstances', 403, { headers: { origin: 'http://elsewhere' } });

  await call('audit', 200, { query: { limit: '2' } });
  await call('audit', 422, { query: { limit: '0' } });
  await call('watch', 410, { headers: { 'last-event-id': 'another-run.1' } });
  await call('deregister', 422, owner);
  await call('deregister', 403, { ...other, query: beat });
  await call('deregister', 200, { ...owner, query: { ...beat, reason: 'deploy' } });
  await call('coordinatorDeregister', 403, { ...other, body: { service_id: 42 } });
  await call('coordinatorDeregister', 200, { ...owner, body: { service_id: 42 } });
  await call('coordinatorDeregister', 404, { ...owner, body: { service_id: 42 } });
  await call('health', 200);
  await call('ready', 200);
  await call('live', 200);
  await call('metrics', 200);
  await call('openapi', 200);

  const called = new Set([...seen].filter((each) => /20\d$/.test(each)).map((each) => each.split(' ')[0]));
  const never = OPERATIONS.map(({ operation }) => operation.operationId).filter((id) => !called.has(id));
  // Its 200 does not end.
  expect(never).toEqual(['watch']);
});

test('so it is where there are too many requests, and where it is read-only', async () => {
  const limited = await startTestRegistry({ rateLimit: { perSecond: 0.1, burst: 1, loopback: true } });
  const first = caller(limited.url);
  await first.call('listServices', 200);
  await first.call('listServices', 429);
  await first.call('live', 200);
  const readOnly = caller((await startTestRegistry({ readOnly: true })).url);
  await readOnly.call('register', 403, { body: {} });
  await readOnly.call('health', 200);
});

test('the stream of /watch has the type that the document says', async () => {
  const { url } = await startTestRegistry();
  const request = http.get(`${url}${PREFIX}/watch`, { agent: false });
  onTestFinished(() => void request.destroy());
  const response = await new Promise<http.IncomingMessage>((resolve) => request.once('response', resolve));
  const operation = DOCUMENT.paths[`${PREFIX}/watch`]?.get;
  expect(Object.keys(operation?.responses[200]?.content ?? {})).toEqual([response.headers['content-type']]);
});
