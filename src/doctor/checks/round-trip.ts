// registry.no-leftovers and registry.round-trip: a service of the doctor's own goes the way that every service goes.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Instance } from '../../registry-client/client.js';
import { sideBySide } from '../../side-by-side.js';
import { attempt, because, noAnswer } from '../attempt.js';
import { addressTowards } from '../canary/address.js';
import { startListener } from '../canary/listener.js';
import { CANARY_SERVICE, CANARY_SERVICE_ID, isLeft, tag, tagOf } from '../canary.js';
import {
  blockedBy,
  deploymentCheck,
  type Finding,
  finding,
  found,
  notApplicable,
  type Outcome,
  pass,
} from '../check.js';
import type { DoctorContext } from '../context.js';
import { jwtSecret } from './env.js';
import { AT_ONCE, address, sameUrl } from './registration.js';
import { api, latency } from './registry-api.js';
import { beCalled, beDiscovered, beHealthy, beListed, type Trip } from './round-trip-stages.js';

/** Nobody leaves more. */
const MOST_LOOKED_AT = 20;

export const noLeftovers = deploymentCheck({
  id: 'registry.no-leftovers',
  title: 'No canary of an earlier run is left',
  about:
    'The doctor takes its canary away again, also when it is interrupted. One that was killed with SIGKILL cannot: its canary is told by the tag in its metadata, once its lease has passed or nothing answers there any more.',
  requires: [api],
  codes: ['CANARY_LEFT'],
  async run(context) {
    const listed = await attempt(async () => (await context.registry.client()).listInstances(CANARY_SERVICE));
    if (listed.error?.code === 'TIMED_OUT') return blockedBy(latency, because(listed.error));
    if (listed.error) throw listed.error;
    const looked = listed.value.slice(0, MOST_LOOKED_AT);
    const gone = await sideBySide(looked, AT_ONCE, (instance) =>
      isLeft(instance, {
        nowMs: context.now(),
        host: hostname(),
        answers: () => answers(instance, context),
      }),
    );
    const left = looked.filter((_, index) => gone[index]);
    const facts = { left, listed: listed.value.length };
    if (left.length === 0) return pass('none', facts);
    const findings = left.map((instance) =>
      finding('CANARY_LEFT', {
        instance: nameOf(instance),
        started: tagOf(instance)?.started_at ?? instance.registered_at ?? 'at an unknown time',
      }),
    );
    return found(findings, { facts });
  },
});

function nameOf(instance: Instance): string {
  return instance.instance_id ?? address(instance) ?? '(unnamed)';
}

async function answers(instance: Instance, { http }: DoctorContext): Promise<boolean> {
  const url = `${address(instance)}/health`;
  if (!URL.canParse(url)) return false;
  const asked = await attempt(() => http.send({ method: 'GET', url, timeoutMs: 2_000, maxBytes: 64 * 1024 }));
  return asked.error === undefined || !noAnswer(asked.error);
}

export const roundTrip = deploymentCheck({
  id: 'registry.round-trip',
  title: 'A service can register, be found and called, and leave',
  about: `Starts a service of its own (GET /health, POST /message) on the address from which the registry is reached, and registers it as ${CANARY_SERVICE}, under an id that is nobody's. Reads it back, waits until the registry finds it healthy and hands it out, sends a message to the URL handed out, deregisters it, and sees it gone. Takes it away again also when it is interrupted, and first what a killed run has left. A deployed Config Service cannot delete its catalog row: one row of that name stays there, as unknown.`,
  checklist: ['debug.1'],
  effects: 'write',
  requires: [api, noLeftovers],
  codes: [
    'CANARY_NOT_REGISTERED',
    'CANARY_NOT_READABLE',
    'CANARY_NOT_HEALTHY',
    'CANARY_OUT_OF_REACH',
    'CANARY_NOT_DISCOVERABLE',
    'CANARY_MESSAGE_LOST',
    'CANARY_STILL_THERE',
    'TOKEN_WITHHELD',
  ],
  timeoutMs: 60_000,
  // A registration under way and a deregistration, each with the 5 s of a call.
  cleanupMs: 12_000,
  async run(context, [{ api: kind }, { left, listed }]) {
    const { registry, signal } = context;
    const host = await addressTowards(registry.url, signal);
    if (host === undefined)
      return notApplicable('the registry is behind a proxy, from where no service of this machine is found');
    const client = await registry.lasting();
    const findings = await removeLeft(left, listed, { context, kind, client });
    const token = randomUUID();
    const listener = await startListener(host, token);
    const trip: Trip = { context, kind, client, listener, token, instanceId: undefined };
    try {
      signal.throwIfAborted();
      const { instead, problem } = await register(trip);
      if (instead) return instead;
      const wrong = problem ?? (await firstProblem(trip));
      if (wrong) findings.push(wrong);
    } finally {
      findings.push(...(await leave(trip)));
      await listener.close();
    }
    if (findings.length > 0) return found(findings);
    const healthy = listener.healthChecks() > 0 ? 'healthy' : 'healthy by its own word (nobody asked)';
    const removed = left.length === 0 ? '' : `; removed ${left.length} of an earlier run`;
    return pass(
      `registered at ${listener.url}, listed, ${healthy}, handed out, called, gone again${removed}${await rowLeft(trip)}`,
    );
  },
});

