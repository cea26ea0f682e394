// Where settings come from: flag, environment, .env, context, default; and what a URL from .env never gets.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Replica } from '../support/config-service-replica.js';
import { type CoordinatorReplica, startCoordinatorReplica } from '../support/coordinator-replica.js';
import { type CliOptions, emptyFolder, runCli } from '../support/run-cli.js';
import { type SampleService, startSampleService } from '../support/sample-service.js';
import { errorOf, openReplica, SECRET } from '../support/targets.js';

/** A working folder with a `.env`, and a home with two contexts, `home` the current one. */
async function workplace(envFile: string) {
  const cwd = emptyFolder();
  const XDG_CONFIG_HOME = emptyFolder();
  await writeFile(join(cwd, '.env'), envFile);
  const run = (args: readonly string[], options: CliOptions = {}) =>
    runCli(args, { cwd, ...options, env: { XDG_CONFIG_HOME, ...options.env } });
  await run(['context', 'set', 'home', '--registry', 'http://from-context', '--service-id', '1']);
  await run(['context', 'set', 'other', '--registry', 'http://from-other', '--service-id', '2']);
  return { run };
}

describe('settings', () => {
  it('come from the highest source that has them, and show --resolved says which', async () => {
    const file =
      'REGISTRY_URL=http://from-env-file/\nSERVICE_ID=3\nSERVICE_NAME=asr-service\nJWT_SECRET=short\n';
    const [{ run: withFile }, { run: without }] = await Promise.all([workplace(file), workplace('')]);
    const resolved = async (run: typeof withFile, args: string[] = [], env: Record<string, string> = {}) => {
      const { stdout, code } = await run(['context', 'show', '--resolved', '--json', ...args], { env });
      expect(code).toBe(0);
      const rows: { setting: string; value: string | null; origin: string | null }[] = JSON.parse(stdout);
      return Object.fromEntries(rows.map(({ setting, value, origin }) => [setting, [value, origin]]));
    };
    const env = { CONFIG_SERVICE_URL: 'http://from-environment', SERVICE_ID: '4' };
    const both = { ...env, REGISTRY_URL: 'http://coordinator' };
    const [flag, environment, dotEnv, context, named, variable, byApi] = await Promise.all([
      resolved(withFile, ['--registry', 'http://from-flag', '--service-id', '5'], env),
      resolved(withFile, [], env),
      resolved(withFile),
      resolved(without),
      resolved(withFile, ['--context', 'other'], env),
      resolved(without, [], { REGCTL_CONTEXT: 'other' }),
      resolved(withFile, ['--api', 'coordinator'], both),
    ]);
    expect(flag).toMatchObject({
      registry: ['http://from-flag', 'flag (--registry)'],
      api: ['auto', 'flag'],
      SERVICE_ID: ['5', 'flag --service-id'],
      SERVICE_NAME: ['asr-service', '.env'],
      SERVICE_PORT: [null, null],
    });
    expect(environment).toMatchObject({
      registry: ['http://from-environment', 'environment (CONFIG_SERVICE_URL)'],
      api: ['config-service', 'environment'],
      SERVICE_ID: ['4', 'environment'],
      JWT_SECRET: ['[secret]', expect.stringMatching(/^\.env; it has 5 bytes/)],
    });
    expect(dotEnv).toMatchObject({
      registry: ['http://from-env-file', '.env (REGISTRY_URL)'],
      api: ['coordinator', '.env'],
      context: ['home', 'current in the context file'],
      SERVICE_ID: ['3', '.env'],
    });
    expect(context).toMatchObject({
      registry: ['http://from-context', 'context home (registry)'],
      SERVICE_ID: ['1', 'context home'],
      JWT_SECRET: [null, null],
    });
    // A context named on the command line outranks the environment; one that merely is current does not.
    expect(named).toMatchObject({
      registry: ['http://from-other', 'context other (registry)'],
      context: ['other', 'flag --context'],
      SERVICE_ID: ['2', 'context other'],
    });
    expect(variable).toMatchObject({ context: ['other', 'environment'], SERVICE_ID: ['2', 'context other'] });
    expect(byApi).toMatchObject({ registry: ['http://coordinator', 'environment (REGISTRY_URL)'] });
  });

  it('have a default for the registry, and can be wrong', async () => {
    const [none, bad] = await Promise.all([
      runCli(['context', 'show', '-o', 'name']),
      runCli(['list', '--json'], { env: { CONFIG_SERVICE_URL: 'config-service:8082' } }),
    ]);
    expect(none).toMatchObject({ code: 0, stdout: 'registry\napi\n' });
    expect(bad.code).toBe(2);
    expect(errorOf(bad)).toMatchObject({
      code: 'INVALID_SETTING',
      message: expect.stringMatching(/^CONFIG_SERVICE_URL \(from environment\) must be an http or https URL/),
    });
  });
});

