// regctl heartbeat
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startCoordinatorReplica } from '../support/coordinator-replica.js';
import { emptyFolder, runCli, startCli } from '../support/run-cli.js';
import {
  errorOf,
  openReplica,
  postJson,
  SECRET,
  SERVICE_ID,
  startServe,
  TARGETS,
  type Target,
} from '../support/targets.js';

describe.each(TARGETS)('heartbeat: $kind', ({ open, deployed }) => {
  let target: Target;
  const via = deployed ? 'register' : 'heartbeat';
  // A Coordinator goes by the service id, so that is what a beat is said to be for.
  const said = (instance: string) =>
    target.api === 'coordinator'
      ? `service id ${SERVICE_ID}${instance === '' ? '' : `, instance ${instance}`}`
      : `asr-service/${instance || 'asr-1'}`;
  beforeAll(async () => {
    target = await open();
    await target.register('asr-service', {
      id: 'asr-1',
      url: 'http://asr:1',
      metadata: { version: '1.4', tags: ['a', 'b'] },
    });
    await target.register('twins', { id: 't-1', url: 'http://t:1' }, { id: 't-2', url: 'http://t:2' });
  });
  afterAll(() => target.close());

  it('beats once, and leaves the registration as it was', async () => {
    const before = await target.listed('asr-service');
    const { code, stdout, stderr } = await target.run([
      'heartbeat',
      'asr-service',
      'asr-1',
      '--once',
      '--json',
    ]);
    expect(code).toBe(0);
    const [beat, ...more] = JSON.parse(stdout);
    expect(more).toEqual([]);
    expect(beat).toEqual({
      beat: 1,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      target: said('asr-1'),
      accepted: true,
      via,
      latency_ms: expect.any(Number),
      attempts: 1,
      missed_in_a_row: 0,
      error: null,
    });
    expect(stderr.includes('has no heartbeat: asr-service/asr-1 is kept alive by registering it again')).toBe(
      deployed,
    );
    const [after] = (await target.listed('asr-service')) as ((typeof before)[number] & {
      last_heartbeat?: string;
    })[];
    expect(after).toMatchObject({ ...before[0], ...(deployed ? {} : { monitored_by: 'heartbeat' }) });
    if (!deployed) expect(Date.parse(after?.last_heartbeat ?? '')).toBeGreaterThan(Date.now() - 10_000);
  });

  it('beats as often as told, a line a beat', async () => {
    const args = ['heartbeat', 'asr-service', '--interval', '100ms', '--count', '3'];
    const [text, ndjson, name] = await Promise.all([
      target.run(args),
      target.run([...args, '-o', 'ndjson']),
      target.run([...args, '-o', 'name']),
    ]);
    const words = deployed ? ', registered again' : '';
    expect(text.stdout.trimEnd().split('\n')).toEqual(
      [1, 2, 3].map((n) =>
        expect.stringMatching(
          new RegExp(`^beat ${n}  ${said('')}  ok  \\d+ ms  \\(missed in a row: 0${words}\\)$`),
        ),
      ),
    );
    const beats = ndjson.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(beats.map(({ beat }) => beat)).toEqual([1, 2, 3]);
    expect(name.stdout).toBe(`${said('')}\n`.repeat(3));
  });

  it('says that nobody is there to keep alive, or who of several', async () => {
    const [service, instance, which] = await Promise.all([
      target.run(['heartbeat', 'nobody', 'n-1', '--once', '--json'], { env: { SERVICE_ID: '' } }),
      target.run(['heartbeat', 'asr-service', 'asr-9', '--once', '--json']),
      target.run(['heartbeat', 'twins', '--once', '--json'], { env: { SERVICE_ID: '' } }),
    ]);
    expect([service.code, instance.code, which.code]).toEqual([1, 1, 2]);
    expect(errorOf(service)).toMatchObject({ code: 'NOT_HEARTBEATING', exit: 1 });
    expect(errorOf(instance)).toMatchObject({ code: 'NOT_HEARTBEATING', exit: 1 });
    expect(errorOf(which).message).toContain('t-1, t-2');
    expect(await target.listed('nobody')).toEqual([]);
  });
});

