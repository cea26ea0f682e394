// What the registry does to an instance by itself: applied to the catalog, and told as what is to be recorded.
import type { Catalog } from './catalog.js';
import type { Instance } from './instance.js';
import type { Verdict } from './liveness.js';
import { type Cause, ownerOf, type Registration, type Transition } from './registration.js';
import type { Moment } from './settings.js';

/** Gives an instance another state. */
export function change(
  catalog: Catalog,
  instance: Instance,
  verdict: Verdict,
  cause: Cause,
  { wall }: Moment,
  detail: string | null = null,
): Transition {
  const { service, id, state: from } = instance.registration;
  catalog.update(instance, verdict);
  const { revision } = instance.registration;
  return { audit: { ...auditOf(cause, wall), service, id, revision, from, to: verdict.state, detail } };
}

/** Removes an instance. */
export function evict(catalog: Catalog, registration: Registration, { wall }: Moment): Transition {
  const { service, id, incarnation, state: from } = registration;
  const revision = catalog.revisionOf(service) + 1;
  const removedAt = wall.toISOString();
  const tombstone = { service, id, incarnation, revision, owner: ownerOf(registration), removedAt };
  catalog.bury(tombstone);
  return {
    audit: { ...auditOf('evicted', wall), service, id, revision, from, to: null, detail: null },
    tombstone,
  };
}

/** Notes what concerns a service as a whole: the audit row names no instance. */
export function note(
  catalog: Catalog,
  service: string,
  cause: Cause,
  { wall }: Moment,
  detail: string,
): Transition {
  const revision = catalog.touch(service);
  return { audit: { ...auditOf(cause, wall), service, id: '', revision, from: null, to: null, detail } };
}

/** What is to be recorded of an instance that is alive (`known`) where the record (`row`) has it down. */
export function correction(row: Registration, known: Registration, { wall }: Moment): Transition {
  const { service, id, state: to, revision } = known;
  return {
    audit: { ...auditOf('heartbeat', wall), service, id, revision, from: row.state, to, detail: null },
  };
}

function auditOf(cause: Cause, wall: Date) {
  return { at: wall.toISOString(), actor: 'registry', cause };
}
