// Deployments that differ and are all well: none of them may be anything but green.
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NO_CONTAINERS } from '../support/container.js';
import { startCoordinatorReplica } from '../support/coordinator-replica.js';
import { detail, json, send, startInstrument } from '../support/instrument.js';
import { type Behaviour, startSampleService } from '../support/sample-service.js';
import { type Deployment, type DeploymentOptions, forward, SECRET, SERVICE } from './deployment.js';
import { writeSource } from './faults/source.js';
import { putIntoContainer } from './inside-container.js';
import { registerAtServe, registryBehindTls, registryElsewhere } from './moves.js';
import { SERVICES } from './source/services.js';

export interface Variant extends DeploymentOptions {
  name: string;
  change?(deployment: Deployment): void | Promise<void>;
}

export const VARIANTS: Variant[] = [
  {
    name: 'in a container of BusyBox, looked into by --exec',
    impossible: NO_CONTAINERS,
    change: (deployment) => putIntoContainer(deployment),
  },
  {
    name: 'in a container with its settings in .env, a default registry and Node alone, looked into by --exec',
    impossible: NO_CONTAINERS,
    change: (deployment) =>
      putIntoContainer(deployment, {
        image: 'host',
        tools: ['node'],
        env: { CONFIG_SERVICE_URL: undefined, JWT_SECRET: undefined, SERVICE_ID: undefined },
        files: { '.env': `export SERVICE_ID=42\nJWT_SECRET="${SECRET}"\r\n` },
      }),
  },
  {
    name: 'the registry guide alone: no tokens, no messages',
    env: { SERVICE_ID: undefined, JWT_SECRET: undefined },
    behaviour: 'message-404',
  },
  { name: 'a Coordinator alone, which cannot list', change: (deployment) => coordinator(deployment, false) },
  { name: 'a Coordinator alone, which can list', change: (deployment) => coordinator(deployment, true) },
  {
    name: 'serve, as a Coordinator, with heartbeats',
    change: (deployment) => registerAtServe(deployment, { beatS: { 'asr-1': 1 }, alive: ['asr-1'] }),
  },
  {
    name: 'serve, as a Config Service, with heartbeats',
    change: (deployment) =>
      registerAtServe(deployment, { api: 'config-service', beatS: { 'asr-1': 20 }, alive: ['asr-1'] }),
  },
  {
    name: 'serve, as a Config Service, without heartbeats: it asks for health instead',
    change: (deployment) =>
      registerAtServe(deployment, { api: 'config-service', beatS: { 'asr-1': undefined } }),
  },
  {
    name: 'two instances',
    async change({ register, owns }) {
      const other = await startSampleService({ name: SERVICE, secret: SECRET });
      owns(other);
      register({
        service_url: other.url,
        health_check_url: `${other.url}/health`,
        service_metadata: { instance_id: 'asr-2', status: 'healthy' },
      });
    },
  },
  {
    name: 'an instance that is stopping, beside one that is not',
    async change({ register, owns }) {
      const other = await startSampleService({ name: SERVICE, secret: SECRET });
      owns(other);
      register({
        service_url: other.url,
        health_check_url: `${other.url}/health`,
        service_metadata: { instance_id: 'asr-2', status: 'stopping' },
      });
    },
  },
  {
    name: 'names of Docker, behind a proxy',
    env: { SERVICE_HOST: undefined, SERVICE_PORT: '8090' },
    async change(deployment) {
      const url = `http://${SERVICE}:8090`;
      deployment.register({ service_url: url, health_check_url: `${url}/health` });
      await registryElsewhere(deployment);
    },
  },
  {
    name: 'a public URL, written with a slash at its end',
    change({ env, service }) {
      env.SERVICE_PUBLIC_URL = `${service.url}/`;
      delete env.SERVICE_PORT;
      delete env.SERVICE_HOST;
    },
  },
  {
    name: 'everything from a .env that git ignores and nobody else reads',
    async change({ env, folder, registry }) {
      execFileSync('git', ['init', '--quiet', folder]);
      await writeFile(join(folder, '.gitignore'), '.env\n');
      const lines = [`CONFIG_SERVICE_URL=${registry.url}`, `JWT_SECRET=${SECRET}`, 'SERVICE_ID=42'];
      await writeFile(join(folder, '.env'), lines.join('\n'), { mode: 0o600 });
      delete env.CONFIG_SERVICE_URL;
      delete env.JWT_SECRET;
      delete env.SERVICE_ID;
    },
  },
  {
    name: 'looked at from outside, by name',
    env: { SERVICE_NAME: undefined, SERVICE_HOST: undefined },
    input: { services: [SERVICE] },
    change: ({ env }) => void delete env.SERVICE_PORT,
  },
  {
    name: 'looked at from the environment of another service',
    env: { SERVICE_NAME: 'nmt-service' },
    input: { services: [SERVICE] },
  },
  { name: 'TLS of a private authority', change: (deployment) => registryBehindTls(deployment) },
  { name: 'a slow registry, but within limits', replica: { delayMs: 200 } },
  { name: 'clocks ten seconds apart', replica: { clockSkewMs: -10_000 } },
  { name: 'Kafka is down, which the registry does not need', change: ({ registry }) => registry.kafkaDown() },
  {
    name: 'bad tokens are answered with 403',
    change: ({ replaceService }) =>
      replaceService(({ path }) => (path === '/health' ? json(200, { status: 'ok' }) : detail(403, 'No'))),
  },
  {
    name: 'a health URL of its own',
    change: ({ gateway, register, service }) => {
      register({ health_check_url: `${service.url}/health?deep=1` });
      return gateway(() => undefined);
    },
  },
  ...active([
    { name: 'nothing else is registered' },
    { name: 'the registry guide alone', env: { SERVICE_ID: undefined, JWT_SECRET: undefined } },
    { name: 'another service is there to be called', change: (deployment) => another(deployment) },
    {
      name: 'the first of two other services takes no messages',
      async change(deployment) {
        await another(deployment, 'mt-service', 'message-404');
        await another(deployment);
      },
    },
    { name: 'the service knows no query', behaviour: 'refuses-type' },
    {
      name: 'a deployed Config Service that cannot be asked for a health check',
      replica: { without: ['/api/v1/registry/services/{service_name}/health/detailed'] },
    },
    {
      name: 'a Coordinator alone, which cannot list',
      change: (deployment) => coordinator(deployment, false),
    },
    { name: 'a Coordinator alone, which can list', change: (deployment) => coordinator(deployment, true) },
    {
      name: 'serve, as a Coordinator',
      change: (deployment) => registerAtServe(deployment, { beatS: { 'asr-1': 1 }, alive: ['asr-1'] }),
    },
    {
      name: 'a registry that writes UTC without saying so, seen from Tokyo',
      env: { TZ: 'Asia/Tokyo' },
      async change(deployment) {
        await registerAtServe(deployment, { beatS: { 'asr-1': 1 }, alive: ['asr-1'] });
        const { env } = deployment;
        const registry = env.REGISTRY_URL ?? '';
        const gateway = await startInstrument(async (request, response) => {
          const answer = await forward(request, registry);
          const body = String(answer.body).replace(/(\d{2}:\d{2}\.\d{3})Z"/g, '$1"');
          send(response, { ...answer, body });
        });
        deployment.owns(gateway);
        env.REGISTRY_URL = gateway.url;
      },
    },
    {
      name: 'serve, as a Config Service',
      change: (deployment) =>
        registerAtServe(deployment, { api: 'config-service', beatS: { 'asr-1': undefined } }),
    },
    {
      name: 'a registry behind a proxy',
      env: { SERVICE_HOST: undefined, SERVICE_PORT: '8090' },
      async change(deployment) {
        const url = `http://${SERVICE}:8090`;
        deployment.register({ service_url: url, health_check_url: `${url}/health` });
        await registryElsewhere(deployment);
      },
    },
  ]),
  {
    name: 'a log of a start that went well after one that did not',
    async change({ folder, input }) {
      input.logFile = join(folder, 'start.log');
      const lines = [
        `WARNING:main:Service registry registration skipped/failed for ${SERVICE}`,
        `INFO:main:Registered ${SERVICE} with service registry as instance asr-1`,
        'WARNING:main:Service registry registration skipped/failed for nmt-service',
      ];
      await writeFile(input.logFile, lines.join('\n'));
    },
  },
  ...Object.entries(SERVICES).map(([file, code]) => ({
    name: `the code of the service is examined too: ${file}`,
    change: (deployment: Deployment) => writeSource(deployment, { [file]: code }),
  })),
  {
    name: 'an address in the code, allowed there with a reason',
    change: (deployment) =>
      writeSource(deployment, {
        'main.py':
          '# regctl: allow source.no-hardcoded-addresses because the printer has no name\nget("http://10.0.5.3/")\n',
      }),
  },
];

/** The same, also doing what changes something. */
function active(variants: Variant[]): Variant[] {
  return variants.map(({ name, input, ...rest }) => ({
    ...rest,
    name: `with --active: ${name}`,
    input: { ...input, active: true },
  }));
}

/** A second service, which is well. */
async function another(
  { register, owns }: Deployment,
  name = 'nmt-service',
  behaviour?: Behaviour,
): Promise<void> {
  const other = await startSampleService({ name, secret: SECRET, ...(behaviour ? { behaviour } : {}) });
  owns(other);
  register({
    service_name: name,
    service_url: other.url,
    health_check_url: `${other.url}/health`,
    service_metadata: { instance_id: `${name}-1`, status: 'healthy' },
  });
}

async function coordinator({ env, service, owns }: Deployment, canList: boolean): Promise<void> {
  const replica = await startCoordinatorReplica({ secret: SECRET, canList });
  owns(replica);
  replica.registerRaw({
    service_id: 42,
    service_name: SERVICE,
    url: service.url,
    health_check_url: `${service.url}/health`,
  });
  delete env.CONFIG_SERVICE_URL;
  env.REGISTRY_URL = replica.url;
}
