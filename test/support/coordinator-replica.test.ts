// Holds the replica to wire/coordinator.md and the Service Integration Guide, one test a documented fact.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CoordinatorReplica, startCoordinatorReplica } from './coordinator-replica.js';
import { signHs256, unsigned } from './hs256.js';

const SECRET = 'a secret of at least thirty-two bytes';
const BODY = { service_id: 42, service_name: 'asr-service', url: 'http://asr:8090' };
let replica: CoordinatorReplica;

beforeEach(async () => {
  replica = await startCoordinatorReplica({ secret: SECRET });
});
afterEach(() => replica.close());

async function call(path: string, body?: unknown, headers: Record<string, string> = {}, base = replica.url) {
  const method = body === undefined ? 'GET' : 'POST';
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(base + path, { method, headers, ...sent });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

function bearer(token = signHs256({ service_id: 42 }, SECRET)): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

it('register answers 201 with the id and the heartbeat interval', async () => {
  expect(await call('/register', BODY, bearer())).toEqual({
    status: 201,
    body: { registered: true, service_id: 42, instance_id: expect.any(String), heartbeat_interval_s: 30 },
  });
});

it('the same id and URL again is the same instance', async () => {
  const first = await call('/register', BODY, bearer());
  expect((await call('/register', BODY, bearer())).body.instance_id).toBe(first.body.instance_id);
});

it('discovery answers an object with only url', async () => {
  replica.registerRaw(BODY);
  expect(await call('/services/asr-service')).toEqual({ status: 200, body: { url: 'http://asr:8090' } });
  expect((await call('/services/nobody')).status).toBe(404);
});

it.each([
  ['no token', {}, 'No token'],
  ['no scheme', { authorization: signHs256({ service_id: 42 }, SECRET) }, 'Invalid token'],
  ['rubbish', bearer('rubbish'), 'Invalid token'],
  ['another key', bearer(signHs256({ service_id: 42 }, 'wrong')), 'Invalid token'],
  ['alg none', bearer(unsigned({ service_id: 42 })), 'Invalid token'],
  ['an expired token', bearer(signHs256({ service_id: 42, exp: 1 }, SECRET)), 'Invalid token'],
  ['the token of another service', bearer(signHs256({ service_id: 7 }, SECRET)), 'Invalid token'],
])('register and deregister answer 401 to %s', async (_case, headers, text) => {
  expect(await call('/register', BODY, headers)).toEqual({ status: 401, body: { detail: text } });
  expect(await call('/services/asr-service')).toMatchObject({ status: 404 });
  replica.registerRaw(BODY);
  expect(await call('/deregister', { service_id: 42 }, headers)).toEqual({
    status: 401,
    body: { detail: text },
  });
  expect(await call('/services/asr-service')).toMatchObject({ status: 200 });
});

it('a token may carry exp and be taken until then', async () => {
  const exp = Math.floor(Date.now() / 1000) + 60;
  const headers = bearer(signHs256({ service_id: 42, exp }, SECRET));
  expect((await call('/register', BODY, headers)).status).toBe(201);
  replica.advance(61_000);
  expect((await call('/register', BODY, headers)).status).toBe(401);
});

it('a body of the wrong shape is 422', async () => {
  expect(await call('/register', { service_id: 42, service_name: 'asr' }, bearer())).toMatchObject({
    status: 422,
    body: { detail: [{ loc: ['body', 'url'], msg: 'field required' }] },
  });
  expect((await call('/heartbeat', { service_id: 'forty-two' })).status).toBe(422);
});

it('a heartbeat needs no token and answers the pace', async () => {
  replica.registerRaw(BODY);
  const answer = { status: 200, body: { status: 'ok', service_id: 42, next_heartbeat_s: 30 } };
  expect(await call('/heartbeat', { service_id: 42 })).toEqual(answer);
});

it('a heartbeat of an id that is not registered is 404, also after it deregistered', async () => {
  expect((await call('/heartbeat', { service_id: 42 })).status).toBe(404);
  replica.registerRaw(BODY);
  await call('/deregister', { service_id: 42 }, bearer());
  expect((await call('/heartbeat', { service_id: 42 })).status).toBe(404);
});

it('after 90 s without a heartbeat no traffic is routed to it', async () => {
  replica.registerRaw(BODY);
  replica.advance(80_000);
  await call('/heartbeat', { service_id: 42 });
  replica.advance(80_000);
  expect((await call('/services/asr-service')).status).toBe(200);
  replica.advance(10_000);
  expect((await call('/services/asr-service')).status).toBe(404);
});

it('deregister takes one instance, or all of an id, and is 404 where there was none', async () => {
  const one = replica.registerRaw(BODY);
  replica.registerRaw({ ...BODY, url: 'http://asr-2:8090' });
  const ok = { status: 200, body: { deregistered: true } };
  expect(await call('/deregister', { service_id: 42, instance_id: one }, bearer())).toEqual(ok);
  expect((await call('/services/asr-service')).body).toEqual({ url: 'http://asr-2:8090' });
  expect(await call('/deregister', { service_id: 42 }, bearer())).toEqual(ok);
  expect((await call('/deregister', { service_id: 42 }, bearer())).status).toBe(404);
});

it('cannot list unless this deployment can', async () => {
  expect(await call('/services')).toEqual({ status: 404, body: { detail: 'Not Found' } });
  const lister = await startCoordinatorReplica({ secret: SECRET, canList: true });
  lister.registerRaw(BODY);
  const { status, body } = await call('/services', undefined, {}, lister.url);
  await lister.close();
  expect(status).toBe(200);
  expect(body).toMatchObject([
    { service_name: 'asr-service', service_url: 'http://asr:8090', status: 'healthy' },
  ]);
});

it('paths can be elsewhere', async () => {
  const moved = await startCoordinatorReplica({ secret: SECRET, paths: { register: '/registry/register' } });
  const there = await call('/registry/register', BODY, bearer(), moved.url);
  const usual = await call('/register', BODY, bearer(), moved.url);
  await moved.close();
  expect([there.status, usual.status]).toEqual([201, 404]);
});

it('an extra header can be asked for', async () => {
  const strict = await startCoordinatorReplica({
    secret: SECRET,
    requireHeaders: { 'X-Registry-Key': 'k-1' },
  });
  strict.registerRaw(BODY);
  const without = await call('/services/asr-service', undefined, {}, strict.url);
  const given = await call('/services/asr-service', undefined, { 'x-registry-key': 'k-1' }, strict.url);
  await strict.close();
  expect([without.status, given.status]).toEqual([403, 200]);
});

it('restarts, crashes and records what it was asked', async () => {
  replica.registerRaw(BODY);
  replica.restart();
  expect((await call('/services/asr-service')).status).toBe(404);
  replica.crash();
  expect(await call('/heartbeat', { service_id: 42 })).toEqual({
    status: 500,
    body: 'Internal Server Error',
  });
  expect(replica.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /services/asr-service',
    'POST /heartbeat',
  ]);
});