describe('heartbeat', () => {
  it('takes service and instance from the environment, and one document where it ends', async () => {
    const { target, replica } = await openReplica();
    await target.register('asr-service', { id: 'a', url: 'http://asr:1' }, { id: 'b', url: 'http://asr:2' });
    const env = { SERVICE_NAME: 'asr-service', SERVICE_INSTANCE_ID: 'b' };
    const [yaml, wide, endless] = await Promise.all([
      target.run(['heartbeat', '--once', '-o', 'yaml'], { env }),
      target.run(['heartbeat', '--once', '-o', 'wide'], { env }),
      target.run(['heartbeat', '--json'], { env }),
    ]);
    expect(parse(yaml.stdout)).toMatchObject([{ target: 'asr-service/b', accepted: true }]);
    expect(wide.stdout).toMatch(/^beat 1 {2}asr-service\/b {2}ok/);
    expect(endless.code).toBe(2);
    expect(errorOf(endless).message).toContain('this has no end');
    await replica.close();
  });

  it('brings back what the Config Service lost, as it was', async () => {
    const { target, replica } = await openReplica();
    const service_metadata = { instance_id: 'a', status: 'healthy', nested: { deep: [1, null, 'x'] } };
    const health_check_url = 'http://asr:1/live';
    replica.registerRaw({
      service_name: 'asr-service',
      service_url: 'http://asr:1',
      health_check_url,
      service_metadata,
    });
    const before = replica.contents().nodes;
    const beating = target.start(['heartbeat', 'asr-service', '-i', '200ms', '-o', 'ndjson']);
    await beating.until('"beat":1');
    replica.restart();
    expect(replica.contents().nodes).toEqual({ 'asr-service': [] });
    await expect.poll(() => replica.contents().nodes, { timeout: 10_000 }).toEqual(before);
    beating.child.kill('SIGTERM');
    await beating.done;
    await replica.close();
  });

  it('says that beats are missed, that three mean down, and that the registry is back', async () => {
    const { target, replica } = await openReplica();
    await target.register('asr-service', { id: 'a', url: 'http://asr:1' });
    const beating = target.start(['heartbeat', 'asr-service', '-i', '150ms']);
    await beating.until('beat 1  asr-service/a  ok');
    replica.zookeeperDown();
    await beating.until(/Warning: 3 missed in a row: .*counts asr-service\/a as down/);
    replica.zookeeperUp();
    await beating.until(/\(missed in a row: [3-9].*\n(.*\n)*.* ok .*\(missed in a row: 0/);
    beating.child.kill('SIGINT');
    const { code, stdout } = await beating.done;
    expect(code).toBe(130);
    expect(stdout).toMatch(/ missed {2}http:\/\/\S+ failed with 500: .*\(missed in a row: 1/);
    await replica.close();
  });

  it('goes on over a crash and a restart of the registry, which then has the instance still', async () => {
    const dataDir = ['--data-dir', emptyFolder()];
    const first = await startServe(dataDir);
    const { url } = first;
    const body = {
      service_name: 'asr-service',
      service_url: 'http://asr:1',
      service_metadata: { instance_id: 'a' },
    };
    await postJson(`${url}/api/v1/registry/register`, body);
    const beating = startCli(['heartbeat', 'asr-service', '-i', '200ms'], {
      env: { CONFIG_SERVICE_URL: url },
    });
    await beating.until('beat 1  asr-service/a  ok');
    await first.close();
    await beating.until(/ missed {2}Cannot reach .*nothing accepts connections.*\(missed in a row: 1\)/);
    const second = await startServe([...dataDir, '--port', new URL(url).port]);
    await beating.until(/\(missed in a row: [1-9].*\n(.*\n)*.* ok .*\(missed in a row: 0/);
    beating.child.kill('SIGTERM');
    const { code, stderr } = await beating.done;
    expect(code).toBe(143);
    expect(stderr).toContain('Interrupted (SIGTERM).');
    await second.close();
  });

  it('ends where the registry has forgotten it, since no beat brings it back', async () => {
    const coordinator = await startCoordinatorReplica({ secret: SECRET });
    coordinator.registerRaw({ service_id: SERVICE_ID, service_name: 'asr-service', url: 'http://asr:1' });
    const env = { REGISTRY_URL: coordinator.url };
    const beating = startCli(['heartbeat', '--service-id', String(SERVICE_ID), '-i', '100ms'], { env });
    await beating.until(`beat 1  service id ${SERVICE_ID}  ok`);
    coordinator.restart();
    const { code, stderr } = await beating.done;
    expect(code).toBe(1);
    expect(stderr).toContain(`Error: The registry does not know service id ${SERVICE_ID}:`);
    expect(stderr).toContain('regctl register');
    await coordinator.close();
  });

  it('--once tries once, and says why it failed', async () => {
    const coordinator = await startCoordinatorReplica({ secret: SECRET });
    coordinator.crash();
    const env = { REGISTRY_URL: coordinator.url, SERVICE_ID: '1' };
    const [crashed, both] = await Promise.all([
      runCli(['heartbeat', '--once'], { env }),
      runCli(['heartbeat', '--once', '--count', '2'], { env }),
    ]);
    expect(crashed.code).toBe(3);
    expect(crashed.stdout).toBe('');
    expect(crashed.stderr).toContain('/heartbeat failed with 500: "Internal Server Error".');
    expect(coordinator.requests).toHaveLength(1);
    expect(both.code).toBe(2);
    await coordinator.close();
  });

  it('waits 30 s for the next beat, and ends at once on a signal', async () => {
    const { target, replica } = await openReplica();
    await target.register('asr-service', { id: 'a', url: 'http://asr:1' });
    const beating = target.start(['heartbeat', 'asr-service']);
    await beating.until('beat 1');
    await delay(300);
    const killed = performance.now();
    beating.child.kill('SIGINT');
    expect((await beating.done).code).toBe(130);
    expect(performance.now() - killed).toBeLessThan(2000);
    expect(beating.stdout()).not.toContain('beat 2');
    await replica.close();
  });
});
