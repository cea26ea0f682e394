// regctl doctor --active: what it sets up it takes down, whatever happens to it.
import { hostname } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CANARY_SERVICE, CANARY_SERVICE_ID, tag } from '../../src/doctor/canary.js';
import { startCoordinatorReplica } from '../support/coordinator-replica.js';
import { type RecordedRequest, send, startInstrument } from '../support/instrument.js';
import { startCli } from '../support/run-cli.js';
import { eventually, get, startTestRegistry } from '../support/start-registry.js';
import { type Deployment, deploy, forward, notGreen, runDoctor, SECRET } from './deployment.js';

const ONLY_ROUND_TRIP = { active: true, only: ['registry.round-trip'] };

async function deployment(input: Deployment['input'] = ONLY_ROUND_TRIP): Promise<Deployment> {
  const made = await deploy({ input });
  onTestFinished(() => made.close());
  return made;
}

/** A gateway to the registry that never answers what `holds` says; it is handed on all the same. */
async function holding(
  { env, owns }: Deployment,
  to: string,
  holds: (request: RecordedRequest) => boolean,
): Promise<void> {
  const gateway = await startInstrument(async (request, response) => {
    const answer = await forward(request, to);
    if (!holds(request)) send(response, answer);
  });
  owns(gateway);
  for (const name of ['CONFIG_SERVICE_URL', 'REGISTRY_URL']) if (env[name]) env[name] = gateway.url;
}

const canaries = ({ registry }: Deployment) => registry.contents().nodes[CANARY_SERVICE] ?? [];
const afterRegister = ({ path }: RecordedRequest) =>
  path.endsWith(`/services/${CANARY_SERVICE}/health/detailed`);

const resultOf = (report: Awaited<ReturnType<typeof runDoctor>>, id: string) =>
  report.results.find((each) => each.id === id);

describe('the canary', () => {
  it('says whose it is, since when, and until when at most', async () => {
    const made = await deployment();
    await runDoctor(made);
    const sent = made.registry.requests.find(({ path }) => path.endsWith('/register'));
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({
      service_name: CANARY_SERVICE,
      service_metadata: {
        owner: 'regctl',
        host: hostname(),
        started_at: expect.stringMatching(/^\d{4}-.*Z$/),
        lease_until: expect.stringMatching(/^\d{4}-.*Z$/),
        instance_id: expect.stringMatching(/^canary-/),
      },
    });
  });

  it('leaves one catalog row at most where rows cannot be deleted, which is said, and which --all passes over', async () => {
    const made = await deployment();
    await runDoctor(made);
    const report = await runDoctor(made);
    expect(resultOf(report, 'registry.round-trip')?.seen).toMatch(/its row stays in the catalog as unknown/);
    const rows = made.registry.contents().rows.map(({ service_name, status }) => `${service_name} ${status}`);
    expect(rows).toEqual(['asr-service healthy', `${CANARY_SERVICE} unknown`]);
    const all = await runDoctor({ ...made, input: { all: true } });
    expect(all.services).toEqual(['asr-service']);
    expect(notGreen(all)).toEqual({});
  });

  it('shares no address with the service that listens at its port later', async () => {
    const made = await deployment();
    await runDoctor(made);
    const row = made.registry.contents().rows.find(({ service_name }) => service_name === CANARY_SERVICE);
    made.register({ service_url: row?.service_url ?? '' });
    const report = await runDoctor({ ...made, input: { only: ['registration.no-duplicates'] } });
    expect(resultOf(report, 'registration.no-duplicates')).toMatchObject({ status: 'pass' });
  });

  it('is not confused with that of another doctor at the same time', async () => {
    const made = await deployment();
    const reports = await Promise.all([1, 2, 3].map(() => runDoctor(made)));
    for (const report of reports)
      expect(resultOf(report, 'registry.round-trip')).toMatchObject({ status: 'pass' });
    expect(canaries(made)).toEqual([]);
  });

  it.each(['coordinator', 'config-service'] as const)(
    'leaves nothing with serve and its tokens, spoken to as a %s',
    async (api) => {
      const made = await deployment();
      const { url } = await startTestRegistry({ auth: 'jwt', secret: SECRET });
      made.env.CONFIG_SERVICE_URL = url;
      const report = await runDoctor({ ...made, flags: { api } });
      expect(resultOf(report, 'registry.round-trip')).toMatchObject({ status: 'pass' });
      expect((await get(`${url}/services`)).body).toEqual([]);
    },
  );

  it('never takes the place of a service at a Coordinator, and takes nothing away but itself', async () => {
    const made = await deployment();
    const replica = await startCoordinatorReplica({ secret: SECRET, canList: true });
    made.owns(replica);
    const own = { service_id: 42, service_name: 'asr-service', url: made.service.url };
    replica.registerRaw(own);
    delete made.env.CONFIG_SERVICE_URL;
    made.env.REGISTRY_URL = replica.url;
    const report = await runDoctor(made);
    expect(resultOf(report, 'registry.round-trip')).toMatchObject({ status: 'pass' });
    const posts = replica.requests.filter(({ method }) => method === 'POST');
    expect(posts.map(({ body }) => JSON.parse(body).service_id)).toEqual(posts.map(() => CANARY_SERVICE_ID));
    expect((await get(`${replica.url}/services`)).body.map(({ service_name }) => service_name)).toEqual([
      'asr-service',
    ]);
  });

  it('is not registered with a secret that must not be sent there', async () => {
    const made = await deployment();
    const replica = await startCoordinatorReplica({ secret: SECRET });
    made.owns(replica);
    delete made.env.CONFIG_SERVICE_URL;
    Object.assign(made.env, { REGISTRY_URL: replica.url, JWT_SECRET: '[PROVIDED BY COORDINATOR]' });
    const report = await runDoctor(made);
    expect(resultOf(report, 'registry.round-trip')?.skip).toMatchObject({ by: 'env.jwt-secret' });
    expect(replica.requests.filter(({ path }) => path === '/register')).toEqual([]);
  });
});

