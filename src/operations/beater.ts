// What one beat is: the API's heartbeat, or, where it has none, registering the same instance again as it was.
import type { Context } from '../context.js';
import { fail } from '../errors.js';
import type { Instance, InstanceKey, Registration, RegistryClient } from '../registry-client/client.js';
import { variable } from '../settings.js';
import { requireListed } from './names.js';

export interface Beater {
  /** For messages: `service/instance`; at a Coordinator `service id 42` or `service id 42, instance asr-1`. */
  readonly target: string;
  readonly via: 'heartbeat' | 'register';
  /** The pace the registry asked for with the last answer, undefined where it did not. */
  readonly pacedMs: number | undefined;
  /** Throws where it was not accepted; NOT_HEARTBEATING where no beat ever will be. */
  beat(): Promise<void>;
}

/** Finds out who beats, and how. Throws MISSING_SETTING or NOT_HEARTBEATING where there is nobody to keep alive. */
export async function makeBeater(
  asked: { service?: string | undefined; instance?: string | undefined },
  context: Context,
): Promise<Beater> {
  const registry = await context.registry();
  const key = await keyOf(asked, registry, context);
  const target = nameOf(key, registry);
  let via: Beater['via'] = 'heartbeat';
  let pacedMs: number | undefined;
  let remembered: Registration | undefined;

  return {
    target,
    get via() {
      return via;
    },
    get pacedMs() {
      return pacedMs;
    },
    async beat() {
      if (via === 'register') return registerAgain();
      const answer = await registry.heartbeat(key);
      if (answer.kind === 'not-registered') throw notRegistered(target);
      if (answer.kind === 'unsupported') {
        context.notify(
          `The registry at ${registry.url} has no heartbeat: ${target} is kept alive by registering it again, as it is.`,
        );
        via = 'register';
        return registerAgain();
      }
      pacedMs = paceOf(answer.next_heartbeat_s);
    },
  };

  /** What it was is read once: a registry that lost it meanwhile gets it back the same. */
  async function registerAgain(): Promise<void> {
    remembered ??= await read(key, registry, target);
    await registry.register(remembered);
  }
}

/** What the beat really is for: a Coordinator goes by the service id, whatever name it was asked under. */
function nameOf(key: InstanceKey, { api }: RegistryClient): string {
  if (api === 'config-service') return `${key.service_name}/${key.instance_id}`;
  return `service id ${key.service_id}${key.instance_id === null ? '' : `, instance ${key.instance_id}`}`;
}

async function keyOf(
  asked: { service?: string | undefined; instance?: string | undefined },
  registry: RegistryClient,
  context: Context,
): Promise<InstanceKey> {
  const service = asked.service ?? variable('SERVICE_NAME', context.sources)?.value;
  const instance = asked.instance ?? variable('SERVICE_INSTANCE_ID', context.sources)?.value;
  if (service !== undefined) requireListed('service', service);
  if (instance !== undefined) requireListed('instance', instance);
  const id = context.serviceId();
  if (registry.api === 'coordinator' && id !== undefined) {
    return { service_name: service ?? '', instance_id: asked.instance ?? null, service_id: id };
  }
  if (service === undefined) throw whichService(registry);
  const listed = await registry.listInstances(service);
  const one = pick(listed, service, instance);
  if (registry.api === 'coordinator' && one.service_id === null) throw whichService(registry);
  return { service_name: service, instance_id: one.instance_id, service_id: one.service_id };
}

function pick(listed: readonly Instance[], service: string, instance: string | undefined): Instance {
  const matching =
    instance === undefined ? listed : listed.filter(({ instance_id }) => instance_id === instance);
  const [one, another] = matching;
  if (one === undefined) throw notRegistered(instance === undefined ? service : `${service}/${instance}`);
  if (another === undefined) return one;
  throw fail('USAGE', {
    what: `${service} has ${matching.length} instances,`,
    why: `and it is not said which one beats: ${matching.map(({ instance_id }) => instance_id).join(', ')}.`,
    next: 'Name it: `regctl heartbeat SERVICE INSTANCE`.',
  });
}

async function read(key: InstanceKey, registry: RegistryClient, target: string): Promise<Registration> {
  const listed = await registry.listInstances(key.service_name);
  const found = listed.find(({ instance_id }) => instance_id === key.instance_id);
  if (found === undefined || found.instance_id === null || found.service_url === null)
    throw notRegistered(target);
  return {
    service_name: found.service_name,
    service_url: found.service_url,
    health_check_url: found.health_check_url,
    instance_id: found.instance_id,
    service_metadata: found.service_metadata,
    service_id: found.service_id,
  };
}

function notRegistered(target: string) {
  return fail('NOT_HEARTBEATING', {
    what: `The registry does not know ${target}:`,
    why: 'it was never registered, was deregistered, or was down for too long, and no beat brings it back.',
    next: 'Register it again: `regctl register`.',
  });
}

function whichService(registry: RegistryClient) {
  return fail('MISSING_SETTING', {
    setting: registry.api === 'coordinator' ? 'SERVICE_ID' : 'SERVICE_NAME',
    purpose: 'it is not said which service beats',
    next:
      registry.api === 'coordinator'
        ? 'Set SERVICE_ID, or give --service-id.'
        : 'Name it: `regctl heartbeat SERVICE INSTANCE`.',
  });
}

/** A pace that neither floods the registry nor outlasts the guide's 90 s; any other is not followed. */
function paceOf(nextS: number | null): number | undefined {
  return nextS !== null && nextS >= 1 && nextS <= 90 ? nextS * 1000 : undefined;
}
