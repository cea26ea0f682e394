// regctl doctor
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CHECKS } from '../../src/doctor/catalogue.js';
import type { CheckResult, Report } from '../../src/doctor/result.js';
import { startHostile } from '../support/hostile-registry.js';
import { type CliOptions, emptyFolder, runCli, startCli } from '../support/run-cli.js';
import { type Behaviour, type SampleService, startSampleService } from '../support/sample-service.js';
import {
  bearer,
  errorOf,
  inEveryFormat,
  openReplica,
  postJson,
  SECRET,
  TARGETS,
  type Target,
} from '../support/targets.js';

const NAME = 'asr-service';

async function service(behaviour?: Behaviour): Promise<SampleService> {
  const started = await startSampleService({
    name: NAME,
    secret: SECRET,
    ...(behaviour ? { behaviour } : {}),
  });
  onTestFinished(() => started.close());
  return started;
}

/** The environment of the service. */
function environment({ url }: { url: string }): Record<string, string> {
  const { port } = new URL(url);
  return {
    SERVICE_ID: '42',
    JWT_SECRET: SECRET,
    SERVICE_NAME: NAME,
    SERVICE_HOST: '127.0.0.1',
    SERVICE_PORT: port,
  };
}

async function register({ url }: Target, { url: service_url }: SampleService): Promise<void> {
  const service_metadata = { instance_id: 'asr-1', status: 'healthy' };
  const body = {
    service_name: NAME,
    service_url,
    health_check_url: `${service_url}/health`,
    service_metadata,
  };
  await postJson(`${url}/api/v1/registry/register`, body, bearer());
}

/** The heartbeats of the service, much more often than every 30 s; a deployed Config Service answers them with 404. */
async function beat({ url }: Target, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const body = { service_name: NAME, instance_id: 'asr-1' };
    await postJson(`${url}/api/v1/registry/heartbeat`, body, bearer());
    await delay(200, undefined, { signal }).catch(() => undefined);
  }
}

/** A replica, and a registered service whose environment the doctor gets. */
async function deployment(behaviour?: Behaviour) {
  const { target, replica } = await openReplica();
  onTestFinished(() => target.close());
  const sample = await service(behaviour);
  await register(target, sample);
  const env = environment(sample);
  const doctor = (args: readonly string[] = [], options: CliOptions = {}) =>
    target.run(['doctor', ...args], { ...options, env: { ...env, ...options.env } });
  return { target, replica, sample, env, doctor };
}

const notGreen = ({ results }: Report) =>
  results.filter(({ status }) => status !== 'pass' && status !== 'skip').map(({ id }) => id);

