// regctl discover
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startCoordinatorReplica } from '../support/coordinator-replica.js';
import { json, send, startInstrument } from '../support/instrument.js';
import { ENTRY, emptyFolder, runCli } from '../support/run-cli.js';
import { type SampleService, startSampleService } from '../support/sample-service.js';
import { errorOf, inEveryFormat, openReplica, SECRET, TARGETS, type Target } from '../support/targets.js';

const DEAD = 'http://127.0.0.1:9';

describe.each(TARGETS)('discover: $kind', ({ open }) => {
  let target: Target;
  let service: SampleService;
  beforeAll(async () => {
    [target, service] = await Promise.all([
      open(),
      startSampleService({ name: 'asr-service', secret: SECRET }),
    ]);
    await target.register('asr-service', { id: 'asr-1', url: service.url });
    await target.register(
      'mixed',
      { id: 'm-1', url: DEAD },
      { id: 'm-2', url: service.url },
      { id: 'm-3', url: 'http://unwell:1', status: 'unhealthy' },
      { id: 'm-4', url: 'http://unwell:2', status: 'starting' },
    );
    await target.register('sick', { id: 's-1', url: 'http://sick:1', status: 'unhealthy' });
    await target.register('dead', { id: 'd-1', url: DEAD });
  });
  afterAll(() => Promise.all([target.close(), service.close()]));

  it('prints the URL of a healthy instance, which stands in a command', async () => {
    expect(await target.run(['discover', 'asr-service'])).toMatchObject({
      code: 0,
      stdout: `${service.url}\n`,
      stderr: '',
    });
    const call = 'fetch(process.argv[1]).then(async (answer) => console.log(await answer.text()))';
    const line = `"$NODE" -e "${call}" "$("$NODE" "${ENTRY}" discover asr-service)/health"`;
    const env = { PATH: process.env.PATH ?? '', NODE: process.execPath, HOME: emptyFolder(), ...target.env };
    const { stdout } = await promisify(execFile)('sh', ['-c', line], { env, cwd: env.HOME });
    expect(JSON.parse(stdout)).toMatchObject({ service: 'asr-service', status: 'healthy' });
  });

  it('counts only healthy ones, and with --probe only those that answer', async () => {
    const [all, probed, one, dead] = await Promise.all([
      target.run(['discover', 'mixed', '--all']),
      target.run(['discover', 'mixed', '--all', '--probe', '--json']),
      target.run(['discover', 'mixed', '--probe']),
      target.run(['discover', 'dead', '--probe', '--json']),
    ]);
    expect(all.stdout).toBe(`${DEAD}\n${service.url}\n`);
    expect(JSON.parse(probed.stdout)).toEqual([
      { service_name: 'mixed', instance_id: 'm-2', url: service.url },
    ]);
    expect(one).toMatchObject({ code: 0, stdout: `${service.url}\n` });
    expect(one.stderr).toMatch(/^Passed over m-1\. Cannot reach http:\/\/127\.0\.0\.1:9: nothing accepts/);
    expect(dead.code).toBe(1);
    expect(errorOf(dead).message).toContain('the one that the registry calls healthy does not answer');
  });

  it('tells an unknown service from one without a healthy instance', async () => {
    const [unknown, sick, sickAll] = await Promise.all([
      target.run(['discover', 'nobody', '--json']),
      target.run(['discover', 'sick']),
      target.run(['discover', 'sick', '--all', '--json']),
    ]);
    expect(unknown.code).toBe(1);
    expect(errorOf(unknown).code).toBe('SERVICE_NOT_FOUND');
    expect(sick).toMatchObject({ code: 1, stdout: '' });
    expect(sick.stderr).toContain('sick has no healthy instance: s-1 is unhealthy.');
    expect(sickAll.code).toBe(1);
    expect(errorOf(sickAll).code).toBe('NO_HEALTHY_INSTANCE');
  });
});

describe('discover', () => {
  it('prints the same in every format', async () => {
    const { target, replica } = await openReplica();
    await target.register(
      'asr-service',
      { id: 'asr-1', url: 'http://asr:1' },
      { id: 'asr-2', url: 'http://asr:2' },
    );
    await target.register('nmt-service', { id: 'nmt-1', url: 'http://nmt:1' });
    const one = await inEveryFormat(target.run, ['discover', 'nmt-service']);
    const found = { service_name: 'nmt-service', instance_id: null, url: 'http://nmt:1' };
    expect(JSON.parse(one.json.stdout)).toEqual(found);
    expect(parse(one.yaml.stdout)).toEqual(found);
    expect(one.ndjson.stdout).toBe(one.json.stdout);
    for (const output of ['table', 'wide', 'name'] as const)
      expect(one[output].stdout).toBe('http://nmt:1\n');
    const lines = await target.run(['discover', 'asr-service', '--all', '-o', 'ndjson']);
    expect(
      lines.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).url),
    ).toEqual(['http://asr:1', 'http://asr:2']);
    await replica.close();
  });

  it('asks a Coordinator, and takes no address from a registry that is not one', async () => {
    const coordinator = await startCoordinatorReplica({ secret: SECRET });
    coordinator.registerRaw({ service_id: 1, service_name: 'asr-service', url: 'http://asr:1' });
    const liar = await startInstrument(({ path }, response) => {
      send(response, json(200, path.endsWith('/url') ? { url: 'javascript:alert(1)' } : []));
    });
    const [found, down, lie] = await Promise.all([
      runCli(['discover', 'asr-service'], { env: { REGISTRY_URL: coordinator.url } }),
      runCli(['discover', 'nobody'], { env: { REGISTRY_URL: coordinator.url } }),
      runCli(['discover', 'asr-service', '--json'], { env: { CONFIG_SERVICE_URL: liar.url } }),
    ]);
    expect(found).toMatchObject({ code: 0, stdout: 'http://asr:1\n' });
    expect(down).toMatchObject({ code: 1, stdout: '' });
    coordinator.advance(90_000);
    const lapsed = await runCli(['discover', 'asr-service'], { env: { REGISTRY_URL: coordinator.url } });
    expect(lapsed.code).toBe(1);
    expect(lapsed.stderr).toContain('or it is down: a Coordinator need not tell which.');
    expect(errorOf(lie)).toMatchObject({ code: 'NOT_THE_API', exit: 3 });
    await Promise.all([coordinator.close(), liar.close()]);
  });
});
