import type { Context } from '../context.js';
import { fail } from '../errors.js';
import type { Api, PlannedCall, Registration, RegistryClient } from '../registry-client/client.js';
import { type RegistrationInput, registrationFrom } from './registration.js';

export interface Registered {
  service_name: string;
  instance_id: string;
  service_url: string;
  health_check_url: string | null;
  registry: string;
  api: Api;
  /** Null where the registry does not say. */
  heartbeat_interval_s: number | null;
  /** True after waiting for it; null where it was not waited for. */
  discoverable: true | null;
}

export interface RegisterInput extends RegistrationInput {
  /** Milliseconds to wait until it is discoverable; undefined does not wait. */
  waitMs?: number | undefined;
}

const POLL_MS = 250;

/** Registers an instance, or updates it. Throws NOT_DISCOVERABLE where it was waited for in vain. */
export async function registerService(input: RegisterInput, context: Context): Promise<Registered> {
  const registration = await registrationFrom(input, context);
  const registry = await context.registry();
  requireServiceId(registration, registry);
  const { instance_id, heartbeat_interval_s } = await registry.register(registration);
  context.notify(
    `Registered ${registration.service_name}/${instance_id} at ${registration.service_url} with ${registry.url}.`,
  );
  // The registration was not cut short: the person who interrupted reads that it is there.
  context.signal.throwIfAborted();
  const registered = { ...registration, instance_id };
  if (input.waitMs !== undefined) await untilDiscoverable(registered, input.waitMs, registry, context);
  return {
    service_name: registration.service_name,
    instance_id,
    service_url: registration.service_url,
    health_check_url: registration.health_check_url,
    registry: registry.url,
    api: registry.api,
    heartbeat_interval_s,
    discoverable: input.waitMs === undefined ? null : true,
  };
}

/** The request that `registerService` would send; sends nothing but, for `--api auto`, the probe. */
export async function planRegistration(input: RegistrationInput, context: Context): Promise<PlannedCall> {
  const registration = await registrationFrom(input, context);
  const registry = await context.registry();
  requireServiceId(registration, registry);
  return registry.planRegister(registration);
}

function requireServiceId(registration: Registration, registry: RegistryClient): void {
  if (registry.api !== 'coordinator' || registration.service_id !== null) return;
  throw fail('MISSING_SETTING', {
    setting: 'SERVICE_ID',
    purpose: 'a Coordinator registers services by the integer it gave them',
    next: 'Set SERVICE_ID, or give --service-id.',
  });
}

async function untilDiscoverable(
  wanted: Registration,
  waitMs: number,
  registry: RegistryClient,
  context: Context,
) {
  const deadline = context.clock.monotonic() + waitMs;
  for (;;) {
    const why = await notYet(wanted, registry);
    if (why === undefined) return;
    if (context.clock.monotonic() + POLL_MS > deadline) {
      throw fail('NOT_DISCOVERABLE', {
        service: wanted.service_name,
        instance: wanted.instance_id,
        seconds: waitMs / 1000,
        why,
      });
    }
    context.progress(`Waiting until ${wanted.service_name}/${wanted.instance_id} is discoverable: ${why}`);
    await context.clock.sleep(POLL_MS);
  }
}

/** Why a caller is not handed this instance; undefined where it can be. */
async function notYet(wanted: Registration, registry: RegistryClient): Promise<string | undefined> {
  const instances = await registry.listInstances(wanted.service_name);
  const found = instances.find(
    ({ instance_id: id, service_url: url }) =>
      id === wanted.instance_id || (id === null && url === wanted.service_url),
  );
  if (found === undefined) return 'the registry does not list it';
  if (found.status !== 'healthy') return `its status is ${found.status}`;
  return (await registry.pickUrl(wanted.service_name)) === undefined
    ? 'the registry hands out nothing'
    : undefined;
}
