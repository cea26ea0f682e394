// Holds the replica to wire/config-service.md, one test a documented fact. What passes here may be relied on as
// "what a deployed Config Service does".
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Replica, startConfigServiceReplica } from './config-service-replica.js';
import { startSampleService } from './sample-service.js';

const REGISTRY = '/api/v1/registry';
let replica: Replica;

beforeEach(async () => {
  replica = await startConfigServiceReplica({
    now: Date.parse('2026-11-21T20:28:39.241Z'),
    probeBackoffMs: 1,
  });
});
afterEach(() => replica.close());

async function call(method: string, path: string, body?: unknown) {
  const headers = { 'content-type': 'application/json' };
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(replica.url + path, {
    method,
    ...(body === undefined ? {} : { headers, body: sent }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
const get = (path: string) => call('GET', REGISTRY + path);
const post = (path: string, body?: unknown) => call('POST', REGISTRY + path, body);

/** Registers as the guide's client does: healthy, with an id. */
function registration(
  name: string,
  id: string,
  url = `http://${id}:8090`,
  metadata: object = { status: 'healthy' },
) {
  const service_metadata = { instance_id: id, ...metadata };
  return { service_name: name, service_url: url, health_check_url: `${url}/health`, service_metadata };
}

describe('the calls of the table', () => {
  it('register answers 201 with the id of the metadata', async () => {
    const answer = await post('/register', registration('asr-service', 'asr-1'));
    expect(answer).toMatchObject({ status: 201, body: { instance_id: 'asr-1' } });
  });

  it('register makes up a UUID4 where the metadata has no id', async () => {
    const { body } = await post('/register', { service_name: 'asr', service_url: 'http://asr:8090' });
    expect(body.instance_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('the same name and id again is an update', async () => {
    await post('/register', registration('asr', 'asr-1', 'http://old:1'));
    await post('/register', registration('asr', 'asr-1', 'http://new:1'));
    const { body } = await get('/services/asr');
    expect(body.map((each: { service_url: string }) => each.service_url)).toEqual(['http://new:1']);
  });

  it('deregister takes its arguments from the query and answers ok, also for what never existed', async () => {
    await post('/register', registration('asr', 'asr-1'));
    const path = '/deregister?service_name=asr&instance_id=asr-1';
    expect(await post(path)).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await post(path)).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect((await get('/services/asr')).body).toEqual([]);
  });

  it('a service row has no instance id and a time with a space and +00:00', async () => {
    await post('/register', registration('asr', 'asr-1'));
    expect((await get('/services')).body).toEqual([
      {
        service_name: 'asr',
        service_url: 'http://asr-1:8090',
        health_check_url: 'http://asr-1:8090/health',
        status: 'healthy',
        service_metadata: { instance_id: 'asr-1', status: 'healthy' },
        registered_at: expect.stringMatching(/^2026-11-21 20:28:39\.241\d{3}\+00:00$/),
      },
    ]);
  });

  it('an instance repeats the whole node in its metadata', async () => {
    await post('/register', registration('asr', 'asr-1', undefined, { status: 'healthy', zone: 'a' }));
    const node = { health_check_url: 'http://asr-1:8090/health', zone: 'a', status: 'healthy' };
    const place = { instance_id: 'asr-1', service_url: 'http://asr-1:8090' };
    expect((await get('/services/asr')).body).toEqual([
      {
        ...place,
        service_name: 'asr',
        health_check_url: 'http://asr-1:8090/health',
        status: 'healthy',
        service_metadata: { ...node, ...place },
      },
    ]);
  });

  it('null fields are absent from /services and /services/{name}, present in /discover', async () => {
    await post('/register', { service_name: 'asr', service_url: 'http://asr:1' });
    expect((await get('/services')).body[0]).not.toHaveProperty('health_check_url');
    expect((await get('/services/asr')).body[0]).not.toHaveProperty('health_check_url');
    expect((await get('/discover/asr')).body[0]).toMatchObject({
      health_check_url: null,
      registered_at: null,
    });
  });

  it('an unknown name is an empty list with 200', async () => {
    expect(await get('/services/nobody')).toMatchObject({ status: 200, body: [] });
  });

  it('/url hands out a random healthy instance', async () => {
    for (const id of ['a', 'b']) await post('/register', registration('asr', id, `http://${id}:1`));
    await post('/register', registration('asr', 'c', 'http://c:1', { status: 'starting' }));
    const seen = new Set<string>();
    for (let draw = 0; draw < 60; draw += 1) seen.add((await get('/services/asr/url')).body.url);
    expect([...seen].sort()).toEqual(['http://a:1', 'http://b:1']);
  });

  it('/url is 404 where nothing is healthy', async () => {
    expect(await get('/services/asr/url')).toMatchObject({
      status: 404,
      body: { detail: 'No healthy instances found' },
    });
  });

  it('/discover includes unhealthy instances', async () => {
    await post('/register', registration('asr', 'a', undefined, { status: 'unhealthy' }));
    expect((await get('/discover/asr')).body).toMatchObject([{ instance_id: 'a', status: 'unhealthy' }]);
  });

  it('POST health really probes and answers the status word alone', async () => {
    const service = await startSampleService({ name: 'asr', secret: 'unused' });
    await post('/register', registration('asr', 'a', service.url));
    expect(await post('/services/asr/health')).toMatchObject({ status: 200, body: { status: 'healthy' } });
    await service.close();
    expect((await post('/services/asr/health')).body).toEqual({ status: 'unhealthy' });
    expect((await post('/services/nobody/health')).body).toEqual({ status: 'unknown' });
  });

  it('a failing probe is tried 3 times', async () => {
    const service = await startSampleService({ name: 'asr', secret: 'unused', behaviour: 'health-500' });
    await post('/register', registration('asr', 'a', service.url));
    await post('/services/asr/health');
    expect(service.requests.map(({ path }) => path)).toEqual(['/health', '/health', '/health']);
    await service.close();
  });

  it('POST health/detailed tells each check', async () => {
    const service = await startSampleService({ name: 'asr', secret: 'unused', behaviour: 'health-500' });
    await post('/register', registration('asr', 'a', service.url));
    const { status, body } = await post('/services/asr/health/detailed');
    await service.close();
    expect(status).toBe(200);
    expect(body).toEqual({
      service_name: 'asr',
      overall_status: 'unhealthy',
      total_instances: 1,
      healthy_instances: 0,
      unhealthy_instances: 1,
      check_results: [
        {
          endpoint_url: `${service.url}/health`,
          is_healthy: false,
          response_time_ms: expect.any(Number),
          status_code: 500,
          error_message: 'HTTP 500',
          timestamp: expect.any(String),
        },
      ],
      timestamp: expect.any(String),
    });
  });

  it('health-status is 404 before the first probe round and a summary after it', async () => {
    const service = await startSampleService({ name: 'asr', secret: 'unused' });
    await post('/register', registration('asr', 'up', service.url));
    await post('/register', registration('asr', 'down', 'http://127.0.0.1:1'));
    const path = '/internal/health-status?service_id=asr';
    expect(await call('GET', path)).toMatchObject({
      status: 404,
      body: { detail: 'Health status not found' },
    });
    await replica.probeRound();
    await service.close();
    expect(await call('GET', path)).toMatchObject({
      status: 200,
      body: { service_id: 'asr', state: 'degraded', total_instances: 2, healthy_instances: 1 },
    });
  });

  it('/health is 200 and tells each store', async () => {
    expect(await call('GET', '/health')).toMatchObject({
      status: 200,
      body: {
        status: 'healthy',
        redis: 'healthy',
        postgres: 'healthy',
        kafka: 'healthy',
        zookeeper: 'healthy',
        timestamp: expect.any(Number),
      },
    });
  });

  it('/health is 200 even where its status is unhealthy', async () => {
    replica.zookeeperDown();
    expect(await call('GET', '/health')).toMatchObject({
      status: 200,
      body: { status: 'unhealthy', zookeeper: 'unhealthy' },
    });
  });

  it.each(['redisDown', 'postgresDown'] as const)('/health and /ready are 503 after %s', async (fault) => {
    replica[fault]();
    expect(await call('GET', '/health')).toMatchObject({
      status: 503,
      body: { detail: 'Service unhealthy' },
    });
    expect((await call('GET', '/ready')).status).toBe(503);
  });

  it('kafka is optional to the registry', async () => {
    replica.kafkaDown();
    expect((await call('GET', '/health')).body).toMatchObject({ status: 'healthy', kafka: 'unhealthy' });
  });

  it('/ready and /live', async () => {
    expect(await call('GET', '/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
    expect(await call('GET', '/live')).toMatchObject({ status: 200, body: { status: 'alive' } });
  });

  it('/openapi.json lists which calls exist', async () => {
    const { paths } = (await call('GET', '/openapi.json')).body;
    expect(Object.keys(paths)).toContain(`${REGISTRY}/services/{service_name}/url`);
    expect(Object.keys(paths[`${REGISTRY}/register`])).toEqual(['post']);
    expect(Object.keys(paths)).not.toContain('/heartbeat');
  });

  it('a version without a call neither lists nor answers it', async () => {
    const path = `${REGISTRY}/services/{service_name}/health/detailed`;
    const older = await startConfigServiceReplica({ without: [path] });
    const document = await (await fetch(`${older.url}/openapi.json`)).text();
    const answer = await fetch(older.url + path.replace('{service_name}', 'asr'), { method: 'POST' });
    await older.close();
    expect(document).not.toContain(path);
    expect(answer.status).toBe(404);
  });

  it('there is no heartbeat', async () => {
    const notFound = { status: 404, body: { detail: 'Not Found' } };
    expect(await call('POST', '/heartbeat', { service_id: 42 })).toMatchObject(notFound);
    expect(await post('/heartbeat', { service_id: 42 })).toMatchObject(notFound);
  });
});

describe('errors', () => {
  it('a missing field is 422 with its place', async () => {
    expect(await post('/register', { service_name: 'asr' })).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['body', 'service_url'], msg: 'field required', type: expect.any(String) }] },
    });
    expect(await post('/deregister?service_name=asr')).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['query', 'instance_id'], msg: 'field required' }] },
    });
  });

  it.each([
    ['no JSON', '{"service_name":'],
    ['an array', '[]'],
    ['metadata that is no object', { service_name: 'a', service_url: 'http://a', service_metadata: [] }],
  ])('%s is 422', async (_case, body) => {
    expect(await post('/register', body)).toMatchObject({
      status: 422,
      body: { detail: [expect.any(Object)] },
    });
    expect(replica.contents().rows).toEqual([]);
  });

  it('a wrong method is 405', async () => {
    const { status, body, headers } = await get('/register');
    expect({ status, body }).toEqual({ status: 405, body: { detail: 'Method Not Allowed' } });
    expect(headers.get('allow')).toBe('POST');
  });
});

