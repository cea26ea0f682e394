// engine.*: asked of real ZooKeeper, PostgreSQL and Redis.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Report } from '../../src/doctor/result.js';
import type { Engines } from '../../src/engines/address.js';
import {
  type Engine,
  type EngineName,
  type EngineOptions,
  missingPackages,
  startEngine,
} from '../support/engines.js';
import { selfSigned } from '../support/hostile/certificate.js';
import { deploy, notGreen, runDoctor } from './deployment.js';

const PASSWORD = 'hunter2-of-the-tests';
const missing = missingPackages();
const without = missing.length > 0 && process.env.CI === undefined;

/** Asks engines alone: no registry is there, and none is needed. */
function ask(engines: Partial<Engines>, env: Record<string, string> = {}): Promise<Report> {
  const none = { zookeeper: undefined, postgres: undefined, redis: undefined };
  return runDoctor({
    env: { HOME: tmpdir(), CONFIG_SERVICE_URL: 'http://127.0.0.1:9', ...env },
    folder: tmpdir(),
    flags: {},
    input: { only: ['engine.*'], engines: { ...none, ...engines } },
  });
}

/** What each check saw, or found. */
function told({ results }: Report): Record<string, string> {
  return Object.fromEntries(
    results
      .filter(({ id, status }) => id.startsWith('engine.') && status !== 'skip')
      .map(({ id, seen, findings: [first] }) => [id, seen ?? `${first?.code}: ${first?.seen}`]),
  );
}

async function started(name: EngineName, options: EngineOptions): Promise<Engine> {
  const engine = await startEngine(name, options);
  onTestFinished(() => engine.close());
  return engine;
}

describe.skipIf(without)(
  `real engines${without ? `, which are not here: ${missing.join(', ')}` : ''}`,
  () => {
    let zookeeper: Engine;
    let postgres: Engine;
    let redis: Engine;

    let starting: [Promise<Engine>, Promise<Engine>, Promise<Engine>];
    beforeAll(async () => {
      starting = [
        startEngine('zookeeper'),
        startEngine('postgres', { password: PASSWORD }),
        startEngine('redis', { password: PASSWORD }),
      ];
      [zookeeper, postgres, redis] = await Promise.all(starting);
    });
    // Also those that started where another did not.
    afterAll(async () => {
      for (const each of await Promise.allSettled(starting))
        if (each.status === 'fulfilled') await each.value.close();
    });

    const all = (): Engines => ({
      zookeeper: zookeeper.address,
      postgres: postgres.address,
      redis: redis.address,
    });

    it('are green where they serve, also while the registry is down, and keep no connection', async () => {
      const report = await ask(all(), { PGPASSWORD: PASSWORD, REDISCLI_AUTH: PASSWORD });
      expect(told(report)).toEqual({
        'engine.zookeeper': expect.stringMatching(/: standalone, version 3\.\d+\.\d+$/),
        'engine.postgres': expect.stringMatching(/: select 1 gave 1$/),
        'engine.redis': expect.stringMatching(/: PONG$/),
      });
      expect(report.exit).toBe(0);
      expect(JSON.stringify(report)).not.toContain(PASSWORD);
      const client = new Redis(redis.address, { password: PASSWORD });
      onTestFinished(() => client.disconnect());
      expect(await client.client('LIST')).toMatch(/^id=\d+ [^\n]+\n$/);
    });

    it('tell a registry that is cut off from one apart from one that is down', async () => {
      const deployment = await deploy({
        env: { REDISCLI_AUTH: PASSWORD },
        input: { engines: { zookeeper: undefined, postgres: undefined, redis: redis.address } },
      });
      onTestFinished(() => deployment.close());
      deployment.registry.redisDown();
      const { results } = await runDoctor(deployment);
      const of = (wanted: string) => results.find(({ id }) => id === wanted);
      expect(of('engine.redis')?.status).toBe('pass');
      expect(of('registry.redis')?.findings[0]?.remedy).toMatch(/where engine\.redis passes, it is well/);
    });

    it('say that a password is wrong, and which variable it comes from where there is none', async () => {
      const wrong = await ask(all(), { PGPASSWORD: 'not-it', REDISCLI_AUTH: 'not-it' });
      expect(told(wrong)).toMatchObject({
        'engine.postgres': expect.stringMatching(/^ENGINE_AUTH: .*password authentication failed/),
        'engine.redis': expect.stringMatching(/^ENGINE_AUTH: .*WRONGPASS/),
      });
      expect(JSON.stringify(wrong)).not.toContain('not-it');
      const none = await ask(all());
      expect(told(none)).toMatchObject({
        'engine.postgres': expect.stringMatching(/^ENGINE_AUTH: .*PGPASSWORD is not set$/),
        'engine.redis': expect.stringMatching(/^ENGINE_AUTH: .*REDISCLI_AUTH is not set/),
      });
    });

    it('say what the URL names and they lack', async () => {
      const report = await ask(
        { postgres: postgres.address.replace(/postgres$/, 'no_such_database') },
        { PGPASSWORD: PASSWORD },
      );
      expect(told(report)['engine.postgres']).toMatch(
        /^ENGINE_NOT_SERVING: .*"no_such_database" does not exist$/,
      );
    });

    it('are not taken for one another', async () => {
      const codes = (report: Report) => Object.values(notGreen(report)).join(' ');
      expect(codes(await ask({ redis: `redis://${zookeeper.address}` }))).toMatch(
        /^ENGINE_(BROKE|OTHER_PROTOCOL)$/,
      );
      expect(codes(await ask({ redis: `redis://127.0.0.1:${postgres.port}` }))).toBe('ENGINE_BROKE');
    });

    it('are started by `npm run engines`, and ctrl-C leaves nothing of them', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'regctl-engines-'));
      chmodSync(folder, 0o711);
      const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/engines.ts'], {
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
        env: { ...process.env, TMPDIR: folder },
        stdio: ['ignore', 'pipe', 'inherit'],
        // A group of its own, which gets ctrl-C as a whole, as from a terminal.
        detached: true,
      });
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const given: Record<string, string> = {};
      for (let i = 0; i < 3; i += 1) {
        const [, name = '', value = ''] = /^export (\w+)=(.+)$/.exec((await lines.next()).value) ?? [];
        given[name] = value;
      }
      const { ZOOKEEPER: zookeeper, POSTGRES_URL: postgres, REDIS_URL: redis } = given;
      expect(notGreen(await ask({ zookeeper, postgres, redis }))).toEqual({});
      process.kill(-(child.pid ?? 0), 'SIGINT');
      expect(await once(child, 'exit')).toEqual([0, null]);
      expect(Object.values(notGreen(await ask({ zookeeper, postgres, redis })))).toEqual(
        Array(3).fill('ENGINE_REFUSED'),
      );
      expect(readdirSync(folder).filter((name) => name.startsWith('regctl'))).toEqual([]);
    });

    it('take no writes as a standby: that is no place to register', async () => {
      const replica = await started('redis', {});
      const client = new Redis(replica.address);
      await client.replicaof('127.0.0.1', redis.port);
      client.disconnect();
      const admin = new pg.Client(postgres.address.replace('@', `:${PASSWORD}@`));
      await admin.connect();
      await admin.query("create role reader login password 'reader'");
      await admin.query('alter role reader set default_transaction_read_only = on');
      await admin.end();
      const reading = postgres.address.replace('registry@', 'reader@');
      const report = await ask({ redis: replica.address, postgres: reading }, { PGPASSWORD: 'reader' });
      expect(notGreen(report)).toEqual({
        'engine.postgres': 'ENGINE_READ_ONLY',
        'engine.redis': 'ENGINE_READ_ONLY',
      });
    });

    it('do not serve without a quorum', async () => {
      const alone = await started('zookeeper', { withoutQuorum: true });
      const report = await ask({ zookeeper: alone.address });
      expect(told(report)['engine.zookeeper']).toMatch(
        /^ENGINE_NOT_SERVING: .*not currently serving requests$/,
      );
    });

    it('are asked with TLS as the URL says, and are believed only with a certificate that is vouched for', async () => {
      const tls = await selfSigned();
      onTestFinished(() => tls.remove());
      const [pgTls, redisTls] = await Promise.all([started('postgres', { tls }), started('redis', { tls })]);
      const plain = await ask({
        postgres: `${postgres.address}?sslmode=require`,
        redis: `rediss://127.0.0.1:${redis.port}`,
      });
      expect(notGreen(plain)).toEqual({ 'engine.postgres': 'ENGINE_TLS', 'engine.redis': 'ENGINE_TLS' });
      const asked = await ask({
        postgres: `${pgTls.address}?sslmode=require`,
        redis: `redis://127.0.0.1:${redisTls.port}`,
      });
      expect(told(asked)).toEqual({
        'engine.postgres': expect.stringMatching(/select 1 gave 1$/),
        'engine.redis': expect.stringMatching(/^ENGINE_BROKE: /),
      });
      const verified = await ask({
        postgres: `${pgTls.address}?sslmode=verify-full`,
        redis: redisTls.address,
      });
      expect(told(verified)).toEqual({
        'engine.postgres': expect.stringMatching(/^ENGINE_TLS: .*SELF_SIGNED/),
        'engine.redis': expect.stringMatching(/^ENGINE_TLS: .*SELF_SIGNED/),
      });
    });
  },
);

