// Registrations, tombstones and audit entries as rows, and back.
import type { Insertable, Selectable } from 'kysely';
import type { AuditRow } from '../../wire/audit.js';
import { STATES, type State } from '../../wire/status.js';
import type { Registration, Tombstone } from '../registration.js';
import { UnreadableRow } from './explain.js';
import type { AuditTable, InstanceTable, TombstoneTable } from './schema.js';
import type { AuditRecord } from './store.js';

export function instanceRow(registration: Registration, changeSeq: number): InstanceTable {
  return {
    service: registration.service,
    id: registration.id,
    url: registration.url,
    health_url: registration.healthUrl,
    metadata: JSON.stringify(registration.metadata),
    declared: registration.declared,
    service_id: registration.serviceId,
    owner: registration.owner,
    registered_from: registration.registeredFrom,
    registered_at: registration.registeredAt,
    incarnation: registration.incarnation,
    revision: registration.revision,
    state: registration.state,
    beats: registration.beats ? 1 : 0,
    change_seq: changeSeq,
  };
}

/** Throws UnreadableRow where the row holds what no registration can be. */
export function registrationOf(row: InstanceTable): Registration {
  const unreadable = (why: string) => new UnreadableRow(row.service, row.id, why);
  const state = (word: string): State => {
    const known = STATES.find((one) => one === word);
    if (known === undefined) throw unreadable(`${JSON.stringify(word)} is no state`);
    return known;
  };
  return {
    service: row.service,
    id: row.id,
    url: row.url,
    healthUrl: row.health_url,
    metadata: metadataOf(row, unreadable),
    declared: row.declared === null ? null : state(row.declared),
    serviceId: row.service_id,
    owner: row.owner,
    registeredFrom: row.registered_from,
    registeredAt: row.registered_at,
    incarnation: row.incarnation,
    revision: row.revision,
    state: state(row.state),
    beats: row.beats === 1,
  };
}

/**
 * As registrationOf, for rows that are read one after the other: what they repeat is one text in memory, where each row
 * has brought its own.
 */
export function sharingTexts(): (row: InstanceTable) => Registration {
  const services = new Map<string, string>();
  let before: Registration | undefined;
  return (row) => {
    const registration = registrationOf(row);
    const { registeredFrom, registeredAt } = registration;
    const service = services.get(registration.service) ?? registration.service;
    services.set(service, service);
    before = {
      ...registration,
      service,
      registeredFrom: before?.registeredFrom === registeredFrom ? before.registeredFrom : registeredFrom,
      registeredAt: before?.registeredAt === registeredAt ? before.registeredAt : registeredAt,
    };
    return before;
  };
}

function metadataOf(
  { id, metadata: json }: InstanceTable,
  unreadable: (why: string) => Error,
): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw unreadable('its metadata is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unreadable('its metadata is not a JSON object');
  }
  const metadata: Record<string, unknown> = { ...value };
  // One text in memory for both.
  if (metadata.instance_id === id) metadata.instance_id = id;
  return metadata;
}

export function tombstoneRow({ removedAt, ...tombstone }: Tombstone, changeSeq: number): TombstoneTable {
  return { ...tombstone, removed_at: removedAt, change_seq: changeSeq };
}

export function tombstoneOf({ removed_at, change_seq: _, ...row }: TombstoneTable): Tombstone {
  return { ...row, removedAt: removed_at };
}

/** An audit row as the API tells it. */
export function toldRow(row: Omit<Selectable<AuditTable>, 'entry'>): AuditRow {
  const { service, id, from_state, to_state, ...rest } = row;
  return { ...rest, service_name: service, instance_id: id, from: from_state, to: to_state };
}

export function auditRow(record: AuditRecord): Insertable<AuditTable> {
  return {
    service: record.service,
    id: record.id,
    revision: record.revision,
    at: record.at,
    actor: record.actor,
    cause: record.cause,
    from_state: record.from,
    to_state: record.to,
    // PostgreSQL's text holds no NUL (its documentation, 8.3).
    detail: record.detail?.replaceAll('\0', '\uFFFD') ?? null,
    entry: record.entry,
  };
}