/** A stage that went wrong keeps the others from being tried. */
async function firstProblem(trip: Trip): Promise<Finding | undefined> {
  for (const stage of [beListed, beHealthy, beDiscovered, beCalled]) {
    const problem = await stage(trip);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

type Registry = Pick<Trip, 'context' | 'kind' | 'client'>;

/** Takes away what an earlier run left. */
async function removeLeft(
  left: readonly Instance[],
  listed: number,
  { kind, client }: Registry,
): Promise<Finding[]> {
  const key = { service_name: CANARY_SERVICE, service_id: CANARY_SERVICE_ID };
  const findings: Finding[] = [];
  for (const instance of left) {
    const { instance_id } = instance;
    const gone = await attempt(() => client.deregister({ ...key, instance_id }, 'left by a killed doctor'));
    if (gone.error)
      findings.push(finding('CANARY_STILL_THERE', { instance: nameOf(instance), why: because(gone.error) }));
  }
  // A Coordinator hides what has stopped beating. The id is the canary's alone, and none of another run is listed.
  if (kind === 'coordinator' && listed === left.length)
    await attempt(() => client.deregister({ ...key, instance_id: null }, 'left by a killed doctor'));
  return findings;
}

/**
 * Registers it. Not cut short, so that what it changed is known. `instead` is the outcome of the check where there
 * is nothing to sign with; then nothing was registered.
 */
async function register(trip: Trip): Promise<{ instead?: Outcome<never>; problem?: Finding }> {
  const { context, kind, client, listener } = trip;
  const { secret, now } = context;
  const instance_id = `canary-${randomUUID()}`;
  const made = await attempt(() => {
    trip.instanceId = instance_id;
    return client.register({
      service_name: CANARY_SERVICE,
      service_url: listener.url,
      health_check_url: `${listener.url}/health`,
      instance_id,
      // A deployed Config Service never hands out what did not call itself healthy; others find it out.
      service_metadata: {
        ...tag(now(), hostname()),
        ...(kind === 'config-service' ? { status: 'healthy' } : {}),
      },
      service_id: CANARY_SERVICE_ID,
    });
  });
  if (made.value) {
    trip.instanceId = made.value.instance_id;
    return {};
  }
  const why = because(made.error);
  const refused = REFUSALS.has(made.error.code);
  if (refused) trip.instanceId = undefined;
  if (made.error.code === 'INVALID_SETTING') return { instead: blockedBy(jwtSecret, why) };
  if (made.error.code === 'UNTRUSTED_URL') return { instead: found(finding('TOKEN_WITHHELD', { why })) };
  if (refused && secret === undefined) return { instead: blockedBy(jwtSecret, 'JWT_SECRET is not set') };
  return { problem: finding('CANARY_NOT_REGISTERED', { why }) };
}

/** After these nothing was registered. */
const REFUSALS: ReadonlySet<string> = new Set([
  'UNAUTHORIZED',
  'FORBIDDEN',
  'READ_ONLY',
  'REGISTRY_REFUSED_INPUT',
  'INVALID_SETTING',
  'UNTRUSTED_URL',
]);

const GONE_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 200;

/** Takes the canary away, whatever came before; looks whether it is gone unless the check is over already. */
async function leave(trip: Trip): Promise<Finding[]> {
  const { context, client, listener, instanceId } = trip;
  if (instanceId === undefined) return [];
  const key = { service_name: CANARY_SERVICE, service_id: CANARY_SERVICE_ID, instance_id: instanceId };
  const still = (why: string) => [finding('CANARY_STILL_THERE', { instance: instanceId, why })];
  const left = await attempt(() => client.deregister(key, 'the doctor is done'));
  if (left.error) return still(because(left.error));
  for (let waited = 0; !context.signal.aborted; waited += LOOK_EVERY_MS) {
    const listed = await attempt(() => client.listInstances(CANARY_SERVICE));
    if (listed.error) return still(because(listed.error));
    const there = listed.value.some(
      ({ instance_id, service_url }) => instance_id === instanceId || sameUrl(service_url, listener.url),
    );
    if (!there) return [];
    if (waited >= GONE_WITHIN_MS)
      return still('the registry answered that it deregistered it, and lists it on');
    await sleep(LOOK_EVERY_MS);
  }
  return [];
}

/** What this registry keeps of it, to be said. */
async function rowLeft({ kind, client }: Registry): Promise<string> {
  if (kind === 'coordinator') return '';
  const services = await client.listServices();
  const row = services.find(({ service_name }) => service_name === CANARY_SERVICE);
  return row === undefined
    ? ''
    : `; its row stays in the catalog as ${row.status}, for this registry cannot delete rows`;
}