describe('the address of an engine', () => {
  it.each<[flag: keyof Engines, given: string, next: RegExp]>([
    ['postgres', `postgres://registry:${PASSWORD}@postgres/registry`, /PGPASSWORD/],
    ['postgres', `postgresql://postgres/registry?password=${PASSWORD}`, /PGPASSWORD/],
    ['redis', `redis://:${PASSWORD}@redis:6379`, /REDISCLI_AUTH/],
    ['redis', `${PASSWORD}@redis:6379`, /redis:\/\//],
    ['postgres', `mysql://registry:${PASSWORD}@postgres`, /postgres:\/\//],
    ['postgres', 'postgres://postgres?sslmode=always', /prefer/],
    ['zookeeper', `zookeeper://:${PASSWORD}@zookeeper`, /zookeeper:2181/],
    ['zookeeper', 'zookeeper:70000', /zookeeper:2181/],
    ['zookeeper', 'zk1:2181,zk2:2181', /zookeeper:2181/],
  ])('is refused for --%s %s, without repeating it', async (flag, given, next) => {
    const refused = await ask({ [flag]: given }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'USAGE', exit: 2, hint: expect.stringMatching(next) });
    expect(String(refused)).toContain(`--${flag}`);
    expect(String(refused)).not.toContain(given);
    expect(String(refused)).not.toContain(PASSWORD);
  });

  it.each<[keyof Engines, string, string]>([
    ['zookeeper', '127.0.0.1', '127.0.0.1:2181'],
    ['zookeeper', '[::1]:9', '[::1]:9'],
    ['postgres', 'postgres://[::1]:9', '[::1]:9'],
    ['redis', 'redis://127.0.0.1:9', '127.0.0.1:9'],
  ])('--%s %s is %s', async (flag, given, at) => {
    const report = await ask({ [flag]: given });
    expect(told(report)[`engine.${flag}`]).toContain(at);
  });
});
