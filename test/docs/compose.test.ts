// compose.yaml and Dockerfile, as far as they can be tried where no Docker runs: what they name exists, and the very
// command lines of the containers run here, against real engines and behind the real proxy.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Engine, missingPackages, startEngine } from '../support/engines.js';
import { signHs256 } from '../support/hs256.js';
import { emptyFolder, type RunningCli, startCli } from '../support/run-cli.js';
import { eventually } from '../support/start-registry.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Service {
  image: string;
  build?: string;
  command?: string[];
  user?: string;
  restart: string;
  networks: string[] | Record<string, { aliases?: string[] }>;
  ports?: string[];
  secrets?: string[];
  environment?: Record<string, string>;
  healthcheck?: { test: string[] };
  read_only?: boolean;
  cap_drop?: string[];
  depends_on?: Record<string, unknown>;
}

interface Compose {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean; ipam?: { config: { subnet: string }[] } }>;
  secrets: Record<string, { file: string }>;
  configs: { proxy: { content: string } };
}

/** `${NAME:-default}` as Compose fills it in where NAME is not set. */
const filled = read('compose.yaml').replace(/\$\{\w+:-([^}]*)\}/g, '$1');
const compose = parse(filled, { merge: true }) as Compose;
const services = Object.entries(compose.services);
const replicas = services.filter(([, { build }]) => build !== undefined);
const networksOf = ({ networks }: Service) => (Array.isArray(networks) ? networks : Object.keys(networks));

/** Instructions of the Dockerfile, one a line. */
const dockerfile = read('Dockerfile')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => /^[A-Z]/.test(line));
const instructions = (name: string) =>
  dockerfile.flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length).trim()] : []));

describe('compose.yaml', () => {
  it('publishes one port, on this machine alone', () => {
    const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]));
    expect(published).toEqual([['proxy', '127.0.0.1:8082:8082']]);
  });

  it('lets nobody but the replicas reach the engines', () => {
    const on = (network: string) =>
      services.filter(([, service]) => networksOf(service).includes(network)).map(([name]) => name);
    expect(on('engines')).toEqual(['replica-1', 'replica-2', 'zookeeper', 'postgres', 'redis']);
    expect(on('replicas')).toEqual(['proxy', 'replica-1', 'replica-2']);
    for (const name of ['zookeeper', 'postgres', 'redis'])
      expect(networksOf(compose.services[name] as Service)).toEqual(['engines']);
    expect(compose.networks.engines?.internal).toBe(true);
    expect(compose.networks.replicas?.internal).toBe(true);
  });

  it('pins every image, starts every service again, and knows of every one whether it is well', () => {
    const image = /^[a-z]+:\d+\.\d+\.\d+(-\w+)?$|^postgres:\d+\.\d+-\w+$/;
    expect(services.filter(([, service]) => !image.test(service.image)).map(([name]) => name)).toEqual([]);
    expect(new Set(services.map(([, { restart }]) => restart))).toEqual(new Set(['unless-stopped']));
    // The image of the replicas has one of its own.
    expect(services.filter(([, { healthcheck }]) => healthcheck === undefined)).toEqual(replicas);
    const { version } = JSON.parse(read('package.json'));
    expect(new Set(replicas.map(([, each]) => each.image))).toEqual(new Set([`regctl:${version}`]));
  });

  it('has its secrets in files, which .gitignore keeps out of the repository, and none in an environment', () => {
    const environments = services.flatMap(([, { environment = {} }]) => Object.entries(environment));
    expect(environments.filter(([name]) => /SECRET|PASSWORD(?!_FILE)/.test(name))).toEqual([]);
    expect(Object.values(compose.secrets).map(({ file }) => file)).toEqual([
      './secrets/jwt-secret',
      './secrets/postgres-password',
    ]);
    expect(read('.gitignore').split('\n')).toContain('secrets/');
    const named = (each: Service) => [...JSON.stringify(each).matchAll(/\/run\/secrets\/([\w-]+)/g)];
    for (const [, each] of services)
      expect(new Set(named(each).map(([, name]) => name))).toEqual(new Set(each.secrets));
  });

  it('runs its replicas without rights, on flags that there are', () => {
    expect(replicas.map(([name]) => name)).toEqual(['replica-1', 'replica-2']);
    const { flags } = JSON.parse(read('oclif.manifest.json')).commands.serve;
    for (const [, { command = [], read_only, cap_drop }] of replicas) {
      expect({ read_only, cap_drop }).toEqual({ read_only: true, cap_drop: ['ALL'] });
      const [verb, ...options] = command;
      expect(verb).toBe('serve');
      const names = options.map((option) => /^--([\w-]+)=./.exec(option)?.[1] ?? option);
      expect(names.filter((name) => !(name in flags))).toEqual([]);
    }
  });

  it('has the replicas believe the proxy, whose network no other is on', () => {
    const [subnet] = compose.networks.replicas?.ipam?.config ?? [];
    for (const [, { command }] of replicas) expect(command).toContain(`--trust-proxy=${subnet?.subnet}`);
    const { content } = compose.configs.proxy;
    expect(content).toContain('http-request set-header X-Forwarded-For %[src]');
    const servers = [...content.matchAll(/^ +server \w+ (\S+):8082$/gm)].map(([, host]) => host);
    // Aliases that only this network has: a name of the service would lead through another.
    expect(servers).toEqual(
      replicas.flatMap(([, { networks }]) => (Array.isArray(networks) ? [] : networks.replicas?.aliases)),
    );
  });
});

