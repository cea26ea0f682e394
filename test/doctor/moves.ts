// A deployment moved elsewhere: to another kind of registry, or behind another name.
import { setInterval } from 'node:timers/promises';
import type { Clock } from '../../src/context.js';
import type { Api } from '../../src/registry-client/client.js';
import { startRegistry } from '../../src/registry-server/server.js';
import { PREFIX } from '../../src/wire/config-service.js';
import { type CertificateOptions, selfSigned } from '../support/hostile/certificate.js';
import { send, startInstrument } from '../support/instrument.js';
import { type Deployment, forward, SERVICE } from './deployment.js';

/** The registry of `serve`, in which instances of the service register and beat. */
export interface Serve {
  register(instance: string): Promise<void>;
  /** A heartbeat, as of so many seconds ago. */
  beat(instance: string, agoS?: number): Promise<void>;
  deregister(instance: string): Promise<void>;
}

/** Moves the deployment to `serve`, which tells of heartbeats; instances and doctor use one of its APIs. */
export async function moveToServe(
  { env, service, owns }: Deployment,
  { api = 'coordinator', clock }: { api?: Api; clock?: Clock } = {},
): Promise<Serve> {
  let agoMs = 0;
  const now = () => clock?.now() ?? Date.now();
  const registry = await startRegistry({
    port: 0,
    store: { kind: 'memory' },
    clock: { now: () => performance.now(), wall: () => new Date(now() - agoMs) },
  });
  owns(registry);
  delete env.CONFIG_SERVICE_URL;
  env[api === 'coordinator' ? 'REGISTRY_URL' : 'CONFIG_SERVICE_URL'] = registry.url;
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(registry.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  };
  const health_check_url = `${service.url}/health`;
  const key = (instance_id: string) =>
    api === 'coordinator' ? { service_id: 42, instance_id } : { service_name: SERVICE, instance_id };
  const prefix = api === 'coordinator' ? '' : PREFIX;
  return {
    register: (instance_id) =>
      post(`${prefix}/register`, {
        ...key(instance_id),
        ...(api === 'coordinator'
          ? { service_name: SERVICE, url: service.url, metadata: { status: 'healthy' } }
          : { service_url: service.url, service_metadata: { instance_id, status: 'healthy' } }),
        health_check_url,
      }),
    async beat(instance, agoS = 0) {
      agoMs = agoS * 1000;
      await post(`${prefix}/heartbeat`, key(instance));
      agoMs = 0;
    },
    deregister: (instance) => post('/deregister', { service_id: 42, instance_id: instance }),
  };
}

/** Registers instances at `serve`: when each beat last (undefined: never), and which go on, often. */
export async function registerAtServe(
  deployment: Deployment,
  { api, beatS, alive = [] }: { api?: Api; beatS: Record<string, number | undefined>; alive?: string[] },
): Promise<void> {
  const serve = await moveToServe(deployment, api === undefined ? {} : { api });
  for (const [instance, agoS] of Object.entries(beatS)) {
    await serve.register(instance);
    if (agoS !== undefined) await serve.beat(instance, agoS);
  }
  const over = new AbortController();
  const beating = alive.map(async (instance) => {
    for await (const _ of setInterval(200, undefined, { signal: over.signal })) await serve.beat(instance);
  });
  const ended = Promise.all(beating).catch((error: unknown) => {
    if (!over.signal.aborted) throw error;
  });
  deployment.owns({
    async close() {
      over.abort();
      await ended;
    },
  });
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
