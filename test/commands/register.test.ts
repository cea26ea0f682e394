// regctl register: by the guide's environment rule, or by flags.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startCoordinatorReplica } from '../support/coordinator-replica.js';
import { emptyFolder, runCli } from '../support/run-cli.js';
import { type SampleService, startSampleService } from '../support/sample-service.js';
import { errorOf, inEveryFormat, openReplica, SECRET, TARGETS, type Target } from '../support/targets.js';

describe.each(TARGETS)('register: $kind', ({ open, deployed }) => {
  let target: Target;
  let service: SampleService;
  beforeAll(async () => {
    [target, service] = await Promise.all([
      open(),
      startSampleService({ name: 'asr-service', secret: SECRET }),
    ]);
  });
  afterAll(() => Promise.all([target.close(), service.close()]));

  it('registers from the environment alone, and again as an update', async () => {
    const env = { SERVICE_NAME: 'env-service', SERVICE_PORT: '8090', SERVICE_INSTANCE_ID: 'env-1' };
    const first = await target.run(['register'], { env });
    expect(first).toMatchObject({ code: 0, stdout: 'env-1\n' });
    expect(first.stderr).toBe(
      `Registered env-service/env-1 at http://env-service:8090 with ${target.url}.\n`,
    );
    const moved = { ...env, SERVICE_PUBLIC_URL: 'https://api.example.com/env/' };
    expect((await target.run(['register'], { env: moved })).code).toBe(0);
    expect(await target.listed('env-service')).toMatchObject([
      {
        instance_id: 'env-1',
        service_url: 'https://api.example.com/env',
        health_check_url: 'https://api.example.com/env/health',
        service_metadata: { status: 'healthy' },
      },
    ]);
  });

  it('waits until callers are handed the instance', async () => {
    const started = ['register', 'asr-service', '--url', service.url, '--wait', '--json'];
    const { code, stdout } = await target.run([...started, '--instance-id', 'asr-1']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      service_name: 'asr-service',
      instance_id: 'asr-1',
      service_url: service.url,
      health_check_url: `${service.url}/health`,
      registry: target.url,
      api: target.api,
      heartbeat_interval_s: target.api === 'coordinator' ? 30 : null,
      discoverable: true,
    });
    // What declares itself starting stays so for ever at a deployed registry; ours asks it and finds it healthy.
    const late = await target.run([
      ...started,
      ...['--instance-id', 'asr-2', '--status', 'starting'],
      ...(deployed ? ['--wait-timeout', '600ms'] : []),
    ]);
    if (!deployed) return expect(late.code).toBe(0);
    expect(late.code).toBe(1);
    expect(errorOf(late)).toMatchObject({
      code: 'NOT_DISCOVERABLE',
      message:
        'asr-service/asr-2 is registered, but was not discoverable within 0.6 s: its status is starting.',
    });
  });
});