describe('where the deployed service misleads an operator', () => {
  const crashed = { status: 500, body: 'Internal Server Error' };

  it('1: registered without a status it is never discoverable, while its catalog row is healthy at once', async () => {
    await post('/register', { service_name: 'asr', service_url: 'http://asr:1' });
    replica.advance(3_600_000);
    expect((await get('/services/asr')).body).toMatchObject([{ status: 'unknown' }]);
    expect((await get('/services/asr/url')).status).toBe(404);
    expect((await get('/services')).body).toMatchObject([{ status: 'healthy' }]);
  });

  it('2: the catalog row is whoever registered last', async () => {
    await post('/register', registration('asr', 'a', 'http://a:1'));
    await post('/register', registration('asr', 'b', 'http://b:1'));
    expect((await get('/services')).body).toMatchObject([
      { service_url: 'http://b:1', service_metadata: { instance_id: 'b' } },
    ]);
  });

  it('2: deregistering one instance, or one that never existed, makes the whole row unknown', async () => {
    for (const id of ['a', 'never-there']) {
      await post('/register', registration('asr', 'a'));
      await post('/register', registration('asr', 'b'));
      await post(`/deregister?service_name=asr&instance_id=${id}`);
      expect((await get('/services')).body).toMatchObject([{ status: 'unknown' }]);
      expect((await get('/services/asr/url')).status).toBe(200);
    }
  });

  it('3: a crashed instance stays healthy and handed out, though the registry probed it', async () => {
    await post('/register', registration('asr', 'a', 'http://127.0.0.1:1'));
    expect((await post('/services/asr/health')).body).toEqual({ status: 'unhealthy' });
    expect((await get('/services')).body).toMatchObject([{ status: 'unhealthy' }]);
    expect((await get('/services/asr')).body).toMatchObject([{ status: 'healthy' }]);
    expect((await get('/services/asr/url')).body).toEqual({ url: 'http://127.0.0.1:1' });
  });

  it('4: after a restart all instances are gone and every catalog row reads as before', async () => {
    await post('/register', registration('asr', 'a'));
    const before = (await get('/services')).body;
    replica.restart();
    expect((await get('/services/asr')).body).toEqual([]);
    await replica.probeRound();
    expect((await get('/services')).body).toEqual(before);
  });

  it('4: they vanish only after the session timeout of 30 s', async () => {
    await post('/register', registration('asr', 'a'));
    replica.restart({ settled: false });
    replica.advance(29_999);
    expect(replica.contents().nodes.asr).toHaveLength(1);
    replica.advance(1);
    expect(replica.contents().nodes.asr).toEqual([]);
  });

  it('4: who registers after the restart stays, also where the session before it ends', async () => {
    replica.restart({ settled: false });
    await post('/register', registration('asr', 'a'));
    replica.advance(60_000);
    expect((await get('/services/asr')).body).toHaveLength(1);
  });

  it('4: registering the same instance again before that does not save it: the node is still the old session’s', async () => {
    await post('/register', registration('asr', 'a'));
    replica.restart({ settled: false });
    await post('/register', registration('asr', 'a'));
    replica.advance(30_000);
    expect(replica.contents().nodes.asr).toEqual([]);
  });

  it('5: a lost node is handed out from the cache for 60 s', async () => {
    await post('/register', registration('asr', 'a'));
    await get('/services/asr');
    replica.loseNode('asr', 'a');
    replica.advance(59_999);
    expect((await get('/services/asr/url')).status).toBe(200);
    replica.advance(1);
    expect((await get('/services/asr/url')).status).toBe(404);
  });

  it('5: a register or deregister of the same service drops the cache, of another one does not', async () => {
    await post('/register', registration('asr', 'a'));
    await get('/services/asr');
    replica.loseNode('asr', 'a');
    await post('/deregister?service_name=nmt&instance_id=x');
    expect((await get('/services/asr')).body).toHaveLength(1);
    await post('/deregister?service_name=asr&instance_id=x');
    expect((await get('/services/asr')).body).toEqual([]);
  });

  it('5: the cache outlives a restart of the Config Service', async () => {
    await post('/register', registration('asr', 'a'));
    await get('/services/asr');
    replica.restart();
    expect((await get('/services/asr')).body).toHaveLength(1);
    replica.advance(30_000);
    expect((await get('/services/asr')).body).toEqual([]);
  });

  it('6: one bogus status is accepted and breaks the service, healthy instances included', async () => {
    await post('/register', registration('asr', 'good'));
    await post('/register', registration('nmt', 'good'));
    const odd = registration('asr', 'odd', undefined, { status: 'bogus' });
    expect((await post('/register', odd)).status).toBe(201);
    for (const path of ['/services/asr', '/services/asr/url', '/discover/asr']) {
      const answer = await get(path);
      expect(answer).toMatchObject(crashed);
      expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    }
    expect((await get('/services')).status).toBe(200);
    expect((await get('/services/nmt')).status).toBe(200);
    await post('/deregister?service_name=asr&instance_id=odd');
    expect((await get('/services/asr')).status).toBe(200);
  });

  it('7: a name with a slash registers and can never be read back', async () => {
    expect((await post('/register', registration('a/b', 'x'))).status).toBe(201);
    expect((await get('/services/a%2Fb')).status).toBe(404);
    expect((await get('/services')).body).toMatchObject([{ service_name: 'a/b' }]);
  });

  it.each(['two words', 'bell\u0007', '\u001b[31mred\u001b[0m', ''])(
    '7: the name %j is accepted',
    async (name) => {
      expect((await post('/register', registration(name, 'x'))).status).toBe(201);
      expect((await get('/services')).body).toMatchObject([{ service_name: name }]);
    },
  );

  it('8: without Redis the lists of instances crash, the catalog answers', async () => {
    await post('/register', registration('asr', 'a'));
    replica.redisDown();
    for (const path of ['/services/asr', '/services/asr/url', '/discover/asr']) {
      expect(await get(path)).toMatchObject(crashed);
    }
    expect((await get('/services')).body).toHaveLength(1);
    replica.redisUp();
    expect((await get('/services/asr')).body).toHaveLength(1);
  });

  it('9: there is no authentication', async () => {
    const headers = { 'content-type': 'application/json', authorization: 'Bearer nonsense' };
    const body = JSON.stringify(registration('asr', 'a'));
    const response = await fetch(`${replica.url}${REGISTRY}/register`, { method: 'POST', headers, body });
    expect(response.status).toBe(201);
  });
});

describe('as an instrument', () => {
  it('records what it was asked', async () => {
    await post('/deregister?service_name=a%2Fb&instance_id=x');
    expect(replica.requests).toMatchObject([
      { method: 'POST', path: `${REGISTRY}/deregister?service_name=a%2Fb&instance_id=x`, body: '' },
    ]);
  });

  it('plants registrations unseen by the record', async () => {
    expect(replica.registerRaw(registration('\u001b]0;title\u0007', 'x'))).toBe('x');
    expect(replica.contents().rows).toHaveLength(1);
    expect(replica.requests).toEqual([]);
  });

  it('slows its answers down and drops them when it closes', async () => {
    replica.slow(60_000);
    const answer = call('GET', '/health');
    const dropped = expect(answer).rejects.toThrow('fetch failed');
    while (replica.requests.length === 0) await new Promise(setImmediate);
    await replica.close();
    await dropped;
  });

  it('has a clock of its own for the Date header', async () => {
    const ahead = await startConfigServiceReplica({ clockSkewMs: 600_000 });
    const { headers } = await fetch(`${ahead.url}/live`);
    await ahead.close();
    expect(Date.parse(headers.get('date') ?? '') - Date.now()).toBeGreaterThan(590_000);
  });
});
