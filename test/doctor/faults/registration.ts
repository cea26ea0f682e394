// Faults that turn registration.*.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { detail, json } from '../../support/instrument.js';
import { startSampleService } from '../../support/sample-service.js';
import { SECRET, SERVICE } from '../deployment.js';
import { registryElsewhere } from '../moves.js';
import type { Fault } from './fault.js';

export const REGISTRATION: readonly Fault[] = [
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
];

function log(name: string, line: string, expect: Fault['expect']): Fault {
  return {
    name,
    async break({ folder, input }) {
      input.logFile = join(folder, 'start.log');
      await writeFile(input.logFile, `INFO Starting My Service...\n${line}\n`);
    },
    expect,
  };
}