describe('the Dockerfile', () => {
  it('builds on one exact version of Node, and runs without rights', () => {
    expect(new Set(instructions('FROM').map((line) => line.split(' ')[0]))).toEqual(
      new Set(['node:24.19.0-bookworm-slim', 'base']),
    );
    expect(instructions('USER')).toEqual(['1000:1000']);
    for (const line of instructions('RUN').filter((each) => each.includes('npm ci')))
      expect(line).toContain('--ignore-scripts');
  });

  it('copies what there is, and .dockerignore lets pass that alone', () => {
    const sources = instructions('COPY').flatMap((line) =>
      line.startsWith('--from') ? [] : line.split(/\s+/).slice(0, -1),
    );
    expect(sources.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const [all, ...exceptions] = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(all).toBe('*');
    expect(exceptions.map((line) => line.slice(1)).sort()).toEqual([...new Set(sources)].sort());
  });
});

describe('npm run up', () => {
  it('makes the secrets once, for nobody else to read, and starts what compose.yaml says', async () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, 'scripts'));
    cpSync(join(ROOT, 'scripts/up.sh'), join(folder, 'scripts/up.sh'));
    writeFileSync(join(folder, 'docker'), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
    const up = (...args: string[]) =>
      execFileSync('sh', [join(folder, 'scripts/up.sh'), ...args], {
        env: { PATH: `${folder}:${process.env.PATH}` },
        encoding: 'utf8',
      });
    const secrets = () =>
      Object.values(compose.secrets).map(({ file }) => readFileSync(join(folder, file), 'utf8'));
    expect(up()).toBe('compose up --build --detach --wait\n');
    const [secret, password] = secrets();
    for (const each of [secret, password]) expect(each).toMatch(/^[\da-f]{64}$/);
    expect(secret).not.toBe(password);
    expect(statSync(join(folder, 'secrets')).mode & 0o777).toBe(0o700);
    expect(up('proxy')).toBe('compose up --build --detach --wait proxy\n');
    expect(secrets()).toEqual([secret, password]);
    expect(JSON.parse(read('package.json')).scripts.up).toBe('sh scripts/up.sh');
  });
});

const HAPROXY = '/usr/sbin/haproxy';
const missing = [...missingPackages(), ...(existsSync(HAPROXY) ? [] : ['haproxy'])];
const without = missing.length > 0 && process.env.CI === undefined;
const PASSWORD = 'hunter2-of-the-tests';
const SECRET = 'the secret that all services share, over 32 bytes';

