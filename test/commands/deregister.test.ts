// regctl deregister: it looks before and after, since the API answers ok for what never existed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startCoordinatorReplica } from '../support/coordinator-replica.js';
import { json, startInstrument } from '../support/instrument.js';
import { runCli } from '../support/run-cli.js';
import {
  errorOf,
  inEveryFormat,
  OUTPUTS,
  openReplica,
  SECRET,
  TARGETS,
  type Target,
} from '../support/targets.js';

const ids = async (target: Target, service: string) =>
  (await target.listed(service)).map(({ instance_id }) => instance_id);

describe.each(TARGETS)('deregister: $kind', ({ open }) => {
  let target: Target;
  beforeAll(async () => {
    target = await open();
    await target.register('sole', { id: 'sole-1', url: 'http://sole:1', status: 'unhealthy' });
    await target.register(
      'asr-service',
      { id: 'asr-1', url: 'http://asr:1' },
      { id: 'asr-2', url: 'http://asr:2', status: 'starting' },
      { id: 'asr-3', url: 'http://asr:3' },
    );
  });
  afterAll(() => target.close());

  it('says what is not there, and what it needs to be told, and removes nothing', async () => {
    const [service, instance, which, both] = await Promise.all([
      target.run(['deregister', 'nobody', '--json']),
      target.run(['deregister', 'asr-service', 'asr-9', '--json']),
      target.run(['deregister', 'asr-service', '--json']),
      target.run(['deregister', 'asr-service', 'asr-1', '--all', '--json']),
    ]);
    expect([service, instance, which, both].map(({ code }) => code)).toEqual([1, 1, 2, 2]);
    expect(errorOf(service).code).toBe('SERVICE_NOT_FOUND');
    expect(errorOf(instance).code).toBe('INSTANCE_NOT_FOUND');
    expect(errorOf(which).message).toContain(
      'asr-service has 3 instances, and it is not said which goes: asr-1, asr-2, asr-3.',
    );
    expect(errorOf(both).code).toBe('USAGE');
    expect(await ids(target, 'asr-service')).toHaveLength(3);
  });

  it('takes out the one named, the only one, or all of them', async () => {
    const [named, only] = await Promise.all([
      target.run(['deregister', 'asr-service', 'asr-2', '--reason', 'its host is replaced', '--yes']),
      target.run(['deregister', 'sole']),
    ]);
    expect(named).toMatchObject({ code: 0, stdout: 'Deregistered asr-service/asr-2.\n', stderr: '' });
    expect(only).toMatchObject({ code: 0, stdout: 'Deregistered sole/sole-1.\n' });
    expect(await ids(target, 'asr-service')).toEqual(['asr-1', 'asr-3']);
    const all = await target.run(['deregister', 'asr-service', '--all', '--json']);
    expect(JSON.parse(all.stdout)).toEqual({
      service_name: 'asr-service',
      registry: target.url,
      deregistered: ['asr-1', 'asr-3'],
    });
    expect(await ids(target, 'asr-service')).toEqual([]);
    expect((await target.run(['deregister', 'asr-service'])).code).toBe(1);
  });
});

describe('deregister', () => {
  it('prints what it did in every format, and passes the reason on', async () => {
    const { target, replica } = await openReplica();
    for (const output of OUTPUTS) await target.register(`s-${output}`, { id: 'i-1', url: 'http://asr:1' });
    const found = await inEveryFormat(target.run, (output) => [
      'deregister',
      `s-${output}`,
      '--reason',
      'old host',
    ]);
    expect(parse(found.yaml.stdout)).toEqual({
      service_name: 's-yaml',
      registry: replica.url,
      deregistered: ['i-1'],
    });
    expect(found.ndjson.stdout).toBe(found.json.stdout.replace('s-json', 's-ndjson'));
    expect(found.name.stdout).toBe('i-1\n');
    expect([found.table.stdout, found.wide.stdout]).toEqual([
      'Deregistered s-table/i-1.\n',
      'Deregistered s-wide/i-1.\n',
    ]);
    const calls = replica.requests.filter(({ method }) => method === 'POST');
    expect(calls).toHaveLength(6);
    expect(new URL(calls[0]?.path ?? '', replica.url).searchParams.get('reason')).toBe('old host');
    await replica.close();
  });

  it('ends with 1 where the instance is still listed although the registry said ok', async () => {
    const row = { instance_id: 'i-1', service_url: 'http://asr:1', status: 'healthy' };
    const forgetful = await startInstrument(({ method }, response) => {
      const { status, body } = json(200, method === 'GET' ? [row] : { status: 'ok' });
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
    const env = { CONFIG_SERVICE_URL: forgetful.url };
    const found = await runCli(['deregister', 'asr-service', 'i-1', '--json'], { env });
    expect(found.code).toBe(1);
    expect(errorOf(found)).toMatchObject({
      code: 'STILL_REGISTERED',
      message: expect.stringContaining('asr-service/i-1 is still listed'),
    });
    await forgetful.close();
  });

  it('removes the bad registration that breaks a whole service, where it is named', async () => {
    const { target, replica } = await openReplica();
    await target.register('asr-service', { id: 'good', url: 'http://asr:1' });
    await target.register('asr-service', { id: 'bad', url: 'http://asr:2', status: 'bogus' });
    const unnamed = await target.run(['deregister', 'asr-service', '--retries', '0']);
    expect(unnamed).toMatchObject({ code: 3, stdout: '' });
    expect(unnamed.stderr).toMatch(/^Error: .*asr-service.*failed with 500/);
    const named = await target.run(['deregister', 'asr-service', 'bad', '--retries', '0']);
    expect(named).toMatchObject({ code: 0, stdout: 'Deregistered asr-service/bad.\n' });
    expect(named.stderr).toContain('bad is removed unseen');
    expect(await ids(target, 'asr-service')).toEqual(['good']);
    await replica.close();
  });

  it('takes a service out of a Coordinator that tells no instance ids, with the right of its own id alone', async () => {
    const coordinator = await startCoordinatorReplica({ secret: SECRET });
    coordinator.registerRaw({ service_id: 7, service_name: 'asr-service', url: 'http://asr:1' });
    const env = { REGISTRY_URL: coordinator.url, JWT_SECRET: SECRET };
    const noId = await runCli(['deregister', 'asr-service', '--json'], { env });
    expect(errorOf(noId)).toMatchObject({
      exit: 2,
      message: expect.stringContaining('SERVICE_ID is not set'),
    });
    // The id in the environment is the operator's own service's: it would go instead of the one that is named.
    coordinator.registerRaw({ service_id: 8, service_name: 'own-service', url: 'http://own:1' });
    const own8 = await runCli(['deregister', 'asr-service', '--json'], { env: { ...env, SERVICE_ID: '8' } });
    expect(errorOf(own8)).toMatchObject({ exit: 2, hint: expect.stringContaining('--service-id 8') });
    expect((await fetch(`${coordinator.url}/services/own-service`)).status).toBe(200);
    const other = await runCli(['deregister', 'asr-service', '--service-id', '9', '--json'], { env });
    expect(errorOf(other)).toMatchObject({ exit: 1, code: 'INSTANCE_NOT_FOUND' });
    const own = await runCli(['deregister', 'asr-service', '--service-id', '7', '--reason', 'x'], { env });
    expect(own).toMatchObject({ code: 0, stdout: 'Deregistered asr-service/the service.\n' });
    expect(coordinator.requests.filter(({ path }) => path === '/deregister').map(({ body }) => body)).toEqual(
      ['{"service_id":9}', '{"service_id":7,"reason":"x"}'],
    );
    await coordinator.close();
  });
});
