// Faults that turn registry.*.
import net from 'node:net';
import { type HostileKind, startHostile } from '../../support/hostile-registry.js';
import { CRASHED, json, listen } from '../../support/instrument.js';
import { registryBehindTls } from '../moves.js';
import type { Fault } from './fault.js';

export const REGISTRY: readonly Fault[] = [
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
  {
    name: 'the certificate of the registry has run out',
    break: (deployment) => registryBehindTls(deployment, { days: -1 }),
    expect: { 'registry.reachable': 'REGISTRY_TLS' },
  },
  {
    name: 'the certificate of the registry is for another name',
    break: (deployment) => registryBehindTls(deployment, { names: 'DNS:registry.example' }),
    expect: { 'registry.reachable': 'REGISTRY_TLS' },
  },
  {
    name: 'the certificate of the registry runs out next week',
    break: (deployment) => registryBehindTls(deployment, { days: 7 }),
    expect: { 'registry.certificate': 'CERTIFICATE_EXPIRES' },
  },
  {
    name: 'the registry is to be reached through a proxy that is not there',
    env: { HTTP_PROXY: 'http://127.0.0.1:9' },
    expect: { 'registry.reachable': 'REGISTRY_REFUSED' },
  },
  {
    name: 'the registry breaks off in the middle of an answer',
    break: async ({ env, owns }) => {
      const other = await startHostile('truncated');
      owns(other);
      env.CONFIG_SERVICE_URL = other.url;
    },
    expect: { 'registry.reachable': 'REGISTRY_NOT_HTTP' },
  },
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
    leaves: {
      'registry.zookeeper': 'not-applicable: this registry does not tell',
      'registry.postgres': 'not-applicable: this registry does not tell',
    },
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
];

function hostile(kind: HostileKind, name: string, expect: Fault['expect']): Fault {
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
