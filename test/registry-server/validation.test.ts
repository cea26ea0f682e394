import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { get, post, startTestRegistry } from '../support/start-registry.js';

const PREFIX = '/api/v1/registry';
const GOOD = { service_name: 'asr', service_url: 'http://asr:8000' };
const COORDINATED = { service_id: 42, service_name: 'asr', url: 'http://asr:8000' };

describe('a registration that is not valid is refused whole, with the name of the field', () => {
  const cases: [string, string, unknown, (string | number)[]][] = [
    ['a slash in the name', 'register', { ...GOOD, service_name: 'a/b' }, ['body', 'service_name']],
    ['a space in the name', 'register', { ...GOOD, service_name: 'a b' }, ['body', 'service_name']],
    ['dots for a name', 'register', { ...GOOD, service_name: '..' }, ['body', 'service_name']],
    [
      'a terminal escape in the name',
      'register',
      { ...GOOD, service_name: '\u001b[2J' },
      ['body', 'service_name'],
    ],
    [
      'a name of 10,000 characters',
      'register',
      { ...GOOD, service_name: 'a'.repeat(10_000) },
      ['body', 'service_name'],
    ],
    ['no name', 'register', { service_url: GOOD.service_url }, ['body', 'service_name']],
    ['no URL', 'register', { service_name: 'asr' }, ['body', 'service_url']],
    ['a URL that is none', 'register', { ...GOOD, service_url: 'asr:8000' }, ['body', 'service_url']],
    ['another scheme', 'register', { ...GOOD, service_url: 'file:///etc/passwd' }, ['body', 'service_url']],
    [
      'credentials in the URL',
      'register',
      { ...GOOD, service_url: 'http://u:p@asr' },
      ['body', 'service_url'],
    ],
    [
      'a health URL that is none',
      'register',
      { ...GOOD, health_check_url: '/health' },
      ['body', 'health_check_url'],
    ],
    [
      'an unknown status',
      'register',
      { ...GOOD, service_metadata: { status: 'bogus' } },
      ['body', 'service_metadata', 'status'],
    ],
    [
      'an instance id that is none',
      'register',
      { ...GOOD, service_metadata: { instance_id: 'a/b' } },
      ['body', 'service_metadata', 'instance_id'],
    ],
    [
      'metadata over 16 KiB',
      'register',
      { ...GOOD, service_metadata: { x: 'x'.repeat(17_000) } },
      ['body', 'service_metadata'],
    ],
    [
      'metadata that nests without end',
      'register',
      `{"service_name":"asr","service_url":"http://asr","service_metadata":{"x":${'['.repeat(15_000)}${']'.repeat(15_000)}}}`,
      ['body', 'service_metadata'],
    ],
    ['metadata that is a list', 'register', { ...GOOD, service_metadata: [1] }, ['body', 'service_metadata']],
    ['metadata that is a text', 'register', { ...GOOD, service_metadata: 'x' }, ['body', 'service_metadata']],
    ['no object', 'register', [], ['body']],
    ['no body', 'register', undefined, ['body']],
    ['what is not JSON', 'register', '{"service_name":', ['body']],
    ['a key that reaches the prototype', 'register', '{"__proto__":{"x":1}}', ['body']],
    ['a heartbeat without an instance', 'heartbeat', { service_name: 'asr' }, ['body', 'instance_id']],
  ];

  test.each(cases)('%s', async (_, path, body, loc) => {
    const { url } = await startTestRegistry();
    const answer = await post(`${url}${PREFIX}/${path}`, body);
    expect(answer.status).toBe(422);
    expect(answer.body.detail).toContainEqual({
      loc,
      msg: expect.any(String),
      type: expect.any(String),
    });
    expect((await get(`${url}/services`)).body).toEqual([]);
  });

  test.each([
    ['a service id that is a text', { ...COORDINATED, service_id: '42' }, ['body', 'service_id']],
    ['a service id of 0', { ...COORDINATED, service_id: 0 }, ['body', 'service_id']],
    ['no URL', { ...COORDINATED, url: undefined }, ['body', 'url']],
  ])('on the Coordinator API: %s', async (_, body, loc) => {
    const { url } = await startTestRegistry();
    const answer = await post(`${url}/register`, body);
    expect(answer.status).toBe(422);
    expect(answer.body.detail).toMatchObject([{ loc }]);
  });

  test('a deregistration without its query', async () => {
    const { url } = await startTestRegistry();
    const answer = await post(`${url}${PREFIX}/deregister?service_name=asr`);
    expect([answer.status, answer.body.detail]).toEqual([
      422,
      [{ loc: ['query', 'instance_id'], msg: 'field required', type: 'missing' }],
    ]);
  });
});

