import { expect, test } from 'vitest';
import { eventually, get, post, startTestRegistry } from '../support/start-registry.js';

const ASR = { service_id: 42, service_name: 'asr', url: 'http://asr:8000' };

test("a service registers, beats as the guide's loop does, is found by its name, and deregisters", async () => {
  const { url } = await startTestRegistry();
  const made = await post(`${url}/register`, ASR);
  expect([made.status, made.body]).toEqual([
    201,
    { registered: true, service_id: 42, instance_id: 'asr-42', heartbeat_interval_s: 30 },
  ]);
  // Registered, and no proof of life yet.
  const early = await get(`${url}/services/asr`);
  expect([early.status, early.body]).toMatchObject([
    404,
    { detail: 'No healthy instances found', service_name: 'asr', instances: [{ state: 'starting' }] },
  ]);

  expect((await post(`${url}/heartbeat`, { service_id: 42 })).body).toEqual({
    status: 'ok',
    service_id: 42,
    next_heartbeat_s: 30,
  });
  expect((await get(`${url}/services/asr`)).body).toMatchObject({
    url: 'http://asr:8000',
    service_name: 'asr',
    service_id: 42,
    instances: [{ instance_id: 'asr-42', monitored_by: 'heartbeat' }],
  });
  expect((await get(`${url}/services`)).body).toMatchObject([{ service_name: 'asr', status: 'healthy' }]);

  const gone = await post(`${url}/deregister`, { service_id: 42, reason: 'deploy' });
  expect([gone.status, gone.body]).toEqual([200, { deregistered: true }]);
  expect((await post(`${url}/deregister`, { service_id: 42 })).status).toBe(404);
  const unknown = await get(`${url}/services/asr`);
  expect([unknown.status, unknown.body]).toEqual([404, { detail: 'Service not found' }]);
  expect((await post(`${url}/heartbeat`, { service_id: 42 })).status).toBe(404);
});

test('registering again after a crash is the same instance, not a twin', async () => {
  const { url } = await startTestRegistry();
  await post(`${url}/register`, ASR);
  await post(`${url}/register`, { ...ASR, url: 'http://asr-elsewhere:8000' });
  await post(`${url}/heartbeat`, { service_id: 42 });
  const { body } = await get(`${url}/services/asr`);
  expect(body.url).toBe('http://asr-elsewhere:8000');
  expect(body.instances).toHaveLength(1);
});

test('a service that missed its heartbeats is no longer found, nor listed once it is evicted', async () => {
  const { url } = await startTestRegistry({ timings: { downAfterMs: 300, evictAfterMs: 600 } });
  await post(`${url}/register`, ASR);
  await post(`${url}/heartbeat`, { service_id: 42 });
  const down = await eventually(
    () => get(`${url}/services/asr`),
    ({ status }) => status === 404,
  );
  expect(down.body).toMatchObject({ instances: [{ state: 'down', status: 'unhealthy' }] });
  await eventually(
    () => get(`${url}/services`),
    ({ body }) => body.length === 0,
  );
});

test('heartbeats are asked for so often that three fit into a lease', async () => {
  const lines: string[] = [];
  const log = { write: (line: string) => void lines.push(line) };
  const { url } = await startTestRegistry({ timings: { downAfterMs: 10_000 }, log });
  expect((await post(`${url}/register`, ASR)).body).toMatchObject({ heartbeat_interval_s: 3 });
  expect((await post(`${url}/heartbeat`, { service_id: 42 })).body).toMatchObject({ next_heartbeat_s: 3 });
  expect(lines.some((line) => line.includes('down after 10 s') && line.includes('every 30 s'))).toBe(true);
});

test('both APIs see the same: registered on one, found and kept alive on the other', async () => {
  const { url } = await startTestRegistry();
  await post(`${url}/api/v1/registry/register`, {
    service_name: 'nmt',
    service_url: 'http://nmt:8000',
    service_metadata: { instance_id: 'nmt-1', service_id: 43 },
  });
  expect((await post(`${url}/heartbeat`, { service_id: 43 })).status).toBe(200);
  expect((await get(`${url}/services/nmt`)).body).toMatchObject({ url: 'http://nmt:8000', service_id: 43 });

  await post(`${url}/register`, { ...ASR, metadata: { status: 'healthy' } });
  expect((await get(`${url}/api/v1/registry/services/asr/url`)).body).toEqual({ url: 'http://asr:8000' });
});

test('a heartbeat that names its instance is for that one alone', async () => {
  const { url } = await startTestRegistry();
  for (const instance_id of ['asr-1', 'asr-2']) await post(`${url}/register`, { ...ASR, instance_id });
  await post(`${url}/heartbeat`, { service_id: 42, instance_id: 'asr-1' });
  expect((await get(`${url}/api/v1/registry/services/asr`)).body).toMatchObject([
    { instance_id: 'asr-1', state: 'healthy' },
    { instance_id: 'asr-2', state: 'starting' },
  ]);
  expect((await post(`${url}/heartbeat`, { service_id: 42, instance_id: 'asr-3' })).status).toBe(404);
});
