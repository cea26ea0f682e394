// What the doctor sends, watched on the other side.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CANARY_SERVICE } from '../../src/doctor/canary.js';
import { startCoordinatorReplica } from '../support/coordinator-replica.js';
import { type RecordedRequest, send, startInstrument } from '../support/instrument.js';
import { type SampleService, startSampleService } from '../support/sample-service.js';
import { get } from '../support/start-registry.js';
import { type Deployment, deploy, forward, runDoctor, SECRET, SERVICE } from './deployment.js';
import { registerAtServe } from './moves.js';

/** A deployment with two services and all there is for every kind of check to look at. */
interface Watched extends Deployment {
  readonly services: readonly SampleService[];
  /** What arrived at the registry. */
  atRegistry(): readonly RecordedRequest[];
  /** What the registry holds, as far as it tells. */
  contents(): Promise<unknown>;
}

const KINDS = [
  'a deployed Config Service',
  'a Coordinator',
  'serve, as Coordinator',
  'serve, as Config Service',
];

async function watch(kind: string): Promise<Watched> {
  const made = await deploy({});
  onTestFinished(() => made.close());
  const { env, folder, registry, service, owns, input } = made;
  const other = await startSampleService({ name: 'nmt-service', secret: SECRET });
  owns(other);
  input.logFile = join(folder, 'start.log');
  await writeFile(input.logFile, `INFO Registered ${SERVICE} with service registry as instance asr-1\n`);
  input.source = folder;
  input.exec = { command: 'env', timeoutMs: 20_000 };
  input.services = [SERVICE, 'nmt-service'];
  const watched = { ...made, services: [service, other] };

  if (kind === 'a deployed Config Service') {
    const at = { service_url: other.url, health_check_url: `${other.url}/health` };
    const service_metadata = { instance_id: 'nmt-1', status: 'healthy' };
    made.register({ service_name: 'nmt-service', ...at, service_metadata });
    const contents = async () => {
      const { rows, nodes } = registry.contents();
      const { [CANARY_SERVICE]: canaries = [], ...rest } = nodes;
      // All that it cannot delete.
      const kept = rows.filter(
        ({ service_name: name, status }) => name !== CANARY_SERVICE || status !== 'unknown',
      );
      return { rows: kept, nodes: rest, canaries };
    };
    return { ...watched, contents, atRegistry: () => registry.requests };
  }

  if (kind === 'a Coordinator') {
    const replica = await startCoordinatorReplica({ secret: SECRET, canList: true });
    owns(replica);
    const entry = (service_id: number, service_name: string, { url }: SampleService) =>
      replica.registerRaw({ service_id, service_name, url, health_check_url: `${url}/health` });
    entry(42, SERVICE, service);
    entry(43, 'nmt-service', other);
    delete env.CONFIG_SERVICE_URL;
    env.REGISTRY_URL = replica.url;
    const contents = async () => (await get(`${replica.url}/services`)).body;
    return { ...watched, contents, atRegistry: () => replica.requests };
  }

  const api = kind === 'serve, as Coordinator' ? 'coordinator' : 'config-service';
  await registerAtServe(made, { api, beatS: { 'asr-1': undefined } });
  const name = api === 'coordinator' ? 'REGISTRY_URL' : 'CONFIG_SERVICE_URL';
  const serve = env[name] ?? '';
  await fetch(`${serve}/api/v1/registry/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      service_name: 'nmt-service',
      service_url: other.url,
      health_check_url: `${other.url}/health`,
      service_metadata: { instance_id: 'nmt-1', status: 'healthy' },
    }),
  });
  const gateway = await startInstrument(async (request, response) =>
    send(response, await forward(request, serve)),
  );
  owns(gateway);
  env[name] = gateway.url;
  const contents = async () => {
    const { body: services } = await get(`${serve}/api/v1/registry/services`);
    const instances = await Promise.all(
      services.map(
        async (each) => (await get(`${serve}/api/v1/registry/services/${each.service_name}`)).body,
      ),
    );
    return { services, instances };
  };
  return { ...watched, contents, atRegistry: () => gateway.requests };
}

const changing = (requests: readonly RecordedRequest[]) =>
  requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);

describe.each(KINDS)('with %s', (kind) => {
  it('changes nothing without --active: reads, and messages that must be refused', async () => {
    const watched = await watch(kind);
    const before = await watched.contents();
    await runDoctor(watched);
    expect(changing(watched.atRegistry())).toEqual([]);
    expect(await watched.contents()).toEqual(before);
    for (const service of watched.services) {
      expect(changing(service.requests)).toEqual(Array(6).fill('POST /message'));
      expect(service.received).toEqual([]);
    }
  });

  it('leaves nothing behind with --active, and sends nobody but the canary to the registry', async () => {
    const watched = await watch(kind);
    watched.input.active = true;
    const before = await watched.contents();
    const report = await runDoctor(watched);
    expect(await watched.contents()).toEqual(before);
    const bodies = watched.atRegistry().filter(({ method }) => method !== 'GET');
    expect(bodies.length).toBeGreaterThan(2);
    const others = bodies.filter(({ path, body }) => !/regctl-doctor-canary|2147483647/.test(path + body));
    expect(others).toEqual([]);
    const written = report.results.filter(({ id }) => /round-trip|accepts-valid|echoes-trace|e2e/.test(id));
    expect(new Set(written.map(({ status }) => status))).toEqual(new Set(['pass']));
    const sent = watched.services.flatMap(({ received }) =>
      received.map(({ type, payload }) => ({ type, payload })),
    );
    expect(sent.length).toBe(3);
    for (const message of sent)
      expect(message).toEqual({ type: 'query', payload: { action: 'ping', regctl_doctor: true } });
  });
});

describe('what must not be sent', () => {
  it.each([false, true])('never sends or reports the secret, --active %s', async (active) => {
    const deployment = await deploy({ input: { active } });
    const report = await runDoctor(deployment);
    await deployment.close();
    const sent = JSON.stringify([deployment.registry.requests, deployment.service.requests]);
    expect(sent).not.toContain(SECRET);
    expect(JSON.stringify(report)).not.toContain(SECRET);
  });

  it('shows and sends no credentials that stand in a registered URL', async () => {
    const deployment = await deploy({});
    const { service } = deployment;
    deployment.register({
      service_url: service.url.replace('//', '//svc:hunter2@'),
      health_check_url: `${service.url.replace('//', '//svc:hunter2@')}/health`,
    });
    const report = await runDoctor(deployment);
    await deployment.close();
    expect(JSON.stringify(report)).not.toContain('hunter2');
    const authorizations = service.requests.filter(({ headers }) =>
      /^Basic/.test(headers.authorization ?? ''),
    );
    expect(authorizations).toEqual([]);
  });
});