describe('the API a registry speaks', () => {
  it('is found out where it is not said', async () => {
    const { replica } = await openReplica();
    const coordinator = await startCoordinatorReplica({ secret: SECRET });
    const apiOf = async (url: string) => {
      const { stdout } = await runCli([
        'register',
        'a',
        '--port',
        '1',
        '--service-id',
        '1',
        '--dry-run',
        '--registry',
        url,
      ]);
      return stdout.split('\n')[0];
    };
    expect(await Promise.all([apiOf(replica.url), apiOf(coordinator.url)])).toEqual([
      `POST ${replica.url}/api/v1/registry/register`,
      `POST ${coordinator.url}/register`,
    ]);
    await Promise.all([replica.close(), coordinator.close()]);
  });
});

describe('a registry URL from .env', () => {
  let coordinator: CoordinatorReplica;
  let replica: Replica;
  let service: SampleService;
  beforeAll(async () => {
    coordinator = await startCoordinatorReplica({ secret: SECRET });
    ({ replica } = await openReplica());
    service = await startSampleService({ name: 'asr-service', secret: SECRET });
    coordinator.registerRaw({ service_id: 7, service_name: 'asr-service', url: service.url });
  });
  afterAll(() => Promise.all([coordinator.close(), replica.close(), service.close()]));

  const SEND = ['send', 'asr-service', '--type', 'event'];
  const REGISTER = ['register', 'nmt-service', '--url', 'http://nmt:1'];
  const secretElsewhere = { env: { JWT_SECRET: SECRET, SERVICE_ID: '7' } };
  const tokens = () =>
    [coordinator, replica, service].flatMap(({ requests }) =>
      requests.flatMap(({ headers }) => headers.authorization ?? []),
    );

  it('gets no token signed with a secret from elsewhere', async () => {
    const { run } = await workplace(`REGISTRY_URL=${coordinator.url}\n`);
    const results = await Promise.all([
      run([...SEND, '--json'], secretElsewhere),
      run([...REGISTER, '--json'], secretElsewhere),
      run(['deregister', 'asr-service', '--service-id', '7', '--json'], secretElsewhere),
    ]);
    for (const result of results) {
      expect(result.code).toBe(2);
      expect(errorOf(result)).toMatchObject({
        code: 'UNTRUSTED_URL',
        message: expect.stringContaining(`${coordinator.url} came from the .env of this folder`),
        hint: expect.stringContaining('--trust-env-file'),
      });
    }
    // Where a token is no necessity, it goes without.
    expect((await run(['heartbeat', '--once'], secretElsewhere)).code).toBe(0);
    const { run: atConfigService } = await workplace(`CONFIG_SERVICE_URL=${replica.url}\n`);
    expect((await atConfigService(REGISTER, secretElsewhere)).code).toBe(0);
    expect(tokens()).toEqual([]);
  });

  it('gets one where the user trusts the folder, or the secret is from there, too', async () => {
    const { run } = await workplace(`REGISTRY_URL=${coordinator.url}\n`);
    const trusted = await run([...SEND, '--trust-env-file'], secretElsewhere);
    expect(trusted.code).toBe(0);
    const whole = `REGISTRY_URL=${coordinator.url}\nJWT_SECRET=${JSON.stringify(SECRET)}\nSERVICE_ID=7\n`;
    const { run: inOwnFolder } = await workplace(whole);
    expect((await inOwnFolder(SEND)).code).toBe(0);
    expect((await inOwnFolder(REGISTER)).code).toBe(0);
    expect(service.received).toHaveLength(2);
    expect(tokens()).toHaveLength(3);
  });
});
