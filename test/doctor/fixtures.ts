// One fault a row, put into a healthy deployment, and exactly which checks turn, with which code.
// Everything else must stay as in the healthy run, or be blocked by one of these.
import { execFileSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { startRegistry } from '../../src/registry-server/server.js';
import { type HostileKind, startHostile } from '../support/hostile-registry.js';
import { CRASHED, detail, json, listen, send, startInstrument } from '../support/instrument.js';
import { startSampleService } from '../support/sample-service.js';
import { type Deployment, type DeploymentOptions, forward, SECRET, SERVICE } from './deployment.js';

export interface Fixture extends DeploymentOptions {
  name: string;
  break?(deployment: Deployment): void | Promise<void>;
  /** id → code, of all that is not green. */
  expect: Record<string, string>;
}

const MESSAGES = ['missing', 'malformed', 'wrong-key', 'alg-none', 'expired', 'no-scheme'];
const every = (code: string) => Object.fromEntries(MESSAGES.map((name) => [`message.rejects-${name}`, code]));

export const FIXTURES: Fixture[] = [
  // env.*
  {
    name: 'SERVICE_ID is missing',
    env: { SERVICE_ID: undefined },
    expect: { 'env.service-id': 'SERVICE_ID_MISSING' },
  },
  {
    name: 'SERVICE_ID is no integer',
    env: { SERVICE_ID: 'forty-two' },
    expect: { 'env.service-id': 'SERVICE_ID_INVALID' },
  },
  {
    name: 'no URL of a registry is set',
    env: { CONFIG_SERVICE_URL: undefined },
    input: { only: ['env.*'] },
    expect: { 'env.registry-url': 'REGISTRY_URL_DEFAULT' },
  },
  {
    name: 'CONFIG_SERVICE_URL is the placeholder of the template',
    env: { CONFIG_SERVICE_URL: '[PROVIDED BY COORDINATOR]' },
    expect: { 'env.registry-url': 'REGISTRY_URL_PLACEHOLDER' },
  },
  {
    name: 'CONFIG_SERVICE_URL is no URL',
    env: { CONFIG_SERVICE_URL: 'config-service:8082' },
    expect: { 'env.registry-url': 'REGISTRY_URL_INVALID' },
  },
  {
    name: 'JWT_SECRET is missing',
    env: { JWT_SECRET: undefined },
    expect: { 'env.jwt-secret': 'SECRET_MISSING' },
  },
  {
    name: 'JWT_SECRET is short',
    env: { JWT_SECRET: 'hunter2' },
    expect: { 'env.jwt-secret': 'SECRET_WEAK' },
  },
  {
    name: 'JWT_SECRET is the placeholder of the template',
    env: { JWT_SECRET: '[PROVIDED BY COORDINATOR]' },
    expect: { 'env.jwt-secret': 'SECRET_WEAK' },
  },
  {
    name: 'SERVICE_PORT is missing',
    env: { SERVICE_PORT: undefined },
    expect: { 'env.service-vars': 'VARIABLE_MISSING' },
  },
  {
    name: 'SERVICE_PORT is no port',
    env: { SERVICE_PORT: 'abc' },
    expect: { 'env.service-vars': 'VARIABLE_INVALID' },
  },
  {
    name: '.env is not ignored by git',
    async break({ folder }) {
      execFileSync('git', ['init', '--quiet', folder]);
      await writeFile(join(folder, '.env'), `JWT_SECRET=${SECRET}\n`, { mode: 0o600 });
    },
    expect: { 'env.file': 'ENV_FILE_NOT_IGNORED' },
  },
  {
    name: 'git cannot tell whether .env is ignored',
    async break({ folder }) {
      await writeFile(join(folder, '.git'), 'gitdir: nowhere');
      await writeFile(join(folder, '.env'), '', { mode: 0o600 });
    },
    expect: { 'env.file': 'ENV_FILE_UNREADABLE' },
  },
  {
    name: '.env is readable by everyone',
    async break({ folder }) {
      await writeFile(join(folder, '.env'), `JWT_SECRET=${SECRET}\n`);
      await chmod(join(folder, '.env'), 0o644);
    },
    expect: { 'env.file': 'ENV_FILE_READABLE' },
  },

  // registry.*
  {
    name: 'the name of the registry does not resolve',
    env: { CONFIG_SERVICE_URL: 'http://config-service.invalid:8082' },
    expect: { 'registry.reachable': 'REGISTRY_DNS' },
  },
  {
    name: 'nothing listens where the registry should',
    break: ({ registry }) => registry.close(),
    expect: { 'registry.reachable': 'REGISTRY_REFUSED' },
  },
  hostile('plain-http', 'the registry URL says https, the port speaks http', {
    'registry.reachable': 'REGISTRY_TLS',
  }),
  hostile('self-signed', 'nobody vouches for the certificate of the registry', {
    'registry.reachable': 'REGISTRY_TLS',
  }),
  hostile('silent', 'the registry accepts and never answers', { 'registry.reachable': 'REGISTRY_SILENT' }),
  hostile('reset', 'the registry resets every connection', { 'registry.reachable': 'REGISTRY_NOT_HTTP' }),
  hostile('redirect', 'the registry redirects elsewhere', { 'registry.reachable': 'REGISTRY_REDIRECTS' }),
  hostile('html', 'a login page answers in place of the registry', {
    'registry.healthy': 'REGISTRY_HEALTH_UNREADABLE',
    'registry.api': 'API_CALL_MALFORMED',
  }),
  hostile('404', 'another server is at the URL of the registry', {
    'registry.healthy': 'REGISTRY_HEALTH_UNREADABLE',
    'registry.api': 'API_CALL_MISSING',
  }),
  hostile('401', 'a gateway wants credentials for everything', {
    'registry.healthy': 'REGISTRY_HEALTH_UNREADABLE',
    'registry.api': 'API_CALL_REFUSED',
  }),
  {
    name: 'the registry URL says https, and nobody shakes hands there',
    flags: { timeout: 500 },
    async break({ env, owns }) {
      const { port, close } = await listen(net.createServer());
      owns({ close });
      env.CONFIG_SERVICE_URL = `https://127.0.0.1:${port}`;
    },
    expect: { 'registry.reachable': 'REGISTRY_CONNECT_TIMEOUT' },
  },
  {
    name: 'no setting says which API it is, and it is none',
    async break({ env, flags, owns }) {
      const other = await startHostile('html');
      owns(other);
      delete env.CONFIG_SERVICE_URL;
      flags.registry = other.url;
    },
    expect: { 'registry.healthy': 'REGISTRY_HEALTH_UNREADABLE', 'registry.api': 'NOT_A_REGISTRY' },
  },
  {
    name: 'the registry calls itself degraded',
    break: ({ gateway }) =>
      gateway(({ path }) =>
        path === '/health' ? json(200, { status: 'degraded', redis: 'slow' }) : undefined,
      ),
    expect: { 'registry.healthy': 'REGISTRY_DEGRADED', 'registry.redis': 'PART_UNHEALTHY' },
  },
  {
    name: 'the registry is well and its list crashes',
    break: ({ gateway }) => gateway(({ path }) => (path.endsWith('/services') ? CRASHED : undefined)),
    expect: { 'registry.api': 'API_CALL_FAILS' },
  },
  {
    name: 'ZooKeeper is down',
    break: ({ registry }) => registry.zookeeperDown(),
    expect: { 'registry.healthy': 'REGISTRY_UNHEALTHY', 'registry.zookeeper': 'PART_UNHEALTHY' },
  },
  {
    name: 'PostgreSQL is down',
    break: ({ registry }) => registry.postgresDown(),
    expect: { 'registry.healthy': 'REGISTRY_UNHEALTHY', 'registry.postgres': 'PART_UNHEALTHY' },
  },
  {
    name: 'Redis is down',
    break: ({ registry }) => registry.redisDown(),
    expect: { 'registry.healthy': 'REGISTRY_UNHEALTHY', 'registry.redis': 'PART_UNHEALTHY' },
  },
  {
    name: 'the registry lacks a call of the guide',
    replica: { without: ['/api/v1/registry/discover/{service_name}'] },
    expect: { 'registry.api': 'API_CALL_MISSING' },
  },
  {
    name: 'the registry is slow',
    replica: { delayMs: 1_700 },
    input: { only: ['registry.*'] },
    expect: { 'registry.latency': 'REGISTRY_SLOW' },
  },
  {
    name: 'the registry is slower than the client waits',
    replica: { delayMs: 3_200 },
    input: { only: ['registry.*'] },
    expect: { 'registry.latency': 'REGISTRY_TOO_SLOW REGISTRY_SLOW' },
  },
  {
    name: 'the clock of the registry is two minutes ahead',
    replica: { clockSkewMs: 120_000 },
    expect: { 'registry.clock-skew': 'CLOCK_SKEW' },
  },

  // registration.*
  {
    name: 'one instance registered a status the registry cannot read',
    break: ({ register }) => register({ service_metadata: { instance_id: 'asr-2', status: 'bogus' } }),
    expect: { 'registration.readable': 'ENTRY_BREAKS_API' },
  },
  {
    name: 'somebody registered a name with a slash',
    input: { all: true },
    break: ({ register }) => register({ service_name: 'a/b', service_url: 'http://127.0.0.1:9' }),
    expect: { 'registration.readable': 'NAME_UNREADABLE' },
  },
  {
    name: 'the registry answers about this service with a page',
    break: ({ gateway }) =>
      gateway(({ path }) =>
        path.endsWith(`/services/${SERVICE}`) ? { status: 200, body: '<html>' } : undefined,
      ),
    expect: { 'registration.readable': 'ENTRY_UNREADABLE' },
  },
  {
    name: 'the Config Service was restarted',
    break: ({ registry }) => registry.restart(),
    expect: { 'registration.no-ghosts': 'GHOST_ROW' },
  },
  {
    name: 'the service never registered',
    register: false,
    expect: { 'registration.present': 'NOT_REGISTERED' },
  },
  {
    name: 'the service registered without a status',
    register: false,
    break: ({ register }) => register({ service_metadata: { instance_id: 'asr-1' } }),
    expect: { 'registration.discoverable': 'NO_STATUS', 'registration.metadata': 'METADATA_NO_STATUS' },
  },
  {
    name: 'the service registered as starting and stayed so',
    break: ({ register }) => register({ service_metadata: { instance_id: 'asr-1', status: 'starting' } }),
    expect: { 'registration.discoverable': 'NONE_HEALTHY' },
  },
  {
    name: 'the service registered as unhealthy and is well',
    break: ({ register }) => register({ service_metadata: { instance_id: 'asr-1', status: 'unhealthy' } }),
    expect: {
      'registration.discoverable': 'NONE_HEALTHY',
      'health.agrees': 'SAID_UNHEALTHY_IS_WELL',
    },
  },
  {
    name: 'the cache of the registry hands out nothing',
    break: ({ gateway }) =>
      gateway(({ path }) =>
        path.endsWith(`/${SERVICE}/url`) ? detail(404, 'No healthy instances found') : undefined,
      ),
    expect: { 'registration.discoverable': 'STALE_CACHE' },
  },
  {
    name: 'the cache of the registry hands out an address that is gone',
    break: ({ gateway }) =>
      gateway(({ path }) =>
        path.endsWith(`/${SERVICE}/url`) ? json(200, { url: 'http://gone:1' }) : undefined,
      ),
    expect: { 'registration.discoverable': 'STALE_CACHE' },
  },
  {
    name: 'the service runs with another environment',
    env: { SERVICE_PORT: '1' },
    expect: { 'registration.url-matches-env': 'URL_NOT_FROM_ENV' },
  },
  {
    name: 'the registered URL has credentials in it',
    break: ({ register, service }) => register({ service_url: service.url.replace('//', '//svc:hunter2@') }),
    expect: { 'registration.url-form': 'URL_INVALID' },
  },
  {
    name: 'the service registered as localhost at a registry elsewhere',
    break: (deployment) => registryElsewhere(deployment),
    expect: { 'registration.url-form': 'URL_LOCALHOST' },
  },
  {
    name: 'the service registered by IP address',
    async break(deployment) {
      const { service, register, env } = deployment;
      const { port } = new URL(service.url);
      // RFC 5737: an address for documentation, which only the proxy knows the way to.
      env.SERVICE_HOST = '192.0.2.1';
      register({
        service_url: `http://192.0.2.1:${port}`,
        health_check_url: `http://192.0.2.1:${port}/health`,
      });
      await registryElsewhere(deployment);
    },
    expect: { 'registration.url-form': 'URL_RAW_IP' },
  },
  {
    name: 'the service has crashed',
    break: ({ service }) => service.close(),
    expect: { 'registration.url-reachable': 'URL_UNREACHABLE' },
  },
  {
    name: 'one of two instances has crashed',
    break: ({ register }) =>
      register({
        service_url: 'http://127.0.0.1:9',
        health_check_url: 'http://127.0.0.1:9/health',
        service_metadata: { instance_id: 'asr-2', status: 'healthy' },
      }),
    expect: { 'registration.no-dead-instances': 'DEAD_INSTANCE' },
  },
  {
    name: 'the service registered without a health URL',
    break: ({ register }) => register({ health_check_url: null }),
    expect: { 'registration.metadata': 'NO_HEALTH_URL' },
  },
  {
    name: 'the health URL is on another port than the service',
    async break({ register, owns }) {
      const other = await startSampleService({ name: 'other', secret: SECRET });
      owns(other);
      register({ health_check_url: `${other.url}/health` });
    },
    expect: { 'registration.metadata': 'HEALTH_URL_ELSEWHERE' },
  },
  {
    name: 'the service registered 20 KiB of metadata',
    break: ({ register }) =>
      register({
        service_metadata: { instance_id: 'asr-1', status: 'healthy', notes: 'x'.repeat(20 * 1024) },
      }),
    expect: { 'registration.metadata': 'METADATA_TOO_LARGE' },
  },
  {
    name: 'a start before the last left its entry behind',
    break: ({ register }) => register({ service_metadata: { instance_id: 'asr-0', status: 'healthy' } }),
    expect: { 'registration.no-duplicates': 'DUPLICATE_URL' },
  },
  {
    name: 'another service has the same address',
    break: ({ register }) => register({ service_name: 'nmt-service' }),
    expect: { 'registration.no-duplicates': 'SHARED_URL' },
  },
  log(
    'the log says that registration failed',
    `WARNING Service registry registration skipped/failed for ${SERVICE}`,
    {
      'registration.startup-log': 'LOG_SAYS_FAILED',
    },
  ),
  log('the log says nothing of registration', 'INFO Uvicorn running', {
    'registration.startup-log': 'LOG_SAYS_NOTHING',
  }),
  {
    name: 'the log is not there',
    input: { logFile: '/no/such/start.log' },
    expect: { 'registration.startup-log': 'LOG_UNREADABLE' },
  },

  // health.*, heartbeat.*
  {
    name: 'the health endpoint answers 500',
    behaviour: 'health-500',
    expect: { 'health.endpoint': 'HEALTH_FAILING', 'health.agrees': 'SAID_HEALTHY_IS_NOT' },
  },
  {
    name: 'there is no health endpoint',
    behaviour: 'health-404',
    expect: { 'health.endpoint': 'HEALTH_MISSING', 'health.agrees': 'SAID_HEALTHY_IS_NOT' },
  },
  {
    name: 'the health endpoint is slower than a probe waits',
    behaviour: 'health-slow',
    expect: { 'health.endpoint': 'HEALTH_NO_ANSWER', 'health.agrees': 'SAID_HEALTHY_IS_NOT' },
  },
  {
    name: 'some instance was deregistered, and the whole row says unknown',
    async break({ registry }) {
      const url = `${registry.url}/api/v1/registry/deregister?service_name=${SERVICE}&instance_id=asr-9`;
      await fetch(url, { method: 'POST' });
    },
    expect: { 'health.agrees': 'CATALOG_STATUS_WRONG' },
  },
  {
    name: 'the last heartbeat is two minutes old',
    async break(deployment) {
      await registerAtServe(deployment, { beatS: 120 });
    },
    expect: { 'heartbeat.recent': 'BEAT_LATE' },
  },
  {
    name: 'the service has never sent a heartbeat',
    async break(deployment) {
      await registerAtServe(deployment, { beatS: undefined });
    },
    expect: { 'heartbeat.recent': 'BEAT_NEVER' },
  },

  // message.*
  {
    name: 'POST /message asks for no token',
    behaviour: 'accepts-missing',
    expect: { 'message.rejects-missing': 'TOKEN_ACCEPTED' },
  },
  {
    name: 'POST /message takes any token for good',
    behaviour: 'accepts-any-token',
    expect: {
      'message.rejects-malformed': 'TOKEN_ACCEPTED',
      'message.rejects-wrong-key': 'TOKEN_ACCEPTED',
      'message.rejects-alg-none': 'TOKEN_ACCEPTED',
      'message.rejects-expired': 'TOKEN_ACCEPTED',
    },
  },
  {
    name: 'POST /message does not check the signature',
    behaviour: 'accepts-wrong-key',
    expect: { 'message.rejects-wrong-key': 'TOKEN_ACCEPTED' },
  },
  {
    name: 'POST /message takes unsigned tokens',
    behaviour: 'accepts-alg-none',
    expect: { 'message.rejects-alg-none': 'TOKEN_ACCEPTED' },
  },
  {
    name: 'POST /message takes expired tokens',
    behaviour: 'accepts-expired',
    expect: { 'message.rejects-expired': 'TOKEN_ACCEPTED' },
  },
  {
    name: 'POST /message takes a token without its scheme',
    behaviour: 'accepts-no-scheme',
    expect: { 'message.rejects-no-scheme': 'TOKEN_ACCEPTED' },
  },
  {
    name: 'POST /message answers 422 where the header is missing',
    break: ({ replaceService }) =>
      replaceService(({ path, headers }) => {
        if (path === '/health') return json(200, { status: 'healthy' });
        if (headers.authorization !== undefined) return detail(401, 'Invalid token');
        return detail(422, [{ loc: ['header', 'authorization'], msg: 'field required', type: 'missing' }]);
      }),
    expect: { 'message.rejects-missing': 'REFUSED_OTHERWISE' },
  },
  {
    name: 'POST /message looks at the body before the token',
    break: ({ replaceService }) =>
      replaceService(({ path }) =>
        path === '/health'
          ? json(200, { status: 'healthy' })
          : detail(422, [{ loc: ['body', 'image'], msg: 'field required', type: 'missing' }]),
      ),
    expect: every('BODY_BEFORE_TOKEN'),
  },
  {
    name: '.env of the folder names the registry, the secret is from elsewhere',
    async break({ env, folder, registry }) {
      await writeFile(join(folder, '.env'), `CONFIG_SERVICE_URL=${registry.url}\n`, { mode: 0o600 });
      delete env.CONFIG_SERVICE_URL;
    },
    expect: {
      'message.rejects-expired': 'TOKEN_WITHHELD',
      'message.rejects-no-scheme': 'TOKEN_WITHHELD',
    },
  },
  { name: 'there is no POST /message', behaviour: 'message-404', expect: every('NO_MESSAGE_ENDPOINT') },
  { name: 'POST /message crashes', behaviour: 'message-500', expect: every('MESSAGE_ENDPOINT_BROKEN') },
  {
    name: 'POST /message hangs',
    behaviour: 'message-hangs',
    flags: { timeout: 1_000 },
    expect: every('MESSAGE_NO_ANSWER'),
  },
];

function hostile(kind: HostileKind, name: string, expect: Fixture['expect']): Fixture {
  return {
    name,
    flags: { timeout: 1_000 },
    async break({ env, owns }) {
      const registry = await startHostile(kind);
      owns(registry);
      env.CONFIG_SERVICE_URL = registry.url;
    },
    expect,
  };
}

function log(name: string, line: string, expect: Fixture['expect']): Fixture {
  return {
    name,
    async break({ folder, input }) {
      input.logFile = join(folder, 'start.log');
      await writeFile(input.logFile, `INFO Starting My Service...\n${line}\n`);
    },
    expect,
  };
}

/** Moves the deployment to `serve`, spoken to as a Coordinator, which tells of heartbeats; `beatS` seconds ago was the last. */
export async function registerAtServe(
  { env, service, owns }: Deployment,
  { beatS }: { beatS: number | undefined },
): Promise<void> {
  let agoS = 0;
  const clock = { now: () => performance.now(), wall: () => new Date(Date.now() - agoS * 1000) };
  const registry = await startRegistry({ port: 0, store: { kind: 'memory' }, clock });
  owns(registry);
  delete env.CONFIG_SERVICE_URL;
  env.REGISTRY_URL = registry.url;
  const post = (path: string, body: object) =>
    fetch(registry.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await post('/register', {
    service_id: 42,
    service_name: SERVICE,
    url: service.url,
    health_check_url: `${service.url}/health`,
    metadata: { status: 'healthy' },
  });
  if (beatS === undefined) return;
  agoS = beatS;
  await post('/heartbeat', { service_id: 42 });
  agoS = 0;
}

/** Gives the registry another host's name; a proxy knows the way to it, to the service by name, and to an address. */
export async function registryElsewhere({ env, registry, service, owns }: Deployment): Promise<void> {
  const way: Record<string, string> = {
    'config-service': registry.url,
    [SERVICE]: service.url,
    '192.0.2.1': service.url,
  };
  const proxy = await startInstrument(async (request, response) => {
    const { hostname, pathname } = new URL(request.path);
    send(response, await forward({ ...request, path: pathname }, way[hostname] ?? ''));
  });
  owns(proxy);
  env.CONFIG_SERVICE_URL = 'http://config-service:8082';
  env.HTTP_PROXY = proxy.url;
  env.NO_PROXY = '127.0.0.1';
}
