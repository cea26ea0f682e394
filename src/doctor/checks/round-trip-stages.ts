// The stages of the canary's trip: each answers what went wrong, or nothing.
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { messageUrl, postMessage } from '../../messaging/send.js';
import { jsonOrUndefined } from '../../registry-client/answers.js';
import type { Api, Instance, RegistryClient } from '../../registry-client/client.js';
import { attempt, because } from '../attempt.js';
import type { Listener } from '../canary/listener.js';
import { CANARY_SERVICE, CANARY_SERVICE_ID } from '../canary.js';
import { type Finding, finding } from '../check.js';
import type { DoctorContext } from '../context.js';
import { sameUrl } from './registration.js';

export interface Trip {
  readonly context: DoctorContext;
  readonly kind: Api;
  /** Its calls are not cut short when the check is. */
  readonly client: RegistryClient;
  readonly listener: Listener;
  /** What the listener lets messages in with: made up for this trip, the secret has no part in it. */
  readonly token: string;
  /** Set from the moment it may be registered. */
  instanceId: string | undefined;
}

const LOOK_EVERY_MS = 200;

/** Looks until `look` answers something, at most so long; undefined then. Rejects when the check is over. */
async function eventually<T>(
  limitMs: number,
  { sleep }: DoctorContext,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let waited = 0; ; waited += LOOK_EVERY_MS) {
    const seen = await look();
    if (seen !== undefined || waited >= limitMs) return seen;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Its entry, found by its URL: a Coordinator may choose the id, and tell of the address alone. */
async function entryOf({ context, listener }: Trip): Promise<Instance | undefined> {
  const listed = await (await context.registry.client()).listInstances(CANARY_SERVICE);
  return listed.find(({ service_url }) => sameUrl(service_url, listener.url));
}

export async function beListed(trip: Trip): Promise<Finding | undefined> {
  const seen = await attempt(() => eventually(3_000, trip.context, () => entryOf(trip)));
  if (seen.value) return undefined;
  const why = seen.error ? because(seen.error) : 'it is not there after 3 s';
  return finding('CANARY_NOT_READABLE', { why });
}

const HEALTHY_WITHIN_MS = 8_000;

/** Waits until the registry calls it healthy; then it beats once. */
export async function beHealthy(trip: Trip): Promise<Finding | undefined> {
  const { client, listener, instanceId = null } = trip;
  const asked = await attempt(() => illness(trip));
  const why = asked.error ? because(asked.error) : asked.value;
  if (why !== undefined)
    return listener.healthChecks() > 0
      ? finding('CANARY_NOT_HEALTHY', { why })
      : finding('CANARY_OUT_OF_REACH', { url: listener.url, why });
  // A registry that goes by heartbeats drops it on its own from here on, should this doctor be killed.
  const key = { service_name: CANARY_SERVICE, service_id: CANARY_SERVICE_ID, instance_id: instanceId };
  await attempt(() => client.heartbeat(key));
  return undefined;
}

/** Why the registry does not call it healthy, undefined where it does. */
async function illness(trip: Trip): Promise<string | undefined> {
  const checked = await checkNow(trip);
  if (checked?.is_healthy === false) return checked.error_message ?? 'its health check did not pass';
  let status = 'not listed';
  const healthy = await eventually(checked ? 1_000 : HEALTHY_WITHIN_MS, trip.context, async () => {
    status = (await entryOf(trip))?.status ?? 'not listed';
    return status === 'healthy' ? true : undefined;
  });
  return healthy ? undefined : `it is ${status}`;
}

const Checked = v.object({
  endpoint_url: v.string(),
  is_healthy: v.boolean(),
  error_message: v.nullish(v.string()),
});
const CheckReport = v.object({ check_results: v.array(Checked) });
/** A deployed Config Service tries three times, with 3 s and pauses for each. */
const CHECK_TIMEOUT_MS = 15_000;

/** What the registry's own health check says of it now; undefined where it has no such call. */
async function checkNow({
  context,
  kind,
  listener,
}: Trip): Promise<v.InferOutput<typeof Checked> | undefined> {
  if (kind !== 'config-service') return undefined;
  const answer = await context.http.send({
    method: 'POST',
    url: context.registry.urlOf(kind, 'check', CANARY_SERVICE),
    headers: { ...context.registry.headers },
    timeoutMs: CHECK_TIMEOUT_MS,
  });
  const report = v.safeParse(CheckReport, jsonOrUndefined(answer.text));
  if (!report.success) return undefined;
  const own = report.output.check_results.filter((each) => each.endpoint_url.startsWith(`${listener.url}/`));
  return own.find(({ is_healthy }) => is_healthy) ?? own[0];
}

export async function beDiscovered({ context, listener }: Trip): Promise<Finding | undefined> {
  let last = 'nothing';
  const seen = await attempt(() =>
    eventually(5_000, context, async () => {
      // Another doctor's canary may be handed out in turn.
      last = (await (await context.registry.client()).pickUrl(CANARY_SERVICE)) ?? 'nothing';
      return sameUrl(last, listener.url) ? true : undefined;
    }),
  );
  if (seen.value) return undefined;
  const why = seen.error ? because(seen.error) : `for 5 s it handed out ${last}`;
  return finding('CANARY_NOT_DISCOVERABLE', { url: listener.url, why });
}

export async function beCalled({ context, listener, token }: Trip): Promise<Finding | undefined> {
  const trace_id = randomUUID();
  const message = { type: 'query', payload: { action: 'ping', regctl_doctor: true }, trace_id };
  const sent = await attempt(() => postMessage(context.http, listener.url, message, token));
  const lost = (why: string) => finding('CANARY_MESSAGE_LOST', { url: messageUrl(listener.url), why });
  if (sent.error) return lost(because(sent.error));
  if (!listener.received().includes(trace_id))
    return lost(`something else answered in its place, with ${sent.value.status}`);
  return sent.value.status === 200
    ? undefined
    : lost(`it arrived, and the answer became ${sent.value.status}`);
}
