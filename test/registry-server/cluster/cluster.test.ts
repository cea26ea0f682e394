// Replicas over one ZooKeeper, PostgreSQL and Redis, all of them real: what one hears, all know.
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type RunningRegistry, startRegistry } from '../../../src/registry-server/server.js';
import {
  type Deployment,
  newDeployment,
  startEngines,
  startReplica,
  withoutEngines,
} from '../../support/cluster.js';
import { startCli } from '../../support/run-cli.js';
import { eventually, get, post } from '../../support/start-registry.js';
import { startProxy } from '../../support/tcp-proxy.js';

const PREFIX = '/api/v1/registry';

describe.skipIf(withoutEngines)('replicas', () => {
  let engines: Awaited<ReturnType<typeof startEngines>>;
  beforeAll(async () => {
    engines = await startEngines();
  });
  afterAll(() => engines?.close());

  const pair = async (deployment: Deployment, options: Parameters<typeof startReplica>[1] = {}) =>
    Promise.all([startReplica(deployment, options), startReplica(deployment, options)] as const);

  const register = ({ url }: RunningRegistry, id: string, metadata: Record<string, unknown> = {}) =>
    post(`${url}${PREFIX}/register`, {
      service_name: 'asr',
      service_url: `http://${id}:8000`,
      service_metadata: { instance_id: id, ...metadata },
    });
  const beat = ({ url }: RunningRegistry, id: string) =>
    post(`${url}${PREFIX}/heartbeat`, { service_name: 'asr', instance_id: id });
  const states = async ({ url }: RunningRegistry) =>
    Object.fromEntries(
      (await get(`${url}${PREFIX}/services/asr`)).body.map(({ instance_id, state }) => [instance_id, state]),
    );
  const seenBy = (replica: RunningRegistry, expected: Record<string, string>) =>
    eventually(
      () => states(replica),
      (seen) => JSON.stringify(seen) === JSON.stringify(expected),
    );

  it('start side by side on an empty database, and each knows at once what the other is told', async () => {
    const [one, two] = await pair(await newDeployment(engines));
    expect((await register(one, 'asr-1', { status: 'healthy' })).status).toBe(201);
    await seenBy(two, { 'asr-1': 'healthy' });
    expect((await get(`${two.url}${PREFIX}/services/asr/url`)).body).toEqual({ url: 'http://asr-1:8000' });
    await post(`${two.url}${PREFIX}/deregister?service_name=asr&instance_id=asr-1`);
    await seenBy(one, {});
    expect((await beat(one, 'asr-1')).status).toBe(404);
    const rows = (await get(`${one.url}${PREFIX}/audit`)).body;
    expect(rows).toEqual((await get(`${two.url}${PREFIX}/audit`)).body);
    expect(rows.map(({ cause }) => cause)).toEqual(['registered', 'deregistered']);
  });

  it('carry out nothing for who has hung up before its turn came: it may have asked another since', async () => {
    const deployment = await newDeployment(engines);
    const replica = await startReplica(deployment);
    const { host, port, user, database } = deployment.engines().postgres;
    const other = new pg.Client({ host, port, user, database });
    await other.connect();
    onTestFinished(() => other.end());
    // As another replica does that is committing.
    await other.query('begin; select * from regctl.change_head for update');
    const patience = new AbortController();
    const asked = fetch(`${replica.url}${PREFIX}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ service_name: 'asr', service_url: 'http://asr-1:8000' }),
      signal: patience.signal,
    });
    const waiting = async () => (await other.query('select 1 from pg_locks where not granted')).rowCount;
    await eventually(waiting, (count) => count === 1);
    patience.abort();
    await expect(asked).rejects.toThrow('aborted');
    await get(`${replica.url}/live`);
    await other.query('commit');
    await eventually(
      async () => (await fetch(`${replica.url}/metrics`)).text(),
      (text) => /register",method="POST",status="4xx"} 1/.test(text),
    );
    expect((await get(`${replica.url}${PREFIX}/services/asr`)).body).toEqual([]);
  });

  it('refuse one that is over another database, which would undo what they do in ZooKeeper', async () => {
    const [deployment, other] = [await newDeployment(engines), await newDeployment(engines)];
    const replica = await startReplica(deployment);
    await register(replica, 'asr-1');
    const stray = { ...deployment.engines(), postgres: other.engines().postgres };
    await expect(startRegistry({ port: 0, store: { kind: 'cluster', engines: stray } })).rejects.toThrow(
      `replicas that use ${deployment.basePath} in this ZooKeeper are over another database`,
    );
    expect(await states(replica)).toEqual({ 'asr-1': 'starting' });
  });

  it('count a heartbeat at any of them, and take for down what beats at none', async () => {
    const timings = { downAfterMs: 3_000, evictAfterMs: 600_000 };
    const [one, two] = await pair(await newDeployment(engines), { timings });
    await register(one, 'asr-1');
    await register(one, 'asr-2');
    await seenBy(two, { 'asr-1': 'starting', 'asr-2': 'starting' });
    await beat(one, 'asr-1');
    await beat(two, 'asr-2');
    await Promise.all([one, two].map((each) => seenBy(each, { 'asr-1': 'healthy', 'asr-2': 'healthy' })));
    const end = Date.now() + 5_000;
    for (let turn = 0; Date.now() < end; turn += 1) {
      await beat(turn % 8 < 4 ? one : two, 'asr-1');
      await new Promise((resolve) => setTimeout(resolve, 250));
      expect((await states(one))['asr-1']).toBe('healthy');
      expect((await states(two))['asr-1']).toBe('healthy');
    }
    await Promise.all([one, two].map((each) => seenBy(each, { 'asr-1': 'healthy', 'asr-2': 'down' })));
    const causes = (await get(`${one.url}${PREFIX}/audit?service=asr`)).body.filter(
      ({ cause }) => cause === 'lease-expired',
    );
    expect(causes).toMatchObject([{ instance_id: 'asr-2', from: 'healthy', to: 'down' }]);
  });

  it('tell of each engine on /health, and go on without Redis', async () => {
    const proxy = await startProxy(engines.redis.port);
    const replica = await startReplica(await newDeployment(engines), { ports: { redis: proxy.port } });
    const health = () => get(`${replica.url}/health`);
    const well = await eventually(health, ({ body }) => body.redis === 'healthy');
    expect(well.status).toBe(200);
    expect(well.body).toMatchObject({
      status: 'healthy',
      zookeeper: 'healthy',
      postgres: 'healthy',
      mode: 'cluster',
      members: 1,
    });
    await register(replica, 'asr-1');
    const audit = () => get(`${replica.url}${PREFIX}/audit`);
    const before = (await audit()).body;
    expect(before).toHaveLength(1);
    proxy.blackHole();
    expect(await audit()).toMatchObject({ status: 200, body: before });
    const ill = await eventually(health, ({ body }) => body.redis === 'unhealthy');
    expect(ill).toMatchObject({ status: 200, body: { status: 'healthy' } });
    const metrics = await (await fetch(`${replica.url}/metrics`)).text();
    expect(metrics.match(/^regctl_(engine|cluster|stale|cut).*$/gm)).toEqual([
      'regctl_cluster_members 1',
      'regctl_engine_up{engine="zookeeper"} 1',
      'regctl_engine_up{engine="postgres"} 1',
      'regctl_engine_up{engine="redis"} 0',
      'regctl_stale_seconds 0',
      'regctl_cut_off 0',
    ]);
    expect((await register(replica, 'asr-2')).status).toBe(201);
    expect((await audit()).body).toHaveLength(2);
    proxy.heal();
    await eventually(health, ({ body }) => body.redis === 'healthy');
    await proxy.close();
  });

  it('say that heartbeats are refused where both engines are out of reach', async () => {
    const [zookeeper, postgres] = await Promise.all([
      startProxy(engines.zookeeper.port),
      startProxy(engines.postgres.port),
    ]);
    const ports = { zookeeper: zookeeper.port, postgres: postgres.port };
    const replica = await startReplica(await newDeployment(engines), { ports });
    for (const proxy of [zookeeper, postgres]) proxy.cut();
    await eventually(
      () => get(`${replica.url}/ready`),
      ({ status }) => status === 503,
    );
    const { status, body } = await get(`${replica.url}/health`);
    expect(status).toBe(503);
    expect(body.detail).toMatch(/heartbeats and registrations are refused here/);
    await Promise.all([zookeeper.close(), postgres.close()]);
  });

  it('say why answers are marked while another of them hangs', async () => {
    const deployment = await newDeployment(engines);
    const other = startCli(['serve', '--port', '0', '-o', 'json', ...deployment.flags()]);
    onTestFinished(async () => {
      other.child.kill('SIGKILL');
      await other.done;
    });
    await other.until(/"url":"[^"]+".*\n/);
    const replica = await startReplica(deployment);
    const health = () => get(`${replica.url}/health`);
    await eventually(health, ({ body }) => Number(body.members) === 2);
    other.child.kill('SIGSTOP');
    const marked = () => get(`${replica.url}/services`);
    await eventually(marked, ({ headers }) => headers.has('warning'));
    expect(await health()).toMatchObject({
      status: 200,
      body: { status: 'healthy', detail: expect.stringContaining('another replica') },
    });
  });

  it('believe nothing in Redis that is of another time or not theirs', async () => {
    const replica = await startReplica(await newDeployment(engines));
    const audit = async () => (await get(`${replica.url}${PREFIX}/audit`)).body;
    await eventually(
      () => get(`${replica.url}/health`),
      ({ body }) => body.redis === 'healthy',
    );
    await register(replica, 'asr-1');
    await audit();
    const redis = new Redis({ host: '127.0.0.1', port: engines.redis.port });
    const keys = async () => (await redis.keys('regctl:*')).sort();
    const [old] = await eventually(keys, (found) => found.length > 0);
    const stale = await redis.get(old ?? '');
    await register(replica, 'asr-2');
    expect(await audit()).toHaveLength(2);
    await eventually(keys, (found) => found.length > 1);
    for (const value of [stale ?? '', 'not JSON', '{"rows":[]}']) {
      for (const key of await keys()) await redis.set(key, value);
      expect(await audit()).toHaveLength(2);
    }
    await redis.flushall();
    expect(await audit()).toHaveLength(2);
    redis.disconnect();
  });
});
