// What a request changes, worked out against what is registered: pure, so that a batch is planned before it is durable.
import { type State, stateOf } from '../wire/status.js';
import {
  type AuditEntry,
  type Cause,
  type Change,
  keyOf,
  ownerOf,
  type Registration,
  type Tombstone,
} from './registration.js';

/** What planning reads: the directory, or the directory with the changes planned earlier in the batch. */
export interface View {
  find(service: string, id: string): Registration | undefined;
  /** Incarnation of the latest removal of this id, 0 where there was none. */
  buriedIncarnation(service: string, id: string): number;
  revisionOf(service: string): number;
  /**
   * Service ids that own instances of the service, or owned one that was removed: the time of the removal (ISO 8601), or
   * null where there is an instance still.
   */
  ownersOf(service: string): Iterable<readonly [owner: number, removedAt: string | null]>;
  withServiceId(serviceId: number): Iterable<Registration>;
}

/** Who asks. `serviceId` is the token's, null where the registry asks for no token. */
export interface Caller {
  readonly serviceId: number | null;
  readonly address: string;
}

/** A registration as either API carries it, checked. */
export interface RegistrationRequest {
  readonly service: string;
  /** Undefined where the registry is to give one. */
  readonly id: string | undefined;
  readonly url: string;
  readonly healthUrl: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly serviceId: number | null;
}

export interface Planned<T> {
  readonly changes: readonly Change[];
  readonly answer: T;
}

/** The caller's token is good, but of another service than the owner of what it asks for. */
export class NotOwner extends Error {
  override readonly name = 'NotOwner';
}

/** A name stays its owner's for this long after its last instance was removed: over a restart, but not for ever. */
const NAME_KEPT_MS = 3_600_000;

/** Throws NotOwner where the caller has a token of another service than the owner's. */
export function requireOwner(caller: Caller, registration: Registration): void {
  const owner = ownerOf(registration);
  if (caller.serviceId !== null && owner !== null && owner !== caller.serviceId) {
    throw new NotOwner(
      `service_id ${caller.serviceId} does not own ${keyOf(registration.service, registration.id)}`,
    );
  }
}

/** A service id that owns something of this name, or did within the hour; undefined where anybody may join it. */
export function ownerOfName(view: View, service: string, at: string): number | undefined {
  const since = new Date(Date.parse(at) - NAME_KEPT_MS).toISOString();
  for (const [owner, removedAt] of view.ownersOf(service)) {
    if (removedAt === null || removedAt >= since) return owner;
  }
  return undefined;
}

/** Throws NotOwner where the name of the service belongs to another service id: nobody gets its traffic by joining it. */
export function requireName(view: View, service: string, caller: Caller, at: string): void {
  if (caller.serviceId === null) return;
  const since = new Date(Date.parse(at) - NAME_KEPT_MS).toISOString();
  for (const [owner, removedAt] of view.ownersOf(service)) {
    if (owner === caller.serviceId || (removedAt !== null && removedAt < since)) continue;
    throw new NotOwner(
      removedAt === null
        ? `service_id ${caller.serviceId} does not own the service ${service}: it belongs to service_id ${owner}`
        : `service_id ${caller.serviceId} does not own the service ${service}: it belonged to service_id ${owner} until ${removedAt} and is kept for it for an hour`,
    );
  }
}

/** Who it was, for the audit trail. */
export const actorOf = (caller: Caller): string =>
  caller.serviceId === null ? caller.address : `service:${caller.serviceId}`;

function declaredState(metadata: Readonly<Record<string, unknown>>): State | null {
  const { status } = metadata;
  // The word was checked with the request (wire/config-service.ts, Metadata).
  return typeof status === 'string' ? stateOf(status as Parameters<typeof stateOf>[0]) : null;
}

function causeOf(before: Registration | undefined, url: string): Cause {
  if (before === undefined) return 'registered';
  return before.url === url ? 'registered-again' : 'address-changed';
}

/**
 * Plans a registration: a new instance, or an update where the id is known.
 * A healthy instance stays healthy unless it declares otherwise or moved: health was proved of the old address only.
 */
export function planRegistration(
  view: View,
  request: RegistrationRequest,
  caller: Caller,
  at: string,
  newId: () => string,
): Planned<Registration> {
  const id = request.id ?? newId();
  const before = view.find(request.service, id);
  if (before !== undefined) requireOwner(caller, before);
  requireName(view, request.service, caller, at);

  const declared = declaredState(request.metadata);
  const staysHealthy =
    before?.state === 'healthy' && before.url === request.url && (declared ?? 'healthy') === 'healthy';
  const cause = causeOf(before, request.url);
  const registration: Registration = {
    service: request.service,
    id,
    url: request.url,
    healthUrl: request.healthUrl,
    metadata: request.metadata,
    declared,
    serviceId: request.serviceId ?? before?.serviceId ?? null,
    owner: caller.serviceId ?? before?.owner ?? null,
    registeredFrom: caller.address,
    registeredAt: at,
    incarnation: (before?.incarnation ?? view.buriedIncarnation(request.service, id)) + 1,
    revision: view.revisionOf(request.service) + 1,
    state: staysHealthy ? 'healthy' : (declared ?? 'starting'),
    beats: before?.beats === true,
  };
  const audit: AuditEntry = {
    service: request.service,
    id,
    revision: registration.revision,
    at,
    actor: actorOf(caller),
    cause,
    from: before?.state ?? null,
    to: registration.state,
    detail: cause === 'address-changed' ? `${before?.url} -> ${request.url}` : null,
  };
  return { changes: [{ kind: 'put', registration, audit }], answer: registration };
}

/** Plans the removal of the instances given. */
function planRemovals(
  view: View,
  registrations: readonly Registration[],
  caller: Caller,
  reason: string | null,
  at: string,
): Change[] {
  const revisions = new Map<string, number>();
  return registrations.map((registration) => {
    const { service, id, incarnation, state } = registration;
    const revision = (revisions.get(service) ?? view.revisionOf(service)) + 1;
    revisions.set(service, revision);
    const owner = ownerOf(registration);
    const tombstone: Tombstone = { service, id, incarnation, revision, owner, removedAt: at };
    const audit: AuditEntry = {
      service,
      id,
      revision,
      at,
      actor: actorOf(caller),
      cause: 'deregistered',
      from: state,
      to: null,
      detail: reason,
    };
    return { kind: 'remove', tombstone, audit };
  });
}

/** Plans the removal of one instance; the answer says whether there was one. */
export function planDeregistration(
  view: View,
  target: { service: string; id: string; reason: string | null },
  caller: Caller,
  at: string,
): Planned<boolean> {
  const found = view.find(target.service, target.id);
  if (found === undefined) return { changes: [], answer: false };
  requireOwner(caller, found);
  return { changes: planRemovals(view, [found], caller, target.reason, at), answer: true };
}

/** Plans the removal of every instance of a service id, or the one of them given; the answer is how many there were. */
export function planServiceDeregistration(
  view: View,
  target: { serviceId: number; id: string | null; reason: string | null },
  caller: Caller,
  at: string,
): Planned<number> {
  const found = [...view.withServiceId(target.serviceId)].filter(
    (registration) => target.id === null || registration.id === target.id,
  );
  for (const registration of found) requireOwner(caller, registration);
  return { changes: planRemovals(view, found, caller, target.reason, at), answer: found.length };
}
