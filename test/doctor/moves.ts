// A deployment moved elsewhere: to another kind of registry, or behind another name.
import { startRegistry } from '../../src/registry-server/server.js';
import { type CertificateOptions, selfSigned } from '../support/hostile/certificate.js';
import { send, startInstrument } from '../support/instrument.js';
import { type Deployment, forward, SERVICE } from './deployment.js';

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
