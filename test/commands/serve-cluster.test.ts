// regctl serve as one of several replicas: what it is told of its engines.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openCluster } from '../../src/registry-server/cluster/cluster.js';
import { SYSTEM_CLOCK } from '../../src/registry-server/settings.js';
import { withoutEngines } from '../support/cluster.js';
import { type Engine, startEngine } from '../support/engines.js';
import { emptyFolder, runCli, startCli } from '../support/run-cli.js';
import { eventually, get, post } from '../support/start-registry.js';
import { ZookeeperReader } from '../support/zookeeper-reader.js';

const PASSWORD = 'hunter2-of-the-tests';
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe.skipIf(withoutEngines)('serve over engines that ask for a password', () => {
  let zookeeper: Engine;
  let postgres: Engine;
  let redis: Engine;
  beforeAll(async () => {
    [zookeeper, postgres, redis] = await Promise.all([
      startEngine('zookeeper'),
      startEngine('postgres', { password: PASSWORD }),
      startEngine('redis', { password: PASSWORD }),
    ]);
  });
  afterAll(() => Promise.all([zookeeper?.close(), postgres?.close(), redis?.close()]));

  const flags = () => [
    ...['serve', '--port', '0', '--zookeeper', zookeeper.address],
    ...['--postgres', postgres.address, '--redis', redis.address],
  ];

  const passwordFile = (text: string): string => {
    const file = join(emptyFolder(), 'password');
    writeFileSync(file, text);
    return file;
  };

  it('reads passwords from files, puts instances where it is told to, and ends in order', async () => {
    const file = passwordFile(`${PASSWORD}\n`);
    const cli = startCli([
      ...flags(),
      ...['--postgres-password-file', file, '--redis-password-file', file],
      ...['--zookeeper-base-path', '/prod/services', '--json'],
    ]);
    onTestFinished(() => void cli.child.kill('SIGKILL'));
    await cli.until('"data_dir"');
    const { url, data_dir, engines } = JSON.parse(cli.stdout());
    expect({ data_dir, engines }).toEqual({
      data_dir: null,
      engines: { zookeeper: zookeeper.address, postgres: postgres.address, redis: redis.address },
    });
    await eventually(
      () => get(`${url}/health`),
      ({ body }) => body.redis === 'healthy',
    );
    await post(`${url}/register`, { service_id: 42, service_name: 'asr', url: 'http://asr:8000' });
    await get(`${url}/api/v1/registry/audit`);
    const cache = new Redis({ port: redis.port, host: '127.0.0.1', password: PASSWORD });
    onTestFinished(() => cache.disconnect());
    await eventually(
      () => cache.keys('regctl:*'),
      (keys) => keys.length > 0,
    );
    const reader = await ZookeeperReader.connect(zookeeper.address, '/prod/services');
    onTestFinished(() => reader.close());
    await eventually(
      () => reader.instances('asr'),
      (nodes) => 'asr-42' in nodes,
    );
    cli.child.kill('SIGTERM');
    const { code, stdout, stderr } = await cli.done;
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain(PASSWORD);
  });

  it('takes them from the environment, and says at once that one is refused or missing', async () => {
    const wrong = await runCli(flags(), { env: { PGPASSWORD: 'not this one', REDISCLI_AUTH: PASSWORD } });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('password authentication failed');
    expect(wrong.stderr).not.toContain('not this one');
    const none = await runCli([...flags(), '--postgres-password-file', passwordFile('')]);
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('The password file');
    const cli = startCli(flags(), { env: { PGPASSWORD: PASSWORD, REDISCLI_AUTH: PASSWORD } });
    onTestFinished(() => void cli.child.kill('SIGKILL'));
    await cli.until('REGISTRY_URL=');
    expect(cli.stdout()).toContain(`one of several replicas over ${postgres.address}`);
  });

  it.each([
    ['--zookeeper-base-path', 'services', 'is not the path of a node, such as /services.'],
    ['--zookeeper', 'zk1:2181,zk 2', 'is not HOST:PORT of a server, or of several with commas between.'],
    ['--postgres', 'http://postgres', 'is not a URL with postgres:// or postgresql:// and a host.'],
    ['--redis', 'redis://:secret@redis', 'has a password in its URL'],
    ['--redis-password-file', '/nowhere/at/all', 'there is no such file'],
  ])('%s %s is refused, and nothing is asked', async (flag, value, why) => {
    const all = flags();
    const at = all.indexOf(flag);
    const args = at < 0 ? [...all, flag, value] : [...all.slice(0, at + 1), value, ...all.slice(at + 2)];
    const { code, stderr } = await runCli(args, { env: { PGPASSWORD: PASSWORD } });
    expect(code).toBe(2);
    expect(stderr).toContain(why);
    expect(stderr).not.toContain('secret@');
  });

  it('names the engine that is not there in time', async () => {
    const login = { host: '127.0.0.1', user: 'registry', database: 'postgres', sslmode: 'disable' } as const;
    const password = () => PASSWORD;
    const open = (servers: string, port: number) =>
      openCluster(
        {
          zookeeper: { servers, basePath: '/services' },
          postgres: { ...login, port, password },
          redis: undefined,
        },
        { clock: SYSTEM_CLOCK, log: SILENT, patienceMs: 300 },
      );
    await expect(open('127.0.0.1:1', postgres.port)).rejects.toThrow(
      'ZooKeeper at 127.0.0.1:1 gave no session within 0.3 s',
    );
    await expect(open(zookeeper.address, 1)).rejects.toThrow('PostgreSQL at 127.0.0.1:1');
  });
});
