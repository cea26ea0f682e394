// `regctl doctor --all`: over many services, as few requests as it takes, and a report also where it was interrupted.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CHECKS } from '../../src/doctor/catalogue.js';
import type { Report } from '../../src/doctor/result.js';
import { type Replica, startConfigServiceReplica } from '../support/config-service-replica.js';
import {
  type Answer,
  json,
  pause,
  type RecordedRequest,
  send,
  startInstrument,
} from '../support/instrument.js';
import { ENTRY, startCli } from '../support/run-cli.js';
import { hasTerminal, KEYS, startInTerminal } from '../support/terminal.js';
import { runDoctor, SECRET } from './deployment.js';

const OF_DEPLOYMENT = CHECKS.filter(({ scope }) => scope === 'deployment').length;
const OF_SERVICE = CHECKS.length - OF_DEPLOYMENT;

interface Fleet {
  registry: Replica;
  env: Record<string, string>;
  /** The most requests to services that were ever under way. */
  most(): number;
  requests: readonly RecordedRequest[];
}

/** A registry with so many services, all behind one port; `answer` gives undefined to keep a caller waiting. */
async function fleet(
  services: number,
  {
    instances = 1,
    answer = well,
  }: { instances?: number; answer?: (asked: number) => Answer | undefined } = {},
): Promise<Fleet> {
  const registry = await startConfigServiceReplica();
  let [underWay, most, asked] = [0, 0, 0];
  const { url, requests, close } = await startInstrument(async (request, response) => {
    most = Math.max(most, ++underWay);
    const given = request.method === 'POST' ? json(401, { detail: 'Invalid token' }) : answer(++asked);
    // Long enough that requests sent together are under way together.
    await pause(20);
    underWay -= 1;
    if (given) send(response, given);
  });
  onTestFinished(async () => void (await Promise.all([registry.close(), close()])));
  for (let service = 0; service < services; service += 1)
    for (let instance = 0; instance < instances; instance += 1)
      registry.registerRaw({
        service_name: `service-${String(service).padStart(3, '0')}`,
        service_url: `${url}/${service}/${instance}`,
        health_check_url: `${url}/${service}/${instance}/health`,
        service_metadata: { instance_id: `i-${instance}`, status: 'healthy' },
      });
  const env = { CONFIG_SERVICE_URL: registry.url, JWT_SECRET: SECRET, SERVICE_ID: '42' };
  return { registry, env, most: () => most, requests };
}

function well(): Answer {
  return json(200, { status: 'healthy' });
}

const folder = () => mkdtemp(join(tmpdir(), 'regctl-all-'));

describe('over many services', () => {
  it('sends no more at once than --concurrency says, also where a service has many instances', async () => {
    const { env, most, requests } = await fleet(4, { instances: 5 });
    const report = await runDoctor({
      env,
      folder: await folder(),
      flags: {},
      input: { all: true, concurrency: 3 },
    });
    expect(report.summary).toMatchObject({ fail: 0, unknown: 0 });
    expect(requests.length).toBeGreaterThanOrEqual(4 * 5 * 8);
    expect(most()).toBeLessThanOrEqual(3);
  });

  it('asks the registry twice about a service: for its instances, and for its URL', async () => {
    const { env, registry } = await fleet(20);
    await runDoctor({ env, folder: await folder(), flags: {}, input: { all: true } });
    const about = registry.requests.filter(({ path }) => path.includes('/service-007'));
    expect(about.map(({ path }) => path.replace(/^.*service-007/, ''))).toEqual(['', '/url']);
  });
});

/** Services of which the first answer, and the others keep their callers waiting; `stuck` resolves when one does. */
async function stuckFleet(services: number) {
  let stick = () => {};
  const stuck = new Promise<void>((resolve) => {
    stick = resolve;
  });
  const made = await fleet(services, {
    answer(asked) {
      if (asked <= 20) return well();
      stick();
      return undefined;
    },
  });
  return { ...made, stuck };
}

describe('interrupted', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    '%s: writes whole reports, unknown for what was not done, and exits %i',
    async (signal, exit) => {
      const { env, stuck } = await stuckFleet(30);
      const cwd = await folder();
      const running = startCli(
        ['doctor', '--all', '--report', 'json=doctor.json', '--report', 'junit=doctor.xml'],
        { cwd, env },
      );
      await stuck;
      running.child.kill(signal);
      const { code, stdout, stderr } = await running.done;
      expect(code).toBe(exit);
      expect(stdout).toMatch(/Verdict: unknown/);
      // Progress is for a terminal.
      expect(stderr).toBe('');
      expect((await readdir(cwd)).sort()).toEqual(['doctor.json', 'doctor.xml']);
      expect((await readFile(join(cwd, 'doctor.xml'), 'utf8')).trimEnd()).toMatch(/<\/testsuites>$/);
      const report = JSON.parse(await readFile(join(cwd, 'doctor.json'), 'utf8')) as Report;
      expect(report.results).toHaveLength(OF_DEPLOYMENT + 30 * OF_SERVICE);
      const of = (service: string) => report.results.filter((result) => result.service === service);
      expect(new Set(of('service-000').map(({ status }) => status))).toEqual(new Set(['pass', 'skip']));
      const last = of('service-029').filter(({ skip }) => skip === null);
      expect(last.length).toBeGreaterThan(10);
      expect(new Set(last.map(({ status, findings }) => `${status} ${findings[0]?.code}`))).toEqual(
        new Set(['unknown INTERRUPTED']),
      );
    },
  );

  it('a second ctrl-C ends at once, whatever the first still waits for', async () => {
    const { env, stuck } = await stuckFleet(300);
    const cwd = await folder();
    // Nobody takes its output, as where a pager waits: with all it has to print it cannot end.
    const child = spawn(process.execPath, [ENTRY, 'doctor', '--all', '--report', 'json=doctor.json'], {
      cwd,
      env: { PATH: process.env.PATH, HOME: cwd, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exit = once(child, 'exit');
    await stuck;
    child.kill('SIGINT');
    await expect.poll(() => existsSync(join(cwd, 'doctor.json')), { timeout: 20_000 }).toBe(true);
    expect(child.exitCode).toBeNull();
    child.kill('SIGINT');
    expect((await exit)[0]).toBe(130);
  });

  it.skipIf(!hasTerminal && process.env.CI === undefined)(
    'on a terminal says how far it is, and ctrl-C ends it with the report',
    async () => {
      const { env } = await stuckFleet(30);
      const running = startInTerminal(['doctor', '--all', '--brief'], { env, columns: 120 });
      await running.until(/\d+ of [\d,]+ checks done, \d+ of 30 services/);
      running.type(KEYS.ctrlC);
      expect(await running.done).toBe(130);
      expect(running.screen()).toMatch(/Verdict: unknown/);
    },
  );
});
