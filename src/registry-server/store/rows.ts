// Registrations, tombstones and audit entries as rows, and back.
import type { Insertable } from 'kysely';
import type { State } from '../../wire/status.js';
import type { AuditEntry, Registration, Tombstone } from '../registration.js';
import type { AuditTable, InstanceTable, TombstoneTable } from './schema.js';

export function instanceRow(registration: Registration): InstanceTable {
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
  };
}

export function registrationOf(row: InstanceTable): Registration {
  return {
    service: row.service,
    id: row.id,
    url: row.url,
    healthUrl: row.health_url,
    metadata: JSON.parse(row.metadata) as Record<string, unknown>,
    declared: row.declared as State | null,
    serviceId: row.service_id,
    owner: row.owner,
    registeredFrom: row.registered_from,
    registeredAt: row.registered_at,
    incarnation: row.incarnation,
    revision: row.revision,
    state: row.state as State,
    beats: row.beats === 1,
  };
}

export function tombstoneRow({ removedAt, ...tombstone }: Tombstone): TombstoneTable {
  return { ...tombstone, removed_at: removedAt };
}

export function tombstoneOf({ removed_at, ...row }: TombstoneTable): Tombstone {
  return { ...row, removedAt: removed_at };
}

export function auditRow({ from, to, ...entry }: AuditEntry): Insertable<AuditTable> {
  return { ...entry, from_state: from, to_state: to };
}
