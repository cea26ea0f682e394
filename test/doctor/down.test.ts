// A deployment that is down: the report comes in time, with the cause first, and all else waits for it.
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/doctor/catalogue.js';
import { prettyReport } from '../../src/doctor/reports/pretty.js';
import type { Report } from '../../src/doctor/result.js';
import { filePaper } from '../../src/render/doctor.js';
import { startCoordinatorReplica } from '../support/coordinator-replica.js';
import { deploy, notGreen, runDoctor, SECRET, SERVICE } from './deployment.js';
import { blackHole, type Hole, nameless, refusing, silent } from './holes.js';

const OF_A_SERVICE = CHECKS.filter(({ scope }) => scope === 'service').map(({ id }) => id);

/** Requires what a check requires, over any number of others. */
function needs(id: string, what: string): boolean {
  const check = CHECKS.find((each) => each.id === id);
  return check?.requires.some((other) => other.id === what || needs(other.id, what)) === true;
}

/** What each check of a service says, for all of them: `blocked registry.reachable`. */
function waiting({ results }: Report): Set<string> {
  return new Set(
    results
      .filter(({ id, skip }) => OF_A_SERVICE.includes(id) && skip?.kind !== 'filtered')
      .map(({ status, skip }) => `${status} ${skip && 'by' in skip ? skip.by : skip?.kind}`),
  );
}

const firstWords = (report: Report) =>
  prettyReport(report, filePaper({ ascii: false, brief: false })).split('\n')[2];

describe.concurrent('the registry is down', () => {
  it.each<[string, string, () => Promise<Hole>]>([
    ['nothing listens', 'REGISTRY_REFUSED', refusing],
    ['it takes connections and is silent', 'REGISTRY_SILENT', silent],
    ['packets are lost', 'REGISTRY_CONNECT_TIMEOUT', blackHole],
    ['its name is gone', 'REGISTRY_DNS', nameless],
  ])('%s: that is the one cause, with services named and with --all', async (_, code, dig) => {
    const hole = await dig();
    const deployment = await deploy({
      env: { CONFIG_SERVICE_URL: hole.url },
      flags: { timeout: 400 },
      input: { services: [SERVICE, 'nmt-service', 'tts-service'], deadlineMs: 20_000 },
    });
    for (const name of ['SERVICE_NAME', 'SERVICE_HOST', 'SERVICE_PORT']) delete deployment.env[name];
    const named = await runDoctor(deployment);
    Object.assign(deployment.input, { services: [], all: true });
    const all = await runDoctor(deployment);
    await Promise.all([deployment.close(), hole.close()]);
    for (const report of [named, all]) {
      expect(notGreen(report)).toEqual({ 'registry.reachable': code });
      expect(report).toMatchObject({ verdict: 'fail', exit: 1 });
      expect(report.causes.map(({ id }) => id)).toEqual(['registry.reachable']);
      expect(firstWords(report)).toMatch(/^First mend registry\.reachable, which blocks \d+ checks: /);
      expect(report.duration_ms).toBeLessThan(20_000);
      for (const { id, status } of report.results)
        if (needs(id, 'registry.reachable')) expect(`${id} ${status}`).toBe(`${id} skip`);
    }
    expect(named.services).toHaveLength(3);
    // What needs neither the registry nor the service was looked at, or did not apply.
    expect(waiting(named)).toEqual(new Set(['skip registry.reachable', 'skip not-applicable']));
    expect(waiting(all)).toEqual(new Set(['skip registry.reachable']));
  });

  it('and so are the service and every engine: they are told, but the registry comes first', async () => {
    const hole = await refusing();
    const address = new URL(hole.url).host;
    const deployment = await deploy({
      env: { CONFIG_SERVICE_URL: hole.url },
      input: {
        engines: {
          zookeeper: address,
          postgres: `postgres://postgres@${address}/registry`,
          redis: `redis://${address}`,
        },
      },
    });
    await deployment.service.close();
    const report = await runDoctor(deployment);
    await deployment.close();
    expect(Object.keys(notGreen(report)).sort()).toEqual([
      'engine.postgres',
      'engine.redis',
      'engine.zookeeper',
      'registry.reachable',
    ]);
    expect(firstWords(report)).toContain('First mend registry.reachable');
    expect(report).toMatchObject({ verdict: 'fail', exit: 1 });
  });

  it('and the deadline is shorter than it takes to see it: unknown, within the deadline', async () => {
    const hole = await silent();
    const deployment = await deploy({
      env: { CONFIG_SERVICE_URL: hole.url },
      input: { all: true, deadlineMs: 1_000 },
    });
    const report = await runDoctor(deployment);
    await Promise.all([deployment.close(), hole.close()]);
    // Waiting it out would take over ten seconds: two attempts of five.
    expect(report.duration_ms).toBeLessThan(8_000);
    expect(report).toMatchObject({ verdict: 'unknown', exit: 3, summary: { fail: 0 } });
    expect(notGreen(report)).toEqual({ 'registry.reachable': 'DEADLINE_PASSED' });
    expect(report.causes[0]?.id).toBe('registry.reachable');
  });

  it('and the run is interrupted while it waits for the list: the report comes', async () => {
    const hole = await silent();
    const controller = new AbortController();
    const deployment = await deploy({ env: { CONFIG_SERVICE_URL: hole.url }, input: { all: true } });
    const running = runDoctor(deployment, controller.signal);
    controller.abort(new Error('interrupted'));
    const report = await running;
    await Promise.all([deployment.close(), hole.close()]);
    expect(report).toMatchObject({ verdict: 'unknown', exit: 3 });
    expect(report.results).toHaveLength(CHECKS.length);
  });
});

