import type { Context } from '../context.js';
import { fail, RegctlError } from '../errors.js';
import type { Instance, InstanceKey, RegistryClient } from '../registry-client/client.js';
import { variable } from '../settings.js';
import { requireListed } from './names.js';

export interface DeregisterInput {
  service: string;
  instance?: string | undefined;
  all: boolean;
  reason?: string | undefined;
}

export interface Deregistered {
  service_name: string;
  registry: string;
  /** The instances that were listed before and are not any more. */
  deregistered: string[];
}

/** An instance without an id, as a Coordinator that answers with an address alone lists it. */
const WHOLE_SERVICE = 'the service';

/**
 * The instances that would go: the one named, the only one, or all. The API answers ok for what never existed,
 * so the registry is asked first. Throws SERVICE_NOT_FOUND, INSTANCE_NOT_FOUND, or USAGE where it is not said which.
 */
export async function findInstances(input: DeregisterInput, context: Context): Promise<InstanceKey[]> {
  requireListed('service', input.service);
  if (input.instance !== undefined) requireListed('instance', input.instance);
  const registry = await context.registry();
  const listed = await listOrError(registry, input.service);
  if (listed instanceof RegctlError) return [unseen(input, listed, context)];
  if (listed.length === 0) {
    throw fail('SERVICE_NOT_FOUND', { service: input.service, url: registry.url, api: registry.api });
  }
  const chosen = choose(listed, input);
  return chosen.map(({ service_name, instance_id, service_id }) => ({
    service_name,
    instance_id,
    service_id:
      service_id ?? (instance_id === null ? idSaidOf(input.service, context) : context.serviceId()) ?? null,
  }));

  /** One bad registration makes the registry fail on the whole service: named, it can still be removed. */
  function unseen(
    { service, instance }: DeregisterInput,
    error: RegctlError,
    { notify }: Context,
  ): InstanceKey {
    if (instance === undefined) throw fail('INSTANCES_UNREADABLE', { service, why: error.message }, error);
    notify(`Warning: the registry fails on the instances of ${service}; ${instance} is removed unseen.`);
    return { service_name: service, instance_id: instance, service_id: context.serviceId() ?? null };
  }
}

/**
 * The service id of a service of which the Coordinator tells an address alone: it deregisters by that id, whatever the
 * name, and the SERVICE_ID that merely is set may be another service's. Throws USAGE.
 */
function idSaidOf(service: string, context: Context): number | undefined {
  const id = context.serviceId();
  const { flags } = context.sources;
  const isOwn = variable('SERVICE_NAME', context.sources)?.value === service;
  if (id === undefined || flags.serviceId !== undefined || isOwn) return id;
  throw fail('USAGE', {
    what: `The Coordinator does not tell the service id of ${service},`,
    why: `and the SERVICE_ID that is set, ${id}, may be another service's, which would be deregistered instead.`,
    next: `If it is the id of ${service}, say so: --service-id ${id}.`,
  });
}

/** Deregisters them and looks again. Throws STILL_REGISTERED where one is listed afterwards. */
export async function deregister(
  keys: readonly InstanceKey[],
  reason: string | undefined,
  context: Context,
): Promise<Deregistered> {
  const registry = await context.registry();
  const [first] = keys;
  if (first === undefined) throw new Error('no instance to deregister');
  for (const [index, key] of keys.entries()) {
    requireServiceId(key, registry);
    if (!(await registry.deregister(key, reason))) {
      throw fail('INSTANCE_NOT_FOUND', {
        service: key.service_name,
        instance: key.instance_id ?? WHOLE_SERVICE,
      });
    }
    if (context.signal.aborted)
      context.notify(
        `Deregistered before the interruption: ${keys
          .slice(0, index + 1)
          .map(nameOf)
          .join(', ')}.`,
      );
    context.signal.throwIfAborted();
  }
  const left = await stillListed(keys, first.service_name, registry, context);
  if (left !== undefined)
    throw fail('STILL_REGISTERED', { service: left.service_name, instance: nameOf(left) });
  return { service_name: first.service_name, registry: registry.url, deregistered: keys.map(nameOf) };
}

async function listOrError(registry: RegistryClient, service: string): Promise<Instance[] | RegctlError> {
  try {
    return await registry.listInstances(service);
  } catch (error) {
    if (error instanceof RegctlError && error.code === 'SERVER_ERROR') return error;
    throw error;
  }
}

function choose(listed: Instance[], { service, instance, all }: DeregisterInput): Instance[] {
  if (instance !== undefined) {
    const found = listed.filter(({ instance_id }) => instance_id === instance);
    if (found.length === 0) throw fail('INSTANCE_NOT_FOUND', { service, instance });
    return found;
  }
  if (all || listed.length === 1) return listed;
  throw fail('USAGE', {
    what: `${service} has ${listed.length} instances,`,
    why: `and it is not said which goes: ${listed.map(nameOf).join(', ')}.`,
    next: 'Name one, or say --all.',
  });
}

/** Looks a few times: a registry with several replicas or a cache may be a moment behind its own answer. */
async function stillListed(
  keys: readonly InstanceKey[],
  service: string,
  registry: RegistryClient,
  context: Context,
): Promise<InstanceKey | undefined> {
  for (const pauseMs of [0, 200, 800]) {
    if (pauseMs > 0) await context.clock.sleep(pauseMs);
    const listed = await registry.listInstances(service);
    const left = keys.find(({ instance_id: id }) => listed.some((one) => one.instance_id === id));
    if (left === undefined) return undefined;
    if (pauseMs === 800) return left;
  }
  return undefined;
}

function requireServiceId(key: InstanceKey, registry: RegistryClient): void {
  if (registry.api !== 'coordinator' || key.service_id !== null) return;
  throw fail('MISSING_SETTING', {
    setting: 'SERVICE_ID',
    purpose: `the Coordinator does not tell the id of ${key.service_name}`,
    next: 'Set SERVICE_ID, or give --service-id.',
  });
}

function nameOf({ instance_id: id }: { instance_id: string | null }): string {
  return id ?? WHOLE_SERVICE;
}
