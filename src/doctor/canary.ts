// The canary: the service that the doctor registers with --active, and how one that was left behind is told.
import * as v from 'valibot';
import type { Instance } from '../registry-client/client.js';

/** Always the same name, so that a registry that cannot delete catalog rows keeps one of them at most. */
export const CANARY_SERVICE = 'regctl-doctor-canary';

/**
 * The canary's own id at a Coordinator, the largest of 32 bits, which nobody hands out: under the id of a service,
 * a Coordinator that goes by ids alone would put the canary in the place of the service.
 */
export const CANARY_SERVICE_ID = 2_147_483_647;

/** No canary is older: the check and its clean-up are over by then. */
export const CANARY_LEASE_MS = 90_000;

/** What a canary says of itself in its metadata. Times are ISO 8601, UTC. */
export const Tag = v.looseObject({
  owner: v.literal('regctl'),
  /** The machine its doctor runs on. */
  host: v.string(),
  started_at: v.string(),
  lease_until: v.string(),
});
export type Tag = v.InferOutput<typeof Tag>;

export function tag(nowMs: number, host: string): Tag {
  const time = (ms: number) => new Date(ms).toISOString();
  return { owner: 'regctl', host, started_at: time(nowMs), lease_until: time(nowMs + CANARY_LEASE_MS) };
}

/** The tag of an instance, undefined where it is no canary, or the registry tells no metadata. */
export function tagOf({ service_metadata }: Instance): Tag | undefined {
  const parsed = v.safeParse(Tag, service_metadata);
  return parsed.success ? parsed.output : undefined;
}

/**
 * True where the doctor that registered it is gone: its lease has passed, or it ran on this machine and nothing
 * answers there. One of which the registry tells the address alone is left where nothing answers; an instance
 * without the tag is somebody else's.
 */
export async function isLeft(
  instance: Instance,
  here: { nowMs: number; host: string; answers(): Promise<boolean> },
): Promise<boolean> {
  const found = tagOf(instance);
  if (found === undefined) return instance.instance_id === null && !(await here.answers());
  if (here.nowMs > Date.parse(found.lease_until)) return true;
  return found.host === here.host && !(await here.answers());
}