test('a body over 64 KiB is 413, a form is not JSON, a wrong method 405, an unknown path 404', async () => {
  const { url } = await startTestRegistry();
  expect((await post(`${url}${PREFIX}/register`, { ...GOOD, x: 'x'.repeat(66_000) })).status).toBe(413);
  const form = await fetch(`${url}${PREFIX}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'service_name=asr',
  });
  expect(form.status).toBe(422);
  const wrong = await fetch(`${url}${PREFIX}/register`, { method: 'DELETE' });
  expect([wrong.status, wrong.headers.get('allow'), await wrong.json()]).toEqual([
    405,
    'POST',
    { detail: 'Method Not Allowed' },
  ]);
  const unknown = await get(`${url}/nowhere`);
  expect([unknown.status, unknown.body]).toEqual([404, { detail: 'Not Found' }]);
});

test('a name that cannot be one is simply not registered, whatever its length', async () => {
  const { url } = await startTestRegistry();
  for (const name of ['a%2Fb', '%1b%5B2J', '..%2f..', 'a'.repeat(10_000)]) {
    expect((await get(`${url}${PREFIX}/services/${name}`)).body).toEqual([]);
    expect((await get(`${url}${PREFIX}/services/${name}/url`)).status).toBe(404);
  }
  expect((await get(`${url}${PREFIX}/services/%zz`)).status).toBe(400);
});

describe('a page cannot reach through a browser', () => {
  /** The status of a registration with these headers; fetch would not send them as they are. */
  async function register(url: string, headers: Record<string, string>): Promise<number | undefined> {
    const body = JSON.stringify(GOOD);
    const sent = request(`${url}${PREFIX}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': body.length, ...headers },
    }).end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  }

  test.each<[string, (port: string) => Record<string, string>]>([
    ['of another site', () => ({ 'sec-fetch-site': 'cross-site' })],
    ['of another origin', () => ({ origin: 'http://evil.example' })],
    ['of another port of this machine', () => ({ origin: 'http://localhost:3000' })],
    ['without an origin', () => ({ origin: 'null' })],
    [
      'whose name was made to point here (DNS rebinding)',
      (port) => ({ host: `evil.example:${port}`, origin: `http://evil.example:${port}` }),
    ],
    ['whose name looks like this machine', (port) => ({ host: `127.0.0.1.evil.example:${port}` })],
  ])('%s', async (_, headers) => {
    const { url } = await startTestRegistry();
    expect(await register(url, headers(new URL(url).port))).toBe(403);
    expect((await get(`${url}/services`)).body).toEqual([]);
  });

  test.each(['127.0.0.1', 'localhost', '[::1]', 'LOCALHOST'])('while %s is this machine', async (host) => {
    const { url } = await startTestRegistry();
    const { port } = new URL(url);
    expect(await register(url, { host: `${host}:${port}`, origin: `http://${host}:${port}` })).toBe(201);
  });

  test('and off loopback the registry answers to the names others give it', async () => {
    const { url } = await startTestRegistry({ host: '0.0.0.0', auth: 'none' });
    const { port } = new URL(url);
    expect(await register(url, { host: `config-service:${port}` })).toBe(201);
    expect(await register(url, { host: `config-service:${port}`, origin: 'http://evil.example' })).toBe(403);
  });
});

test.each([
  'http:asr:8000',
  'http:/asr',
  'http://asr:8000/#',
  'http://@asr:8000',
  'http://asr:8000/?x=1',
  'http://asr\\@evil',
  'http://asr:8000\\x',
  'http://asr:8000/\ud800',
  'HTTP://asr:8000',
  'http://asr:0',
  'http://a%2eb',
  'http://\u202eevil/',
])('a URL that clients could read in two ways is refused: %j', async (service_url) => {
  const { url } = await startTestRegistry();
  expect((await post(`${url}${PREFIX}/register`, { ...GOOD, service_url })).status).toBe(422);
});

test('a health URL may have a query', async () => {
  const { url } = await startTestRegistry();
  const body = { ...GOOD, health_check_url: 'http://asr:8000/health?deep=1' };
  expect((await post(`${url}${PREFIX}/register`, body)).status).toBe(201);
});

test('a body of 64 KiB is read, one byte more is not', async () => {
  const { url } = await startTestRegistry();
  const body = (size: number) => {
    const text = JSON.stringify({ ...GOOD, x: '' });
    return text.replace('""', `"${'x'.repeat(size - text.length)}"`);
  };
  expect((await post(`${url}${PREFIX}/register`, body(64 * 1024))).status).toBe(201);
  expect((await post(`${url}${PREFIX}/register`, body(64 * 1024 + 1))).status).toBe(413);
});

test('heartbeats have an allowance of their own', async () => {
  const { url } = await startTestRegistry({ rateLimit: { perSecond: 0.1, burst: 2, loopback: true } });
  await post(`${url}/register`, COORDINATED);
  await get(`${url}/services`);
  expect((await get(`${url}/services`)).status).toBe(429);
  for (let i = 0; i < 20; i += 1)
    expect((await post(`${url}/heartbeat`, { service_id: 42 })).status).toBe(200);
  expect((await post(`${url}/heartbeat`, { service_id: 42 })).status).toBe(429);
});

test.each(['[::1]', '::1'])('it listens on %s', async (host) => {
  const { url } = await startTestRegistry({ host });
  expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
  expect((await get(`${url}/live`)).status).toBe(200);
});

test('too many requests from one address are told when to come back', async () => {
  const { url } = await startTestRegistry({ rateLimit: { perSecond: 0.1, burst: 3, loopback: true } });
  for (let i = 0; i < 3; i += 1) expect((await get(`${url}/services`)).status).toBe(200);
  const refused = await get(`${url}/services`);
  expect([refused.status, refused.body]).toEqual([429, { detail: 'Too many requests' }]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await get(`${url}/live`)).status).toBe(200);
});
