import { describe, expect, test } from 'vitest';
import { json, send, startInstrument } from '../support/instrument.js';
import { eventually, get, post, startTestRegistry } from '../support/start-registry.js';

const PREFIX = '/api/v1/registry';

/** The guide's own registration. */
function registration(id: string | undefined, rest: Record<string, unknown> = {}) {
  return {
    service_name: 'asr',
    service_url: `http://${id ?? 'asr'}:8000`,
    health_check_url: null,
    service_metadata: { ...(id === undefined ? {} : { instance_id: id }), status: 'healthy' },
    ...rest,
  };
}

test("the guide's client registers, is listed and handed out, and deregisters", async () => {
  const { url } = await startTestRegistry();
  const registry = `${url}${PREFIX}`;
  const made = await post(`${registry}/register`, registration('asr-1'));
  expect([made.status, made.body]).toEqual([201, { instance_id: 'asr-1' }]);

  expect((await get(`${registry}/services`)).body).toMatchObject([
    { service_name: 'asr', service_url: 'http://asr-1:8000', status: 'healthy', healthy_instances: 1 },
  ]);
  expect((await get(`${registry}/services/asr`)).body).toMatchObject([
    { instance_id: 'asr-1', status: 'healthy', state: 'healthy', monitored_by: 'none' },
  ]);
  expect((await get(`${registry}/services/asr/url`)).body).toEqual({ url: 'http://asr-1:8000' });

  const gone = await post(`${registry}/deregister?service_name=asr&instance_id=asr-1&reason=deploy`);
  expect([gone.status, gone.body]).toEqual([200, { status: 'ok' }]);
  expect((await get(`${registry}/services`)).body).toEqual([]);
  expect((await get(`${registry}/services/asr`)).body).toEqual([]);
  const none = await get(`${registry}/services/asr/url`);
  expect([none.status, none.body]).toEqual([404, { detail: 'No healthy instances found' }]);
});

test('replicas behind one URL get an id each: the first that stops leaves the others registered', async () => {
  const { url } = await startTestRegistry();
  const registry = `${url}${PREFIX}`;
  const first = await post(`${registry}/register`, registration(undefined));
  expect(first.body.instance_id).toMatch(/^[0-9a-f-]{36}$/);
  const second = await post(`${registry}/register`, registration(undefined));
  await post(`${registry}/deregister?service_name=asr&instance_id=${first.body.instance_id}`);
  expect((await get(`${registry}/services/asr`)).body).toMatchObject([second.body]);
  expect((await get(`${registry}/services/asr/url`)).body).toEqual({ url: 'http://asr:8000' });
});

