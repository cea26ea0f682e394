import type { Context } from '../context.js';
import { fail, RegctlError } from '../errors.js';
import type { Api, Instance, RegistryClient, Service } from '../registry-client/client.js';
import { type Contradiction, contradictions } from './contradictions.js';
import { requireListed } from './names.js';

export interface Description {
  service_name: string;
  registry: string;
  api: Api;
  /** Null where the catalog has no row, or the registry has no catalog. */
  catalog: Service | null;
  instances: Instance[];
  /** Why the instances cannot be read, null where they can. */
  unreadable: string | null;
  /** What the registry hands out to a caller now. */
  handed_out: string | null;
  contradictions: Contradiction[];
}

/** All that the registry says of a service, and where it contradicts itself. Throws SERVICE_NOT_FOUND. */
export async function describeService(
  input: { service: string; instance?: string | undefined },
  context: Context,
): Promise<Description> {
  requireListed('service', input.service);
  if (input.instance !== undefined) requireListed('instance', input.instance);
  const registry = await context.registry();
  const [catalog, listed, handedOut] = await Promise.all([
    catalogRow(registry, input.service),
    readable(registry.listInstances(input.service)),
    readable(registry.pickUrl(input.service)),
  ]);
  const instances = listed.value ?? [];
  if (catalog === undefined && listed.problem === null && instances.length === 0) {
    throw fail('SERVICE_NOT_FOUND', { service: input.service, url: registry.url, api: registry.api });
  }
  const facts = {
    catalog: catalog ?? null,
    instances,
    unreadable: listed.problem,
    handed_out: handedOut.value ?? null,
  };
  return {
    service_name: input.service,
    registry: registry.url,
    api: registry.api,
    ...facts,
    instances: only(instances, input.service, input.instance),
    contradictions: contradictions(facts),
  };
}

async function catalogRow(registry: RegistryClient, service: string): Promise<Service | undefined> {
  try {
    return (await registry.listServices()).find(({ service_name }) => service_name === service);
  } catch (error) {
    if (error instanceof RegctlError && error.code === 'CANNOT_LIST') return undefined;
    throw error;
  }
}

/** A service whose instances the registry fails on (500) is still described; any other error ends it. */
async function readable<T>(reading: Promise<T>): Promise<{ value?: T; problem: string | null }> {
  try {
    return { value: await reading, problem: null };
  } catch (error) {
    if (error instanceof RegctlError && error.code === 'SERVER_ERROR') return { problem: error.message };
    throw error;
  }
}

function only(instances: Instance[], service: string, instance: string | undefined): Instance[] {
  if (instance === undefined) return instances;
  const found = instances.filter(({ instance_id }) => instance_id === instance);
  if (found.length === 0) throw fail('INSTANCE_NOT_FOUND', { service, instance });
  return found;
}
