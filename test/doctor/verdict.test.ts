// What an exit code of 0 may be taken for, whatever was left out, blocked, compared with, or could not be written.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prettyReport } from '../../src/doctor/reports/pretty.js';
import { filePaper } from '../../src/render/doctor.js';
import { runCli } from '../support/run-cli.js';
import { type DeploymentOptions, deploy, runDoctor, SERVICE } from './deployment.js';
import { spawnDoctor } from './spawn-doctor.js';

async function verdict(options: DeploymentOptions) {
  const deployment = await deploy(options);
  const { verdict, exit } = await runDoctor(deployment);
  await deployment.close();
  return { verdict, exit };
}

const UNKNOWN = { verdict: 'unknown', exit: 3 };
const PASS = { verdict: 'pass', exit: 0 };

describe('a run is green only where some of what it was asked was carried out', () => {
  it.each<[string, DeploymentOptions, typeof PASS]>([
    [
      'a check that changes something, without --active',
      { input: { only: ['registry.round-trip'] } },
      UNKNOWN,
    ],
    ['the same with --active', { input: { only: ['registry.round-trip'], active: true } }, PASS],
    ['heartbeats, of which this registry does not tell', { input: { only: ['heartbeat.*'] } }, UNKNOWN],
    [
      'a check whose prerequisite is left out',
      { input: { only: ['registry.api'], skip: ['*.reachable'] } },
      UNKNOWN,
    ],
    ['services, without what all checks of them need', { input: { skip: ['registration.*'] } }, UNKNOWN],
    ['nothing of the service', { input: { skip: ['registration.*', 'he*', 'message.*'] } }, PASS],
    ['every service, of which there is none', { register: false, input: { all: true } }, UNKNOWN],
    ['the registry alone', { register: false, input: { all: true, only: ['registry.*'] } }, PASS],
  ])('%s', async (_, options, expected) => {
    expect(await verdict(options)).toEqual(expected);
  });
});

describe('what is blocked', () => {
  it('is unknown also with --fail-on new, where the run before could find it out', async () => {
    const deployment = await deploy({});
    const { input, folder } = deployment;
    const before = JSON.stringify(await runDoctor(deployment));
    input.compare = join(folder, 'before.json');
    await writeFile(input.compare, before);
    input.failOn = 'new';
    expect(await runDoctor(deployment)).toMatchObject({ exit: 0, comparison: { lost: [] } });
    // What blocks is waived: it is no finding, and nothing new.
    input.waivers = join(folder, 'waivers.json');
    const waiver = { id: 'registration.url-reachable', owner: 'me', reason: 'so', expires: '9999-12-31' };
    await writeFile(input.waivers, JSON.stringify({ waivers: [waiver] }));
    await deployment.service.close();
    const report = await runDoctor(deployment);
    expect(report).toMatchObject({ verdict: 'unknown', exit: 3, comparison: { new: [] } });
    expect(report.comparison?.lost).toContainEqual({ id: 'health.endpoint', service: SERVICE });
    await writeFile(input.compare, JSON.stringify(report));
    expect(await runDoctor(deployment)).toMatchObject({ exit: 0, comparison: { lost: [] } });
    await deployment.close();
  });

  it('says why also where the check in its way is none of the run', async () => {
    const deployment = await deploy({
      env: { JWT_SECRET: undefined },
      input: { only: ['message.rejects-expired'] },
    });
    const report = await runDoctor(deployment);
    await deployment.close();
    const text = prettyReport(report, filePaper({ ascii: false, brief: false }));
    expect(text).toContain('First mend env.jwt-secret, which blocks 1 check: JWT_SECRET is not set.');
  });
});

it('--wait waits for a stopped instance to leave the registry, as after a deploy', async () => {
  const only = ['registration.no-dead-instances'];
  const deployment = await deploy({ input: { only, waitMs: 20_000 } });
  const { registry, register } = deployment;
  const gone = { service_url: 'http://127.0.0.1:9', health_check_url: 'http://127.0.0.1:9/health' };
  register({ ...gone, service_metadata: { instance_id: 'asr-0', status: 'healthy' } });
  const running = runDoctor(deployment);
  // Before the first attempt are three looks at most; those after it are further attempts.
  const looks = () => registry.requests.filter(({ path }) => path.endsWith(`/services/${SERVICE}`)).length;
  await expect.poll(looks, { timeout: 10_000 }).toBeGreaterThan(3);
  const query = `service_name=${SERVICE}&instance_id=asr-0`;
  await fetch(`${registry.url}/api/v1/registry/deregister?${query}`, { method: 'POST' });
  const report = await running;
  await deployment.close();
  expect(report).toMatchObject(PASS);
  expect(report.results.find(({ id }) => id === only[0])?.attempts[0]?.codes).toEqual(['DEAD_INSTANCE']);
});

it('a deadline and a wait of weeks are no deadline that has passed', async () => {
  const weeks = 20 * 86_400_000;
  expect(await verdict({ input: { deadlineMs: weeks, waitMs: weeks } })).toEqual(PASS);
});

it.skipIf(process.platform === 'win32')(
  'a log that is a pipe, to which nobody writes, keeps no run beyond its deadline',
  async () => {
    const deployment = await deploy({ input: { only: ['registration.startup-log'], deadlineMs: 1_000 } });
    deployment.input.logFile = join(deployment.folder, 'pipe');
    execFileSync('mkfifo', [deployment.input.logFile]);
    expect(await spawnDoctor(deployment)).toMatchObject(UNKNOWN);
    await deployment.close();
  },
);

it('a report that could not be written after all keeps nothing back, and is no success', async () => {
  const run = async (options: DeploymentOptions) => {
    const deployment = await deploy(options);
    const { folder, env } = deployment;
    await mkdir(join(folder, 'reports'));
    await deployment.gateway(() => void rmSync(join(folder, 'reports'), { recursive: true, force: true }));
    const set = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const args = ['doctor', '-o', 'json', '--report', 'json=reports/a.json'];
    const { code, stdout, stderr } = await runCli(args, { cwd: folder, env: Object.fromEntries(set) });
    await deployment.close();
    expect(stderr).toContain('The report');
    return { code, verdict: JSON.parse(stdout).verdict };
  };
  expect(await run({})).toEqual({ code: 2, verdict: 'pass' });
  expect(await run({ behaviour: 'health-500' })).toEqual({ code: 1, verdict: 'fail' });
});