describe.skipIf(without)(
  `the containers' command lines${without ? `, without ${missing.join(', ')}` : ''}`,
  () => {
    const engines: Engine[] = [];
    const running: { cli: RunningCli; port: string }[] = [];
    let proxy: ChildProcess | undefined;
    let port: number;

    beforeAll(async () => {
      const folder = emptyFolder();
      writeFileSync(join(folder, 'jwt-secret'), SECRET);
      writeFileSync(join(folder, 'postgres-password'), PASSWORD);
      const started = await Promise.all([
        startEngine('zookeeper'),
        startEngine('postgres', { password: PASSWORD }),
        startEngine('redis'),
      ]);
      engines.push(...started);
      const [zookeeper, postgres, redis] = started;
      // As the image of PostgreSQL does for POSTGRES_DB.
      const { port: at } = postgres;
      const client = new pg.Client({
        ...{ host: '127.0.0.1', port: at, user: 'registry', database: 'postgres', password: PASSWORD },
      });
      await client.connect();
      await client.query('create database registry');
      await client.end();
      const here: [string, string][] = [
        ['=zookeeper:2181', `=${zookeeper.address}`],
        ['@postgres:5432/', `@127.0.0.1:${postgres.port}/`],
        ['=redis://redis:6379', `=${redis.address}`],
        ['/run/secrets/', `${folder}/`],
        ['--host=0.0.0.0', '--host=127.0.0.1'],
        ['--port=8082', '--port=0'],
        [`=${compose.networks.replicas?.ipam?.config[0]?.subnet}`, '=127.0.0.1/32'],
      ];
      for (const [, { command = [] }] of replicas) {
        const args = command.map((word) => here.reduce((text, [from, to]) => text.replace(from, to), word));
        const cli = startCli([...args, '--json'], { env: {} });
        const { url } = JSON.parse((await cli.until(/^\{.*"url":"[^"]+".*\n/)).split('\n')[0] ?? '');
        running.push({ cli, port: new URL(url).port });
      }
      port = await freePort();
      const [one, two] = running;
      const config = compose.configs.proxy.content
        .replace('bind :8082', `bind 127.0.0.1:${port}`)
        .replace('one.replicas:8082', `127.0.0.1:${one?.port}`)
        .replace('two.replicas:8082', `127.0.0.1:${two?.port}`);
      const file = join(folder, 'haproxy.cfg');
      writeFileSync(file, config);
      expect(execFileSync(HAPROXY, ['-c', '-f', file], { encoding: 'utf8' })).toContain('valid');
      proxy = spawn(HAPROXY, ['-W', '-db', '-f', file], { stdio: 'ignore' });
      await eventually(
        () => ask('GET', '/ready').catch(() => ({ status: 0 })),
        ({ status }) => status === 200,
      );
    });
    afterAll(async () => {
      if (proxy?.kill('SIGTERM')) await once(proxy, 'exit');
      for (const { cli } of running) cli.child.kill('SIGKILL');
      await Promise.all(running.map(({ cli }) => cli.done));
      for (const engine of engines) await engine.close();
    });

    /** Asks the proxy, as the service at this address. */
    async function ask(method: string, path: string, { body, from = '127.0.0.1', token }: Asking = {}) {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const request = http.request({
        ...{ host: '127.0.0.1', port, method, path, localAddress: from, agent: false },
        headers: {
          ...(text === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      });
      request.end(text);
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() };
    }

    const checked = (test: readonly string[], to: string | number) =>
      spawnSync(
        test[1] ?? '',
        test.slice(2).map((word) => word.replace('8082', String(to))),
        {
          timeout: 10_000,
        },
      ).status;

    it('serve both guides behind the one address, and know who asks', async () => {
      const token = signHs256({ service_id: 42 }, SECRET);
      const body = { service_id: 42, service_name: 'billing-service', url: 'http://127.0.0.1:9' };
      expect((await ask('POST', '/register', { body })).status).toBe(401);
      expect((await ask('POST', '/register', { body, token, from: '127.0.0.2' })).status).toBe(201);
      const beat = { body: { service_id: 42 } };
      // The guide's heartbeat has no token, and counts from where the service showed one, at either replica.
      const beats = [1, 2, 3, 4].map(() => ask('POST', '/heartbeat', { ...beat, from: '127.0.0.2' }));
      expect((await Promise.all(beats)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      expect((await ask('POST', '/heartbeat', { ...beat, from: '127.0.0.3' })).status).toBe(401);
      const found = await eventually(
        () => ask('GET', '/services/billing-service'),
        ({ status }) => status === 200,
      );
      expect(JSON.parse(found.body)).toMatchObject({ url: 'http://127.0.0.1:9', service_id: 42 });
    });

    it('pass their own health checks, and fail them once they do not answer', async () => {
      const [, words = ''] = /CMD (\[.*\])$/.exec(instructions('HEALTHCHECK')[0] ?? '') ?? [];
      const own = ['CMD', ...(JSON.parse(words) as string[])];
      for (const each of running) expect(checked(own, each.port)).toBe(0);
      expect(checked(own, await freePort())).toBe(1);
      const ofProxy = compose.services.proxy?.healthcheck?.test ?? [];
      expect(checked(ofProxy, port)).toBe(0);
      expect(checked(ofProxy, await freePort())).not.toBe(0);
    });

    it('let one go for an upgrade without a call that fails', async () => {
      const [one] = running;
      const answers: number[] = [];
      let going = true;
      const token = signHs256({ service_id: 42 }, SECRET);
      const asking = [1, 2].map(async (worker) => {
        for (let n = 0; going; n += 1) {
          answers.push((await ask('GET', '/services/billing-service')).status);
          const service = {
            service_id: 42,
            service_name: 'other-service',
            instance_id: `${worker}-${n % 9}`,
          };
          const body = { ...service, url: 'http://127.0.0.1:9' };
          answers.push((await ask('POST', '/register', { body, token })).status);
        }
      });
      const more = async (count: number) => {
        const enough = answers.length + count;
        await eventually(
          async () => answers.length,
          (length) => length > enough,
        );
      };
      await more(20);
      one?.cli.child.kill('SIGTERM');
      expect(await one?.cli.done).toMatchObject({ code: 0 });
      await more(50);
      going = false;
      await Promise.all(asking);
      expect(answers.filter((status) => status !== 200 && status !== 201)).toEqual([]);
    });
  },
);

interface Asking {
  readonly body?: unknown;
  readonly from?: string;
  readonly token?: string;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
