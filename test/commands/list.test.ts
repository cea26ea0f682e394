// regctl list
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startCoordinatorReplica } from '../support/coordinator-replica.js';
import { runCli } from '../support/run-cli.js';
import { errorOf, inEveryFormat, openReplica, SECRET, TARGETS, type Target } from '../support/targets.js';

describe.each(TARGETS)('list: $kind', ({ open, deployed }) => {
  let target: Target;
  beforeAll(async () => {
    target = await open();
  });
  afterAll(() => target.close());

  it('shows an empty registry, then its services, sorted, filtered and counted', async () => {
    const [text, json, ndjson] = await Promise.all([
      target.run(['list']),
      target.run(['list', '--json']),
      target.run(['list', '-o', 'ndjson']),
    ]);
    expect(text).toMatchObject({ code: 0, stdout: 'No services.\n', stderr: '' });
    expect(json).toMatchObject({ code: 0, stdout: '[]\n' });
    expect(ndjson).toMatchObject({ code: 0, stdout: '' });

    await target.register('nmt-service', { id: 'nmt-1', url: 'http://nmt:1', status: 'unhealthy' });
    await target.register(
      'asr-service',
      { id: 'asr-1', url: 'http://asr:1', status: 'unhealthy' },
      { id: 'asr-2', url: 'http://asr:2' },
    );
    const [all, counted, named, unhealthy] = await Promise.all([
      target.run(['list']),
      target.run(['list', '--instances', '--json']),
      target.run(['list', '--name', 'nmt-*', '-o', 'name']),
      target.run(['list', '--instances', '--status', 'unhealthy', '-o', 'name']),
    ]);
    const lines = all.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^NAME +STATUS +HEALTHY +URL +AGE$/);
    // A deployed catalog calls every service healthy and counts nothing; ours knows.
    const [asr, nmt] = deployed
      ? [/^asr-service +healthy +- +http:\/\/asr:2 +\d+s$/, /^nmt-service +healthy +-/]
      : [/^asr-service +healthy +1\/2 +http:\/\/asr:2 +\d+s$/, /^nmt-service +unhealthy +0\/1/];
    expect(lines.slice(1)).toEqual([expect.stringMatching(asr), expect.stringMatching(nmt)]);
    expect(JSON.parse(counted.stdout)).toMatchObject([
      { service_name: 'asr-service', status: 'healthy', healthy_instances: 1, total_instances: 2 },
      { service_name: 'nmt-service', status: 'unhealthy', healthy_instances: 0, total_instances: 1 },
    ]);
    expect(named.stdout).toBe('nmt-service\n');
    expect(unhealthy.stdout).toBe('nmt-service\n');
  });
});

describe('list', () => {
  it('prints the same services in every format, compact in a pipe', async () => {
    const { target, replica } = await openReplica();
    await target.register('asr-service', { id: 'asr-1', url: 'http://asr:1', metadata: { version: '1.4' } });
    const found = await inEveryFormat(target.run, ['list']);
    const document = JSON.parse(found.json.stdout);
    expect(document).toEqual([
      {
        service_name: 'asr-service',
        status: 'healthy',
        healthy_instances: null,
        total_instances: null,
        held_instances: null,
        service_url: 'http://asr:1',
        health_check_url: null,
        registered_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        service_metadata: { version: '1.4', instance_id: 'asr-1', status: 'healthy' },
      },
    ]);
    expect(found.json.stdout).toBe(`${JSON.stringify(document)}\n`);
    expect(found.ndjson.stdout).toBe(`${JSON.stringify(document[0])}\n`);
    expect(parse(found.yaml.stdout)).toEqual(document);
    expect(found.name.stdout).toBe('asr-service\n');
    expect(found.table.stdout).not.toContain('1.4');
    expect(found.wide.stdout).toMatch(/HEALTH URL +METADATA\n.*"version":"1\.4"/);
    // One request each: nothing is asked for that was not asked of us.
    expect(replica.requests.map(({ path }) => path)).toEqual(Array(6).fill('/api/v1/registry/services'));
    await replica.close();
  });

  it('keeps a service in the list whose instances the registry cannot read', async () => {
    const { target, replica } = await openReplica();
    await target.register('asr-service', { id: 'asr-1', url: 'http://asr:1', status: 'bogus' });
    await target.register('nmt-service', { id: 'nmt-1', url: 'http://nmt:1' });
    const { code, stdout, stderr } = await target.run(['list', '--instances', '--retries', '0']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/asr-service +unreadable +-/);
    expect(stdout).toMatch(/nmt-service +healthy +1\/1/);
    expect(stderr).toContain('Warning: the instances of asr-service cannot be read.');
    await replica.close();
  });

  it('says that a Coordinator without a list cannot list', async () => {
    const coordinator = await startCoordinatorReplica({ secret: SECRET });
    coordinator.registerRaw({ service_id: 1, service_name: 'asr-service', url: 'http://asr:1' });
    const env = { REGISTRY_URL: coordinator.url };
    const [text, json] = await Promise.all([runCli(['list'], { env }), runCli(['list', '--json'], { env })]);
    expect(text).toMatchObject({ code: 1, stdout: '' });
    expect(text.stderr).toContain(`The registry at ${coordinator.url} cannot list services`);
    expect(errorOf(json)).toMatchObject({ code: 'CANNOT_LIST', exit: 1 });
    await coordinator.close();
  });
});