test.each([[''], [null]])(
  'what an unset variable leaves in a registration (%j) counts as absent',
  async (nothing) => {
    const { url } = await startTestRegistry();
    const made = await post(`${url}${PREFIX}/register`, {
      ...registration(undefined),
      health_check_url: nothing,
      service_metadata: { instance_id: nothing, status: nothing },
    });
    expect([made.status, made.body.instance_id]).toEqual([201, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    const [row] = (await get(`${url}${PREFIX}/services/asr`)).body;
    expect(row).toMatchObject({ state: 'starting', monitored_by: 'none' });
    const coordinated = { service_id: 42, service_name: 'nmt', url: 'http://nmt', instance_id: nothing };
    expect((await post(`${url}/register`, coordinated)).body).toMatchObject({ instance_id: 'nmt-42' });
  },
);

test('rows have the fields and times of upstream: null only when discovering, and the node in the metadata', async () => {
  const { url } = await startTestRegistry();
  const registry = `${url}${PREFIX}`;
  await post(`${registry}/register`, registration('asr-1'));
  const node = {
    health_check_url: null,
    status: 'healthy',
    instance_id: 'asr-1',
    service_url: 'http://asr-1:8000',
  };
  const [discovered] = (await get(`${registry}/discover/asr`)).body;
  expect(discovered).toMatchObject({ health_check_url: null, last_heartbeat: null, service_id: null });
  expect(discovered?.service_metadata).toEqual(node);
  expect(discovered?.registered_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/);
  const [listed] = (await get(`${registry}/services/asr`)).body;
  expect(Object.values(listed ?? {})).not.toContain(null);
  expect(listed?.service_metadata).toEqual(node);
});

test('a path that names no service is not found', async () => {
  const { url } = await startTestRegistry();
  for (const path of [`${PREFIX}/services/`, `${PREFIX}/discover/`, '/services/']) {
    const answer = await get(`${url}${path}`);
    expect([path, answer.status, answer.body]).toEqual([path, 404, { detail: 'Not Found' }]);
  }
});

test.each(['application/json', 'application/x-www-form-urlencoded', 'text/plain'])(
  'a POST without a body may say it is %s',
  async (type) => {
    const { url } = await startTestRegistry();
    await post(`${url}${PREFIX}/register`, registration('asr-1'));
    for (const path of ['services/asr/health', 'deregister?service_name=asr&instance_id=asr-1']) {
      const options = { method: 'POST', headers: { 'content-type': type } };
      expect((await fetch(`${url}${PREFIX}/${path}`, options)).status).toBe(200);
    }
  },
);

test('the same registration a hundred times at once is one instance, and one deregistration ends it', async () => {
  const { url } = await startTestRegistry();
  const registry = `${url}${PREFIX}`;
  const at = (i: number) => registration('asr-1', { service_url: `http://asr-${i}:8000` });
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => post(`${registry}/register`, at(i))),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  expect((await get(`${registry}/services/asr`)).body).toHaveLength(1);
  await post(`${registry}/deregister?service_name=asr&instance_id=asr-1`);
  expect((await get(`${registry}/services/asr`)).body).toEqual([]);
});

test('deregistering what never existed is answered ok, as upstream does', async () => {
  const { url } = await startTestRegistry();
  expect((await post(`${url}${PREFIX}/deregister?service_name=asr&instance_id=nobody`)).status).toBe(200);
});

test('only healthy instances are discovered; the list shows all, in the five words of upstream', async () => {
  const { url } = await startTestRegistry();
  const registry = `${url}${PREFIX}`;
  for (const status of ['healthy', 'down', 'draining', 'starting', 'unknown']) {
    await post(
      `${registry}/register`,
      registration(status, { service_metadata: { instance_id: status, status } }),
    );
  }
  const rows = (await get(`${registry}/services/asr`)).body;
  expect(Object.fromEntries(rows.map((row) => [row.state, row.status]))).toEqual({
    healthy: 'healthy',
    down: 'unhealthy',
    draining: 'stopping',
    starting: 'starting',
    unknown: 'unknown',
  });
  expect((await get(`${registry}/discover/asr`)).body).toMatchObject([{ instance_id: 'healthy' }]);
  const excluded = await get(`${registry}/services/asr/url?exclude=nobody&exclude=http://healthy:8000`);
  expect(excluded.status).toBe(404);
});

test('a heartbeat takes over from the health check, and is refused once the instance is gone', async () => {
  const { url } = await startTestRegistry();
  const registry = `${url}${PREFIX}`;
  const body = { service_name: 'asr', instance_id: 'asr-1' };
  await post(`${registry}/register`, registration('asr-1', { service_metadata: { instance_id: 'asr-1' } }));
  expect((await get(`${registry}/services/asr`)).body).toMatchObject([{ state: 'starting' }]);
  expect((await post(`${registry}/heartbeat`, body)).body).toMatchObject({
    status: 'ok',
    next_heartbeat_s: 30,
  });
  const [row] = (await get(`${registry}/services/asr`)).body;
  expect(row).toMatchObject({ state: 'healthy', monitored_by: 'heartbeat' });
  expect(Date.now() - Date.parse(String(row?.last_heartbeat))).toBeLessThan(10_000);

  await post(`${registry}/deregister?service_name=asr&instance_id=asr-1`);
  const late = await post(`${registry}/heartbeat`, body);
  expect([late.status, late.body.detail]).toEqual([404, expect.stringContaining('register it again')]);
  expect((await get(`${registry}/services/asr`)).body).toEqual([]);
});

describe('health checks', () => {
  const timings = { checkIntervalMs: 50, checkTimeoutMs: 500 };

  test('find a service that starts to listen after it registered, and notice when it fails', async () => {
    const { url } = await startTestRegistry({ timings });
    const registry = `${url}${PREFIX}`;
    let status = 503;
    const service = await startInstrument((_, response) => send(response, json(status, {})));
    await post(`${registry}/register`, {
      service_name: 'asr',
      service_url: service.url,
      health_check_url: `${service.url}/health`,
    });
    status = 200;
    const found = await eventually(
      () => get(`${registry}/services/asr/url`),
      (answer) => answer.status === 200,
    );
    expect(found.body).toEqual({ url: service.url });

    await service.close();
    await eventually(
      () => get(`${registry}/services/asr/url`),
      (answer) => answer.status === 404,
    );
    expect((await get(`${registry}/services/asr`)).body).toMatchObject([{ state: 'unhealthy' }]);
  });

  test('can be asked for, and tell what they saw', async () => {
    const { url } = await startTestRegistry({ timings });
    const registry = `${url}${PREFIX}`;
    const service = await startInstrument((_, response) => send(response, json(200, {})));
    const broken = await startInstrument((_, response) => send(response, json(500, {})));
    for (const [id, { url: serviceUrl }] of Object.entries({ good: service, bad: broken })) {
      await post(
        `${registry}/register`,
        registration(id, { service_url: serviceUrl, health_check_url: `${serviceUrl}/health` }),
      );
    }
    const { body } = await post(`${registry}/services/asr/health/detailed`);
    expect(body).toMatchObject({
      service_name: 'asr',
      overall_status: 'healthy',
      total_instances: 2,
      healthy_instances: 1,
      unhealthy_instances: 1,
    });
    expect(body.check_results).toMatchObject([
      { is_healthy: true, status_code: 200, error_message: null },
      { is_healthy: false, status_code: 500, error_message: 'it answered 500' },
    ]);
    expect((await post(`${registry}/services/asr/health`)).body).toEqual({ status: 'healthy' });
    expect((await get(`${registry}/internal/health-status?service_id=asr`)).body).toMatchObject({
      state: 'degraded',
      total_instances: 2,
      healthy_instances: 1,
    });
    await Promise.all([service.close(), broken.close()]);
  });

  test('that are asked for again within two seconds are answered from what was just seen', async () => {
    const { url } = await startTestRegistry();
    const service = await startInstrument((_, response) => send(response, json(200, {})));
    await post(
      `${url}${PREFIX}/register`,
      registration('asr-1', { health_check_url: `${service.url}/health` }),
    );
    await eventually(
      async () => service.requests.length,
      (requests) => requests === 1,
    );
    for (let i = 0; i < 5; i += 1) await post(`${url}${PREFIX}/services/asr/health`);
    expect(service.requests).toHaveLength(2);
    await service.close();
  });

  test('have no status to show of a service that nobody has checked', async () => {
    const { url } = await startTestRegistry();
    await post(`${url}${PREFIX}/register`, registration('asr-1'));
    const answer = await get(`${url}${PREFIX}/internal/health-status?service_id=asr`);
    expect([answer.status, answer.body]).toEqual([404, { detail: 'Health status not found' }]);
  });
});

test('the registry tells its own health in the words of upstream', async () => {
  const { url } = await startTestRegistry();
  expect((await get(`${url}/health`)).body).toEqual({
    status: 'healthy',
    zookeeper: 'healthy',
    postgres: 'healthy',
    redis: 'healthy',
    timestamp: expect.any(Number),
    mode: 'embedded',
  });
  expect((await get(`${url}/ready`)).body).toEqual({ status: 'ready' });
  expect((await get(`${url}/live`)).body).toEqual({ status: 'alive' });
});