describe('what an earlier run left', () => {
  const plant = ({ register }: Deployment, age: number, host: string, url: string, instance_id: string) =>
    register({
      service_name: CANARY_SERVICE,
      service_url: url,
      service_metadata: { ...tag(Date.now() - age, host), instance_id, status: 'healthy' },
    });

  it('goes once its lease has passed or nothing answers there; what still runs elsewhere stays', async () => {
    const made = await deployment();
    const { url } = made.service;
    plant(made, 3_600_000, 'elsewhere', url, 'old');
    plant(made, 0, hostname(), 'http://127.0.0.1:9', 'dead');
    plant(made, 0, hostname(), url, 'alive-here');
    plant(made, 0, 'elsewhere', 'http://127.0.0.1:9', 'alive-there');
    made.register({
      service_name: CANARY_SERVICE,
      service_metadata: { instance_id: 'somebody-elses', status: 'healthy' },
    });
    const report = await runDoctor(made);
    expect(notGreen(report)).toEqual({ 'registry.no-leftovers': 'CANARY_LEFT' });
    expect(resultOf(report, 'registry.no-leftovers')?.findings.map(({ seen }) => seen)).toEqual([
      expect.stringContaining('/old,'),
      expect.stringContaining('/dead,'),
    ]);
    expect(resultOf(report, 'registry.round-trip')?.seen).toContain('removed 2 of an earlier run');
    expect(canaries(made).map(({ instance_id }) => instance_id)).toEqual([
      'alive-here',
      'alive-there',
      'somebody-elses',
    ]);
  });

  it('goes at a Coordinator that tells the address alone, also once it hides it as down', async () => {
    const made = await deployment();
    const replica = await startCoordinatorReplica({ secret: SECRET, canList: true });
    made.owns(replica);
    delete made.env.CONFIG_SERVICE_URL;
    made.env.REGISTRY_URL = replica.url;
    const left = { service_id: CANARY_SERVICE_ID, service_name: CANARY_SERVICE };
    replica.registerRaw({ ...left, url: 'http://127.0.0.1:9' });
    expect(notGreen(await runDoctor(made))).toEqual({ 'registry.no-leftovers': 'CANARY_LEFT' });
    expect((await get(`${replica.url}/services`)).body).toEqual([]);
    // Registered 100 s ago, and no beat since.
    replica.advance(-100_000);
    replica.registerRaw({ ...left, url: 'http://127.0.0.1:9' });
    replica.advance(100_000);
    await runDoctor(made);
    expect((await get(`${replica.url}/services`)).body).toEqual([]);
  });
});

