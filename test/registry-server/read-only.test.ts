// --read-only: nothing is registered, deregistered or evicted, and nobody goes down for it.
import { expect, onTestFinished, test } from 'vitest';
import { emptyFolder, runCli, startCli } from '../support/run-cli.js';
import { eventually, get, post, startTestRegistry } from '../support/start-registry.js';
import { SECRET } from '../support/targets.js';

const PREFIX = '/api/v1/registry';
const ASR = {
  service_name: 'asr',
  service_url: 'http://asr:8000',
  service_metadata: { instance_id: 'asr-1', service_id: 42 },
};

const SHORT = { downAfterMs: 500, evictAfterMs: 500, expiryGuard: false };

/** A registry that is read-only, over what one that was not left behind. */
async function readOnlyAfter(...registrations: object[]) {
  const store = { kind: 'sqlite', dataDir: emptyFolder() } as const;
  const before = await startTestRegistry({ store });
  for (const each of registrations) {
    expect((await post(`${before.url}${PREFIX}/register`, each)).status).toBe(201);
  }
  await before.close();
  return startTestRegistry({ store, timings: SHORT, readOnly: true });
}

test('every change is refused before its body or token is looked at, and changes nothing', async () => {
  const { url } = await readOnlyAfter(ASR);
  for (const [path, body] of [
    [`${PREFIX}/register`, ASR],
    [`${PREFIX}/register`, { nonsense: true }],
    [`${PREFIX}/deregister?service_name=asr&instance_id=asr-1`, undefined],
    [`${PREFIX}/services/asr/release-evictions`, undefined],
    ['/register', { service_id: 7, service_name: 'nmt', url: 'http://nmt:8000' }],
    ['/deregister', { service_id: 42 }],
  ] as const) {
    const { status, body: answer } = await post(`${url}${path}`, body);
    expect([path, status, answer]).toEqual([
      path,
      403,
      { detail: expect.stringContaining('read-only'), code: 'read-only' },
    ]);
  }
  expect((await get(`${url}/services`)).body).toMatchObject([{ service_name: 'asr', total_instances: 1 }]);
  const { body: trail } = await get(`${url}${PREFIX}/audit`);
  expect(trail.map(({ cause }) => cause)).toEqual(['registered']);
});

test('reading, heartbeats and health checks go on', async () => {
  const { url } = await readOnlyAfter(ASR);
  expect(
    (await post(`${url}${PREFIX}/heartbeat`, { service_name: 'asr', instance_id: 'asr-1' })).status,
  ).toBe(200);
  expect((await post(`${url}/heartbeat`, { service_id: 42 })).status).toBe(200);
  expect((await get(`${url}${PREFIX}/services/asr/url`)).body).toEqual({ url: 'http://asr:8000' });
  expect((await post(`${url}${PREFIX}/services/asr/health`)).body).toEqual({ status: 'healthy' });
  for (const path of ['/services', '/services/asr', `${PREFIX}/discover/asr`, '/metrics', '/ready']) {
    for (const method of ['GET', 'HEAD']) {
      expect([path, (await fetch(`${url}${path}`, { method })).status]).toEqual([path, 200]);
    }
  }
  expect((await get(`${url}/health`)).body).toMatchObject({ status: 'healthy', read_only: true });
  expect((await post(`${url}/no-such-path`)).status).toBe(404);
});

test('what stops beating is down, and stays registered for as long as it is read-only', async () => {
  const readOnly = await readOnlyAfter(ASR);
  const other = await startTestRegistry({ timings: SHORT });
  await post(`${other.url}${PREFIX}/register`, ASR);
  const beat = { service_name: 'asr', instance_id: 'asr-1' };
  for (const { url } of [readOnly, other]) {
    expect((await post(`${url}${PREFIX}/heartbeat`, beat)).status).toBe(200);
  }
  // It beat later, and is gone: what is read-only would have evicted by now.
  await eventually(
    async () => (await get(`${other.url}/services`)).body.length,
    (services) => services === 0,
  );
  expect((await get(`${readOnly.url}${PREFIX}/services/asr`)).body).toMatchObject([{ state: 'down' }]);
  const { body: trail } = await get(`${readOnly.url}${PREFIX}/audit`);
  expect(trail.map(({ cause }) => cause)).toEqual(['registered', 'heartbeat', 'lease-expired']);
});

test('regctl says that the registry is read-only, and what to do', async () => {
  const serve = startCli([
    'serve',
    '--memory',
    '--port',
    '0',
    '--read-only',
    '--json',
    '--log-level',
    'silent',
  ]);
  onTestFinished(async () => {
    serve.child.kill('SIGTERM');
    await serve.done;
  });
  const { url } = JSON.parse(await serve.until(/"url":.*\n/));
  const refused = [
    ['register', 'asr', '--url', 'http://asr:8000', '--no-health-check'],
    [
      'register',
      'asr',
      '--url',
      'http://asr:8000',
      '--no-health-check',
      '--api',
      'coordinator',
      '--service-id',
      '42',
    ],
  ];
  for (const args of refused) {
    const { code, stdout } = await runCli([...args, '--json', '--registry', url], {
      env: { JWT_SECRET: SECRET },
    });
    expect([code, JSON.parse(stdout).error]).toEqual([
      4,
      {
        code: 'READ_ONLY',
        exit: 4,
        message: expect.stringContaining('the registry is read-only. Nothing was changed.'),
        hint: expect.stringContaining('--registry'),
      },
    ]);
  }
  expect((await runCli(['list', '--json', '--registry', url])).stdout).toBe('[]\n');
});
