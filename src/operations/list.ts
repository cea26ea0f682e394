import type { Context } from '../context.js';
import { RegctlError } from '../errors.js';
import type { RegistryClient, Service } from '../registry-client/client.js';
import { sideBySide } from '../side-by-side.js';

export interface ListInput {
  /** Keep the services with this status. */
  status?: string | undefined;
  /** Keep the services whose name matches this glob. */
  name?: string | undefined;
  /** Ask for the instances of every service, so that status and counts are exact whatever the catalog says. */
  instances: boolean;
}

/** How many services are asked for their instances at once. */
const CONCURRENCY = 16;

/** The services of the registry, sorted by name. One request; with `instances` one more for each service. */
export async function listServices(input: ListInput, context: Context): Promise<Service[]> {
  const registry = await context.registry();
  const matches = await nameFilter(input.name);
  const services: Service[] = [];
  for await (const batch of registry.services())
    for (const service of batch) if (matches(service.service_name)) services.push(service);
  services.sort((a, b) => (a.service_name < b.service_name ? -1 : 1));
  const counted = input.instances ? await countInstances(services, registry, context) : services;
  return input.status === undefined ? counted : counted.filter(({ status }) => status === input.status);
}

/** The same by the catalog alone, in the registry's order and a batch at a time, so that memory does not grow with it. */
export async function* eachService(
  input: Omit<ListInput, 'instances'>,
  context: Context,
): AsyncGenerator<Service[]> {
  const registry = await context.registry();
  const matches = await nameFilter(input.name);
  for await (const batch of registry.services(Number.POSITIVE_INFINITY)) {
    yield batch.filter(
      ({ service_name, status }) =>
        matches(service_name) && (input.status === undefined || status === input.status),
    );
  }
}

async function nameFilter(glob: string | undefined): Promise<(name: string) => boolean> {
  if (glob === undefined) return () => true;
  const { default: picomatch } = await import('picomatch');
  return picomatch(glob, { dot: true, nonegate: true });
}

async function countInstances(
  services: Service[],
  registry: RegistryClient,
  context: Context,
): Promise<Service[]> {
  let done = 0;
  return sideBySide(services, CONCURRENCY, async (service) => {
    const counted = await countOne(service, registry, context);
    done += 1;
    context.progress(`Asked for the instances of ${done} of ${services.length} services`);
    return counted;
  });
}

/** Errors of one service, as against a registry that cannot be asked at all. */
const UNREADABLE: ReadonlySet<string> = new Set([
  'SERVER_ERROR',
  'NOT_THE_API',
  'TIMED_OUT',
  'CONNECTION_FAILED',
]);

/** Of the states of a service without a healthy instance, the most hopeful that one of them is in. */
const RANK = ['starting', 'draining', 'stopping', 'unknown', 'unhealthy'];

/** A service that the registry cannot read (one bad registration is enough) stays in the list, marked so. */
async function countOne(service: Service, registry: RegistryClient, context: Context): Promise<Service> {
  try {
    const instances = await registry.listInstances(service.service_name);
    const healthy = instances.filter(({ status }) => status === 'healthy').length;
    const others = RANK.find((state) => instances.some(({ status }) => status === state));
    const status = healthy > 0 ? 'healthy' : (others ?? instances[0]?.status ?? 'down');
    return { ...service, status, healthy_instances: healthy, total_instances: instances.length };
  } catch (error) {
    if (!(error instanceof RegctlError) || !UNREADABLE.has(error.code)) throw error;
    context.notify(`Warning: the instances of ${service.service_name} cannot be read. ${error.message}`);
    return { ...service, status: 'unreadable', healthy_instances: null, total_instances: null };
  }
}