describe.each(TARGETS)('doctor: $kind', ({ open }) => {
  it('is green where all is well', async () => {
    const target = await open();
    onTestFinished(() => target.close());
    const sample = await service();
    await register(target, sample);
    const over = new AbortController();
    const beating = beat(target, over.signal);
    const run = await target.run(['doctor', '-o', 'json'], { env: environment(sample) });
    over.abort();
    await beating;
    const report: Report = JSON.parse(run.stdout);
    expect(notGreen(report)).toEqual([]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(report.registry).toMatchObject({ url: target.url, api: target.api });
  });
});

describe('doctor', () => {
  it('ends with its verdict', async () => {
    const { doctor } = await deployment();
    const { code, stdout, stderr } = await doctor();
    expect(stdout).toMatch(/\nVerdict: pass, all is well\. 0 failed, .* exit 0\.\n$/);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('says the same in every format, with the same exit code', async () => {
    const { doctor } = await deployment('accepts-missing');
    const found = await inEveryFormat((args) => doctor(args.slice(1)), ['doctor']);
    expect(Object.values(found).map(({ code }) => code)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(found.name.stdout).toBe(`${NAME}/message.rejects-missing\n`);
    const report: Report = JSON.parse(found.json.stdout);
    expect(report).toMatchObject({ schemaVersion: 1, verdict: 'fail', exit: 1, summary: { fail: 1 } });
    const lines: CheckResult[] = found.ndjson.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ id, status }) => [id, status])).toEqual(
      report.results.map(({ id, status }) => [id, status]),
    );
    expect(found.table.stdout).toMatch(
      /✘ fail {5}message\.rejects-missing .*\n +Seen: .*\[TOKEN_ACCEPTED\]\n +Do: /,
    );
    for (const { stdout, stderr } of Object.values(found)) expect(stdout + stderr).not.toContain(SECRET);
  });

  it('exits 3 where it could not find out, and 1 on a warning only if told to', async () => {
    const unknown = await deployment('message-404');
    const warned = await deployment();
    warned.replica.registerRaw({
      service_name: NAME,
      service_url: warned.sample.url,
      health_check_url: null,
      service_metadata: { instance_id: 'asr-1', status: 'healthy' },
    });
    const codes = await Promise.all([
      unknown.doctor(),
      warned.doctor(),
      warned.doctor(['--fail-on', 'warn']),
      warned.doctor(['--fail-on', 'warn', '--skip', '*.metadata']),
    ]);
    expect(codes.map(({ code }) => code)).toEqual([3, 0, 1, 0]);
  });

  it('runs what --only and --skip leave, and shows the rest as left out', async () => {
    const { doctor } = await deployment();
    const run = await doctor(['--only', 'registry.*', '--skip', 'registry.latency', '-o', 'json']);
    const { results }: Report = JSON.parse(run.stdout);
    const ran = results.filter(({ status }) => status !== 'skip').map(({ id }) => id);
    expect(ran).toEqual([
      'env.registry-url',
      ...['reachable', 'healthy', 'zookeeper', 'postgres', 'redis', 'api', 'clock-skew', 'no-leftovers'].map(
        (id) => `registry.${id}`,
      ),
    ]);
    expect(results).toHaveLength(CHECKS.length);
    const left = results.find(({ id }) => id === 'registry.latency');
    expect(left?.skip).toEqual({ kind: 'filtered', why: 'left out by --skip' });
  });

  it('examines several services, and all of them', async () => {
    const { target, doctor, sample } = await deployment();
    await target.register('nmt-service', { id: 'nmt-1', url: 'http://127.0.0.1:9' });
    const [named, all] = await Promise.all([
      doctor(['--service', NAME, '--service', 'no-such-service', '-o', 'json']),
      doctor(['--all', '-o', 'name'], { env: environment(sample) }),
    ]);
    const report: Report = JSON.parse(named.stdout);
    expect(report.services).toEqual([NAME, 'no-such-service']);
    expect(notGreen(report)).toEqual(['registration.present']);
    expect(all.stdout).toBe('nmt-service/registration.url-reachable\nnmt-service/registration.metadata\n');
  });

  it('has one true cause, within the deadline, where everything is down', async () => {
    const sample = await service();
    const env = { ...environment(sample), CONFIG_SERVICE_URL: 'http://127.0.0.1:9' };
    const run = await runCli(['doctor', '--deadline', '10s'], { env });
    expect(run.code).toBe(1);
    expect(run.stdout.split('\n')[2]).toMatch(
      /^First mend registry\.reachable, which blocks \d+ checks: TCP: .*127\.0\.0\.1:9/,
    );
    expect(run.stdout).toContain('1 failed, 0 unknown');
  });

  it('waits with --wait for what may still become true', async () => {
    const { replica, sample, env, target } = await deployment();
    replica.restart();
    const running = target.start(['doctor', '--wait', '20s', '-o', 'json'], { env });
    // The third look at the instances is a second attempt: the first one has failed.
    const looks = () =>
      replica.requests.filter(({ path }) => path.endsWith(`/registry/services/${NAME}`)).length;
    const before = looks();
    await expect.poll(() => looks() - before, { timeout: 30_000 }).toBeGreaterThan(2);
    await register(target, sample);
    const { code, stdout } = await running.done;
    const { results }: Report = JSON.parse(stdout);
    const waited = results.find(({ id }) => id === 'registration.no-ghosts');
    expect(waited?.attempts[0]).toMatchObject({ status: 'fail', codes: ['GHOST_ROW'] });
    expect(waited?.attempts.at(-1)).toMatchObject({ status: 'pass' });
    expect(code).toBe(0);
  });

  it('writes the reports asked for, from one run', async () => {
    const { doctor } = await deployment('health-500');
    const cwd = emptyFolder();
    const run = await doctor(['--report', 'json=a.json', '--report', 'pretty=b.txt', '-o', 'name'], { cwd });
    expect(run).toMatchObject({ code: 1, stdout: `${NAME}/health.endpoint\n${NAME}/health.agrees\n` });
    const report: Report = JSON.parse(await readFile(join(cwd, 'a.json'), 'utf8'));
    expect(notGreen(report)).toEqual(['health.endpoint', 'health.agrees']);
    expect(await readFile(join(cwd, 'b.txt'), 'utf8')).toMatch(/HEALTH_FAILING.*Verdict: fail.*\n$/s);
  });

  it('still writes its reports when it is interrupted', async () => {
    const silent = await startHostile('silent');
    onTestFinished(() => silent.close());
    const cwd = emptyFolder();
    const env = { ...environment(await service()), CONFIG_SERVICE_URL: silent.url };
    const running = startCli(['doctor', '--timeout', '60s', '--report', 'json=a.json', '-o', 'json'], {
      env,
      cwd,
    });
    while (silent.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    running.child.kill('SIGINT');
    const { code, stdout } = await running.done;
    const report: Report = JSON.parse(stdout);
    expect(code).toBe(130);
    expect(report.results).toHaveLength(CHECKS.length);
    expect(report.results.find(({ id }) => id === 'registry.reachable')?.findings[0]?.code).toBe(
      'INTERRUPTED',
    );
    expect(JSON.parse(await readFile(join(cwd, 'a.json'), 'utf8'))).toEqual(report);
  });

  it('is not green where there is no service to examine', async () => {
    const { target } = await deployment();
    const run = await target.run(['doctor', '-o', 'name']);
    expect(run).toMatchObject({ code: 1, stdout: 'env.service-vars\n' });
  });

  it('lists its checks and explains each', async () => {
    const [list, wide, page, document] = await Promise.all([
      runCli(['doctor', '--list', '-o', 'name']),
      runCli(['doctor', '--list', '-o', 'wide']),
      runCli(['doctor', '--explain', 'registry.clock-skew']),
      runCli(['doctor', '--explain', 'registry.clock-skew', '--json']),
    ]);
    expect(list).toMatchObject({ code: 0, stdout: `${CHECKS.map(({ id }) => id).join('\n')}\n` });
    expect(wide.stdout).toMatch(/^ID +PROVES +REQUIRES +CHECKLIST\n/);
    expect(page.stdout).toMatch(/^# registry\.clock-skew\n.*CLOCK_SKEW \(fail\)/s);
    expect(JSON.parse(document.stdout)).toMatchObject({
      id: 'registry.clock-skew',
      findings: [{ code: 'CLOCK_SKEW' }],
    });
  });

  it.each([
    ['a glob that matches no check', ['--only', 'registrty.*']],
    ['a check that does not exist', ['--explain', 'registry.nothing']],
    ['a report of no known format', ['--report', 'docx=a.docx']],
    ['a report without a file', ['--report', 'json']],
    [
      'a report that cannot be written',
      ['--only', 'env.service-id', '--report', 'json=/no/such/folder/a.json'],
    ],
    ['a wait that is no duration', ['--wait', 'long']],
  ])('refuses %s', async (_, args) => {
    const run = await runCli(['doctor', ...args, '--json']);
    expect(run.code).toBe(2);
    expect(errorOf(run)).toMatchObject({ code: 'USAGE', exit: 2 });
  });
});