describe('every service, without a list of them', () => {
  it('is not green where the list fails and the rest is well', async () => {
    const deployment = await deploy({ input: { all: true } });
    let asked = 0;
    await deployment.gateway(({ path }) =>
      path.endsWith('/registry/services') && asked++ === 0
        ? { status: 502, headers: {}, body: '' }
        : undefined,
    );
    const report = await runDoctor(deployment);
    await deployment.close();
    expect(report).toMatchObject({ verdict: 'unknown', exit: 3, services: [] });
    expect(waiting(report)).toEqual(new Set(['skip registry.api']));
  });

  it('is asked for again under --wait', async () => {
    const deployment = await deploy({ input: { all: true, waitMs: 20_000 } });
    let asked = 0;
    await deployment.gateway(() => (asked++ < 4 ? { status: 503, headers: {}, body: '' } : undefined));
    const report = await runDoctor(deployment);
    await deployment.close();
    expect(report).toMatchObject({ verdict: 'pass', exit: 0, services: [SERVICE] });
  });

  it('has nothing to examine where none is registered', async () => {
    const deployment = await deploy({ register: false, input: { all: true } });
    const report = await runDoctor(deployment);
    await deployment.close();
    expect(notGreen(report)).toEqual({});
    expect(report.results.find(({ id }) => id === 'registration.present')?.skip).toEqual({
      kind: 'not-applicable',
      why: 'the registry lists no service',
    });
  });

  it('cannot be done where the registry has no list: said at once, with what to do', async () => {
    const replica = await startCoordinatorReplica({ secret: SECRET, canList: false });
    const deployment = await deploy({
      env: { CONFIG_SERVICE_URL: undefined, REGISTRY_URL: replica.url },
      input: { all: true },
    });
    deployment.owns(replica);
    await expect(runDoctor(deployment)).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('--service'),
    });
    await deployment.close();
  });
});

describe('a run that carries out nothing', () => {
  it('is unknown', async () => {
    const deployment = await deploy({ input: { only: ['registration.startup-log'] } });
    const report = await runDoctor(deployment);
    await deployment.close();
    expect(report).toMatchObject({ verdict: 'unknown', exit: 3, summary: { pass: 0, fail: 0 } });
  });
});
