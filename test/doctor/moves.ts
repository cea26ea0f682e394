// A deployment moved elsewhere: to another kind of registry, or behind another name.
import { setInterval } from 'node:timers/promises';
import type { Clock } from '../../src/context.js';
import { startRegistry } from '../../src/registry-server/server.js';
import { type CertificateOptions, selfSigned } from '../support/hostile/certificate.js';
import { send, startInstrument } from '../support/instrument.js';
import { type Deployment, forward, SERVICE } from './deployment.js';

/** How the instances of a service beat at `serve`. */
export interface Beats {
  /** The API that they and the doctor use; the Coordinator's unless told otherwise. */
  api?: 'config-service' | 'coordinator';
  /** By instance: seconds since its last heartbeat; undefined where it never sent one. */
  beatS: Readonly<Record<string, number | undefined>>;
  /** Those that go on beating, much more often than every 30 s. */
  alive?: readonly string[];
  /** Seconds as the registry counts them pass faster than others. */
  clock?: Clock;
}

/** Moves the deployment to `serve`, which tells of heartbeats. */
export async function registerAtServe(
  { env, service, owns }: Deployment,
  { api = 'coordinator', beatS, alive = [], clock }: Beats,
): Promise<void> {
  let agoS = 0;
  const now = () => clock?.now() ?? Date.now();
  const registry = await startRegistry({
    port: 0,
    store: { kind: 'memory' },
    clock: { now: () => performance.now(), wall: () => new Date(now() - agoS * 1000) },
  });
  const post = async (path: string, body: object) => {
    const answer = await fetch(registry.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  };
  const calls = {
    coordinator: {
      register: (instance_id: string) =>
        post('/register', {
          service_id: 42,
          instance_id,
          service_name: SERVICE,
          url: service.url,
          health_check_url: `${service.url}/health`,
          metadata: { status: 'healthy' },
        }),
      beat: (instance_id: string) => post('/heartbeat', { service_id: 42, instance_id }),
    },
    'config-service': {
      register: (instance_id: string) =>
        post('/api/v1/registry/register', {
          service_name: SERVICE,
          service_url: service.url,
          health_check_url: `${service.url}/health`,
          service_metadata: { instance_id, status: 'healthy' },
        }),
      beat: (instance_id: string) =>
        post('/api/v1/registry/heartbeat', { service_name: SERVICE, instance_id }),
    },
  }[api];
  for (const [instance, seconds] of Object.entries(beatS)) {
    await calls.register(instance);
    if (seconds === undefined) continue;
    agoS = seconds;
    await calls.beat(instance);
    agoS = 0;
  }
  const over = new AbortController();
  const beating = Promise.all(
    alive.map(async (instance) => {
      for await (const _ of setInterval(200, undefined, { signal: over.signal })) await calls.beat(instance);
    }),
  ).catch((error: unknown) => {
    if (!over.signal.aborted) throw error;
  });
  owns({
    async close() {
      over.abort();
      await beating;
      await registry.close();
    },
  });
  delete env.CONFIG_SERVICE_URL;
  env[api === 'coordinator' ? 'REGISTRY_URL' : 'CONFIG_SERVICE_URL'] = registry.url;
}

/** Puts TLS before the registry, under a certificate of its own authority, which the doctor is told to trust. */
export async function registryBehindTls(
  { env, flags, registry, owns }: Deployment,
  options: CertificateOptions = {},
): Promise<void> {
  const { remove, caFile, ...tls } = await selfSigned(options);
  const front = await startInstrument(async (request, response) => {
    send(response, await forward(request, registry.url));
  }, tls);
  owns({ close: () => Promise.all([front.close(), remove()]).then(() => undefined) });
  env.CONFIG_SERVICE_URL = front.url;
  flags['ca-file'] = caFile;
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
