// What the registry says of services and instances, in the shapes of wire/config-service.ts.
import type { InstanceRow, ServiceRow } from '../wire/config-service.js';
import { type State, upstreamStatus } from '../wire/status.js';
import type { Directory } from './directory.js';
import { type Instance, monitoredBy } from './instance.js';
import type { Service } from './service.js';

/** Where no instance is healthy, the state that says most of the service: what is wrong before what is under way. */
const MOST_TELLING: readonly State[] = ['healthy', 'unhealthy', 'down', 'starting', 'draining', 'unknown'];

/** The state of a service as a whole. */
export function stateOfService({ instances }: Service): State {
  const states = new Set([...instances.values()].map(({ registration }) => registration.state));
  return MOST_TELLING.find((state) => states.has(state)) ?? 'unknown';
}

/** ISO 8601 with `+00:00` for `Z`, which Python's `fromisoformat` reads only from 3.11 on. */
export function isoTime(time: Date | number | string): string {
  return (typeof time === 'string' ? time : new Date(time).toISOString()).replace(/Z$/, '+00:00');
}

/** A row of `GET /discover/{name}`, with null where there is nothing; the metadata repeats the node, as upstream's does. */
export function discoveredRow({ registration, lastHeartbeat }: Instance): InstanceRow {
  const { id, service, url, healthUrl, serviceId, state, metadata } = registration;
  return {
    instance_id: id,
    service_name: service,
    service_url: url,
    health_check_url: healthUrl,
    status: upstreamStatus(state),
    state,
    service_id: serviceId,
    monitored_by: monitoredBy(registration),
    registered_at: isoTime(registration.registeredAt),
    last_heartbeat: lastHeartbeat === null ? null : isoTime(lastHeartbeat),
    service_metadata: { health_check_url: healthUrl, ...metadata, instance_id: id, service_url: url },
  };
}

/** A row of `GET /services/{name}`: the same, without the fields that are null. */
export function instanceRow(instance: Instance): InstanceRow {
  const { health_check_url, service_id, last_heartbeat, ...row } = discoveredRow(instance);
  return {
    ...row,
    ...(health_check_url === null ? {} : { health_check_url }),
    ...(service_id === null ? {} : { service_id }),
    ...(last_heartbeat === null ? {} : { last_heartbeat }),
  };
}

/**
 * The row of `GET /services`, with the address of a healthy instance where there is one; `held` instances are not
 * evicted although it is time.
 */
export function serviceRow(service: Service, held: number): ServiceRow {
  const all = [...service.instances.values()];
  const [shown] = service.healthy.length > 0 ? service.healthy : all;
  const oldest = all.reduce(
    (first, { registration: { registeredAt } }) => (registeredAt < first ? registeredAt : first),
    shown?.registration.registeredAt ?? '',
  );
  return {
    service_name: service.name,
    service_url: shown?.registration.url,
    ...(shown?.registration.healthUrl ? { health_check_url: shown.registration.healthUrl } : {}),
    status: upstreamStatus(stateOfService(service)),
    service_metadata: shown?.registration.metadata,
    registered_at: isoTime(oldest),
    healthy_instances: service.healthy.length,
    total_instances: all.length,
    ...(held === 0 ? {} : { evictions_held: true, held_instances: held }),
  };
}

/** All of a service's rows, in the order of their ids. */
export function instanceRows(instances: Iterable<Instance>): InstanceRow[] {
  return [...instances]
    .sort((a, b) => (a.registration.id < b.registration.id ? -1 : 1))
    .map((instance) => instanceRow(instance));
}

/** Rows of all services, in the order of their names. */
export function serviceRows(directory: Directory): ServiceRow[] {
  return [...directory.catalog.services()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((service) => serviceRow(service, directory.heldOf(service.name)));
}