describe('a run that ends early', () => {
  it('takes the canary away when it is interrupted', async () => {
    const made = await deployment();
    const interrupt = new AbortController();
    await holding(made, made.registry.url, (request) => {
      if (!afterRegister(request)) return false;
      interrupt.abort();
      return true;
    });
    const report = await runDoctor(made, interrupt.signal);
    expect(notGreen(report)).toMatchObject({ 'registry.round-trip': 'INTERRUPTED' });
    expect(canaries(made)).toEqual([]);
  });

  it('takes the canary away when it is interrupted while it registers', async () => {
    const made = await deployment();
    const interrupt = new AbortController();
    await holding(made, made.registry.url, ({ path }) => {
      if (path.endsWith('/register')) interrupt.abort();
      return false;
    });
    await runDoctor(made, interrupt.signal);
    expect(canaries(made)).toEqual([]);
    expect(made.registry.contents().rows.map(({ service_name }) => service_name)).toContain(CANARY_SERVICE);
  });

  it('takes the canary away when its deadline passes', async () => {
    const made = await deployment({ ...ONLY_ROUND_TRIP, deadlineMs: 1_000 });
    await holding(made, made.registry.url, afterRegister);
    const report = await runDoctor(made);
    expect(notGreen(report)).toMatchObject({ 'registry.round-trip': 'DEADLINE_PASSED' });
    expect(canaries(made)).toEqual([]);
  });

  it('takes the canary away when the registry loses its answer to the registration', async () => {
    const made = await deployment();
    await holding(made, made.registry.url, ({ path }) => path.endsWith('/register'));
    const report = await runDoctor({ ...made, flags: { timeout: 500 } });
    expect(notGreen(report)).toEqual({ 'registry.round-trip': 'CANARY_NOT_REGISTERED' });
    expect(canaries(made)).toEqual([]);
  });

  it('says that the canary may be there still when nothing is answered any more', async () => {
    const made = await deployment();
    await holding(made, made.registry.url, ({ path }) => /\/(de)?register\b/.test(path));
    const report = await runDoctor({ ...made, flags: { timeout: 500 } });
    expect(notGreen(report)).toEqual({
      'registry.round-trip': 'CANARY_NOT_REGISTERED CANARY_STILL_THERE',
    });
  });

  const cli = (made: Deployment) =>
    startCli(['doctor', '--active', '--only', 'registry.round-trip'], {
      env: Object.fromEntries(
        Object.entries(made.env).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])),
      ),
    });

  it('takes the canary away on SIGTERM', async () => {
    const made = await deployment();
    await holding(made, made.registry.url, afterRegister);
    const running = cli(made);
    await eventually(
      async () => canaries(made),
      ({ length }) => length > 0,
    );
    running.child.kill('SIGTERM');
    expect(await running.done).toMatchObject({ code: 143 });
    expect(canaries(made)).toEqual([]);
  });

  it('leaves it when it is killed: serve drops it by itself, for its heartbeats stop', async () => {
    const made = await deployment();
    const timings = { downAfterMs: 500, evictAfterMs: 500 };
    const { url } = await startTestRegistry({ timings });
    delete made.env.CONFIG_SERVICE_URL;
    made.env.REGISTRY_URL = url;
    let beaten = false;
    await holding(made, url, ({ path }) => {
      beaten ||= path === '/heartbeat';
      return beaten;
    });
    const running = cli(made);
    await eventually(async () => beaten, Boolean);
    running.child.kill('SIGKILL');
    await running.done;
    await eventually(
      async () => (await get(`${url}/services`)).body,
      ({ length }) => length === 0,
    );
  });

  it('leaves it when it is killed: the next run reports it, the next with --active takes it away', async () => {
    const made = await deployment();
    const direct = made.env.CONFIG_SERVICE_URL;
    await holding(made, made.registry.url, afterRegister);
    const running = cli(made);
    await eventually(
      async () => canaries(made),
      ({ length }) => length > 0,
    );
    running.child.kill('SIGKILL');
    await running.done;
    expect(canaries(made)).toHaveLength(1);

    made.env.CONFIG_SERVICE_URL = direct;
    const looking = await runDoctor({ ...made, input: {} });
    expect(notGreen(looking)).toEqual({ 'registry.no-leftovers': 'CANARY_LEFT' });
    expect(canaries(made)).toHaveLength(1);

    const active = await runDoctor(made);
    expect(resultOf(active, 'registry.round-trip')?.seen).toContain('removed 1 of an earlier run');
    expect(canaries(made)).toEqual([]);
    expect(notGreen(await runDoctor(made))).toEqual({});
  });
});
