// Faults that turn inside.*: the service is in a container, the doctor outside of it.
import net from 'node:net';
import { ADDRESS, type ContainerOptions, NO_CONTAINERS } from '../../support/container.js';
import { startHostile } from '../../support/hostile-registry.js';
import { json, listen, send, startInstrument } from '../../support/instrument.js';
import { type Deployment, forward, SERVICE } from '../deployment.js';
import { putIntoContainer } from '../inside-container.js';
import type { Fault } from './fault.js';

const WITHOUT_CONTAINER: readonly Fault[] = [
  {
    name: 'the command of --exec is not there',
    input: { exec: { command: 'regctl-no-such-program exec my-service', timeoutMs: 5_000 } },
    expect: { 'inside.runs': 'INSIDE_COMMAND_FAILED' },
  },
  {
    name: 'the command of --exec does not pass standard input on',
    input: { exec: { command: 'true', timeoutMs: 5_000 } },
    expect: { 'inside.runs': 'INSIDE_NO_ANSWER' },
  },
  {
    name: 'the command of --exec hangs',
    input: { exec: { command: 'sleep 600; :', timeoutMs: 300 } },
    expect: { 'inside.runs': 'INSIDE_TIMED_OUT' },
  },
];

const IN_CONTAINER: readonly Fault[] = [
  inside(
    'JWT_SECRET is missing in the container',
    { env: { JWT_SECRET: undefined } },
    { 'inside.env': 'SECRET_MISSING' },
  ),
  inside(
    'JWT_SECRET is the placeholder of the template in the container',
    { env: { JWT_SECRET: '[PROVIDED BY COORDINATOR]' } },
    { 'inside.env': 'SECRET_WEAK', 'inside.agrees': 'INSIDE_SECRET_DIFFERS' },
  ),
  inside(
    'SERVICE_ID is missing in the container',
    { env: { SERVICE_ID: undefined } },
    { 'inside.env': 'SERVICE_ID_MISSING' },
  ),
  inside(
    'CONFIG_SERVICE_URL is the placeholder of the template in the container',
    { env: { CONFIG_SERVICE_URL: '[PROVIDED BY COORDINATOR]' } },
    { 'inside.env': 'REGISTRY_URL_PLACEHOLDER' },
  ),
  inside(
    'SERVICE_PORT is missing in the container',
    { env: { SERVICE_PORT: undefined } },
    { 'inside.env': 'VARIABLE_MISSING' },
    {
      'inside.health':
        'not-applicable: SERVICE_PORT is not set inside, so it is not known where the service listens',
    },
  ),
  inside(
    'SERVICE_PORT is no port in the container',
    { env: { SERVICE_PORT: 'abc' } },
    { 'inside.env': 'VARIABLE_INVALID', 'inside.agrees': 'INSIDE_VARIABLE_DIFFERS' },
  ),
  inside(
    'the secret in the container is an old one',
    { env: { JWT_SECRET: 'the-secret-of-last-year-which-was-long-enough-too' } },
    { 'inside.agrees': 'INSIDE_SECRET_DIFFERS' },
  ),
  inside(
    'the container still has an old SERVICE_HOST',
    { env: { SERVICE_HOST: 'old-name' } },
    { 'inside.agrees': 'INSIDE_VARIABLE_DIFFERS' },
  ),
  inside(
    'the command of --exec leads to another service',
    { env: { SERVICE_NAME: 'nmt-service' } },
    { 'inside.agrees': 'INSIDE_OTHER_SERVICE' },
  ),
  {
    name: 'the service uses the registry of another stage',
    env: {
      SERVICE_HOST: undefined,
      SERVICE_PORT: '8090',
      CONFIG_SERVICE_URL: 'http://registry.example:8082',
    },
    async break(deployment) {
      const { registry, service, env, owns, register } = deployment;
      await putIntoContainer(deployment, {
        hosts: { 'registry.staging.example': ADDRESS },
        ways: { [`${ADDRESS}:8082`]: registry.url, '127.0.0.1:8090': service.url },
        env: {
          CONFIG_SERVICE_URL: 'http://registry.staging.example:8082',
          SERVICE_HOST: undefined,
          SERVICE_PORT: '8090',
        },
      });
      const url = `http://${SERVICE}:8090`;
      register({ service_url: url, health_check_url: `${url}/health` });
      const proxy = await startInstrument(async (request, response) => {
        const { hostname, pathname } = new URL(request.path);
        const to = hostname === SERVICE ? service.url : registry.url;
        send(response, await forward({ ...request, path: pathname }, to));
      });
      owns(proxy);
      env.HTTP_PROXY = proxy.url;
    },
    expect: { 'inside.agrees': 'INSIDE_REGISTRY_ELSEWHERE' },
  },
  inside(
    'the clock of the container is five minutes ahead',
    { image: 'host', tools: ['node'], scripts: { date: 'echo $(($(/bin/date +%s) + 300))' } },
    { 'inside.clock': 'INSIDE_CLOCK_SKEW' },
  ),
  inside(
    'the container is not on the network of the registry: its name does not resolve',
    { hosts: {} },
    { 'inside.dns': 'INSIDE_DNS' },
  ),
  inside(
    'nothing in the image can resolve a name or ask for a URL',
    { image: 'host', tools: ['date', 'sha256sum'] },
    {
      'inside.dns': 'INSIDE_DNS_UNKNOWN',
      'inside.registry-reachable': 'INSIDE_NO_TOOL',
      'inside.health': 'INSIDE_NO_TOOL',
    },
  ),
  inside(
    'CONFIG_SERVICE_URL in the container says localhost, which is the container itself',
    { env: { CONFIG_SERVICE_URL: 'http://localhost:8082' } },
    { 'inside.registry-reachable': 'INSIDE_REGISTRY_LOCALHOST' },
  ),
  {
    name: 'CONFIG_SERVICE_URL in the container leads to the service itself',
    break: (deployment) =>
      putIntoContainer(deployment, { env: { CONFIG_SERVICE_URL: `http://localhost:${portOf(deployment)}` } }),
    expect: { 'inside.registry-reachable': 'INSIDE_REGISTRY_LOCALHOST' },
  },
  inside(
    'CONFIG_SERVICE_URL in the container has the published port',
    { env: { CONFIG_SERVICE_URL: 'http://config-service:18082' } },
    { 'inside.registry-reachable': 'INSIDE_REGISTRY_REFUSED' },
  ),
  inside(
    'from the container no route leads to the registry',
    { hosts: { 'config-service': '10.99.0.1' } },
    { 'inside.registry-reachable': 'INSIDE_REGISTRY_UNREACHABLE' },
  ),
  {
    name: 'to the container the registry never answers',
    async break(deployment) {
      const silent = await listen(net.createServer());
      deployment.owns(silent);
      await registryInside(deployment, `http://127.0.0.1:${silent.port}`);
    },
    expect: { 'inside.registry-reachable': 'INSIDE_REGISTRY_TIMEOUT' },
  },
  {
    name: 'the container does not trust the certificate of the registry',
    async break(deployment) {
      const hostile = await startHostile('self-signed');
      deployment.owns(hostile);
      await registryInside(deployment, hostile.url, {
        image: 'host',
        tools: ['node', 'date'],
        env: { CONFIG_SERVICE_URL: 'https://config-service:8082' },
      });
    },
    expect: { 'inside.registry-reachable': 'INSIDE_REGISTRY_TLS' },
  },
  {
    name: 'what the container finds at the address of the registry speaks no HTTP',
    async break(deployment) {
      const server = await listen(net.createServer((socket) => socket.end('220 mail.example ESMTP\r\n')));
      deployment.owns(server);
      await registryInside(deployment, `http://127.0.0.1:${server.port}`);
    },
    expect: { 'inside.registry-reachable': 'INSIDE_REGISTRY_NOT_HTTP' },
  },
  {
    name: 'a proxy stands between the container and the registry, and fails',
    async break(deployment) {
      const proxy = await startInstrument((_, response) =>
        send(response, json(502, { error: 'no upstream' })),
      );
      deployment.owns(proxy);
      await registryInside(deployment, proxy.url);
    },
    expect: { 'inside.registry-reachable': 'INSIDE_REGISTRY_ERROR' },
  },
  {
    name: 'in the container nothing listens on SERVICE_PORT',
    break: (deployment) =>
      putIntoContainer(deployment, { ways: { [`${ADDRESS}:8082`]: deployment.registry.url } }),
    expect: { 'inside.health': 'INSIDE_HEALTH_REFUSED' },
  },
  {
    name: 'in the container another program answers on SERVICE_PORT',
    async break(deployment) {
      const other = await startInstrument((_, response) => send(response, json(404, {})));
      deployment.owns(other);
      await serviceInside(deployment, other.url);
    },
    expect: { 'inside.health': 'INSIDE_HEALTH_FAILING' },
  },
  {
    name: 'in the container the service accepts and never answers',
    async break(deployment) {
      const silent = await listen(net.createServer());
      deployment.owns(silent);
      await serviceInside(deployment, `http://127.0.0.1:${silent.port}`);
    },
    expect: { 'inside.health': 'INSIDE_HEALTH_NO_ANSWER' },
  },
];

export const INSIDE: readonly Fault[] = [
  ...WITHOUT_CONTAINER,
  ...IN_CONTAINER.map((fault) => ({ ...fault, impossible: NO_CONTAINERS })),
];

function inside(
  name: string,
  options: ContainerOptions,
  expect: Fault['expect'],
  leaves: Fault['leaves'] = {},
): Fault {
  return { name, break: (deployment) => putIntoContainer(deployment, options), expect, leaves };
}

function portOf({ service }: Deployment): string {
  return new URL(service.url).port;
}

/** Another server is where the container finds the registry. */
function registryInside(deployment: Deployment, url: string, options: ContainerOptions = {}): Promise<void> {
  const ways = { [`${ADDRESS}:8082`]: url, [`127.0.0.1:${portOf(deployment)}`]: deployment.service.url };
  return putIntoContainer(deployment, { ...options, ways });
}

/** Another server is where the container has its service. */
function serviceInside(deployment: Deployment, url: string): Promise<void> {
  const ways = { [`${ADDRESS}:8082`]: deployment.registry.url, [`127.0.0.1:${portOf(deployment)}`]: url };
  return putIntoContainer(deployment, { ways });
}