describe('register', () => {
  it('refuses what the registry would, and sends nothing', async () => {
    const { target, replica } = await openReplica();
    const cases: [args: string[], env: Record<string, string>, says: string][] = [
      [[], {}, 'SERVICE_NAME is not set'],
      [['bad-service'], {}, 'SERVICE_PORT is not set'],
      [['bad-service'], { SERVICE_PORT: 'abc' }, 'SERVICE_PORT=abc (from environment) is not a port'],
      [['a/b', '--port', '1'], {}, '"a/b" cannot be the name of a service'],
      [['bad-service', '--url', 'ftp://x'], {}, 'must be an http or https URL'],
      [['bad-service', '--url', 'http://u:p@x'], {}, 'must not contain credentials'],
      [['bad-service', '--url', 'http://x:1?q=1'], {}, 'must not contain a query'],
      [['bad-service', '--port', '1', '--status', 'bogus'], {}, 'status must be one of'],
      [['bad-service', '--port', '1', '--metadata', 'no-sign'], {}, 'is not of the form key=value'],
    ];
    await Promise.all(
      cases.map(async ([args, env, says]) => {
        const { code, stdout, stderr } = await target.run(['register', ...args], { env });
        expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' });
        expect(stderr).toContain(says);
      }),
    );
    expect(replica.requests).toEqual([]);
    await replica.close();
  });

  it('prints what it did in every format', async () => {
    const { target, replica } = await openReplica();
    const found = await inEveryFormat(target.run, [
      'register',
      'asr-service',
      '--port',
      '1',
      '--instance-id',
      'a',
    ]);
    const document = JSON.parse(found.json.stdout);
    expect(document).toMatchObject({ instance_id: 'a', discoverable: null });
    expect(parse(found.yaml.stdout)).toEqual(document);
    expect(found.ndjson.stdout).toBe(found.json.stdout);
    for (const output of ['table', 'wide', 'name'] as const) expect(found[output].stdout).toBe('a\n');
    await replica.close();
  });

  it('builds the request from flags and files, and shows it without sending it', async () => {
    const { target, replica } = await openReplica();
    const cwd = emptyFolder();
    await writeFile(join(cwd, 'meta.json'), '{"version":"1.3","region":"eu"}');
    const dryRun = (args: string[], env: Record<string, string> = {}, input = '') =>
      target.run(['register', '--dry-run', '--json', ...args], { cwd, env, input });
    const [flags, host, stdin, defaults, text] = await Promise.all([
      dryRun([
        ...['asr-service', '--host', 'h', '--port', '99', '--health-url', '/live', '--instance-id', 'a-1'],
        ...['--metadata-file', 'meta.json', '-m', 'version=1.4', '-m', 'weight:=2', '--status', 'starting'],
      ]),
      dryRun(['--no-health-check'], { SERVICE_NAME: 'asr-service', SERVICE_PORT: '1', SERVICE_HOST: 'asr' }),
      dryRun(
        ['asr-service', '--port', '1', '--metadata-file', '-'],
        {},
        '{"status":"draining","instance_id":"a-2"}',
      ),
      dryRun(['asr-service'], { SERVICE_PORT: '8090' }),
      target.run(['register', 'asr-service', '--port', '1', '--instance-id', 'a-1', '--dry-run']),
    ]);
    expect(JSON.parse(flags.stdout)).toEqual({
      method: 'POST',
      url: `${replica.url}/api/v1/registry/register`,
      body: {
        service_name: 'asr-service',
        service_url: 'http://h:99',
        health_check_url: 'http://h:99/live',
        service_metadata: { version: '1.4', region: 'eu', weight: 2, instance_id: 'a-1', status: 'starting' },
      },
    });
    expect(JSON.parse(host.stdout).body).toMatchObject({
      service_url: 'http://asr:1',
      health_check_url: null,
    });
    expect(JSON.parse(stdin.stdout).body.service_metadata).toEqual({
      status: 'draining',
      instance_id: 'a-2',
    });
    const { service_metadata, ...rest } = JSON.parse(defaults.stdout).body;
    expect(rest).toMatchObject({ service_url: 'http://asr-service:8090' });
    expect(service_metadata).toEqual({
      instance_id: expect.stringMatching(/^asr-service-\d+$/),
      status: 'healthy',
    });
    expect(text.stdout).toMatch(new RegExp(`^POST ${replica.url}/api/v1/registry/register\n{\n`));
    expect(replica.requests).toEqual([]);
    await replica.close();
  });

  it('waits for an instance that becomes healthy later', async () => {
    const { target, replica } = await openReplica();
    const args = [
      'register',
      'asr-service',
      '--url',
      'http://asr:1',
      '--instance-id',
      'a',
      '--status',
      'starting',
    ];
    const waiting = target.start([...args, '--wait']);
    await waiting.until('Registered asr-service/a');
    await target.register('asr-service', { id: 'a', url: 'http://asr:1' });
    expect(await waiting.done).toMatchObject({ code: 0, stdout: 'a\n' });
    await replica.close();
  });

  it('signs its registration with a Coordinator, which refuses another service id', async () => {
    const coordinator = await startCoordinatorReplica({ secret: SECRET });
    const env = { REGISTRY_URL: coordinator.url, JWT_SECRET: SECRET };
    const args = ['register', 'asr-service', '--url', 'http://asr:1'];
    const [noId, noSecret, wrongSecret, good] = await Promise.all([
      runCli([...args, '--json'], { env }),
      runCli([...args, '--service-id', '7', '--json'], { env: { REGISTRY_URL: coordinator.url } }),
      runCli([...args, '--service-id', '7', '--json'], { env: { ...env, JWT_SECRET: `not ${SECRET}` } }),
      runCli([...args, '--service-id', '7', '--wait', '--json'], { env }),
    ]);
    expect([noId.code, noSecret.code, wrongSecret.code, good.code]).toEqual([2, 4, 4, 0]);
    expect(errorOf(noId).message).toContain('SERVICE_ID is not set');
    expect(errorOf(wrongSecret)).toMatchObject({ code: 'UNAUTHORIZED', exit: 4 });
    expect(JSON.parse(good.stdout)).toMatchObject({ heartbeat_interval_s: 30, discoverable: true });
    await coordinator.close();
  });
});
