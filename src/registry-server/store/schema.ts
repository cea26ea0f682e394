// Tables and migrations of the catalog and the audit trail.
import type { Generated, Kysely, Migration } from 'kysely';

export interface InstanceTable {
  service: string;
  id: string;
  url: string;
  health_url: string | null;
  /** JSON. */
  metadata: string;
  declared: string | null;
  service_id: number | null;
  owner: number | null;
  registered_from: string;
  registered_at: string;
  incarnation: number;
  revision: number;
  state: string;
  /** 0 or 1. */
  beats: number;
}

export interface TombstoneTable {
  service: string;
  id: string;
  incarnation: number;
  revision: number;
  owner: number | null;
  removed_at: string;
}

export interface AuditTable {
  seq: Generated<number>;
  service: string;
  id: string;
  revision: number;
  at: string;
  actor: string;
  cause: string;
  from_state: string | null;
  to_state: string | null;
  detail: string | null;
}

export interface Tables {
  instances: InstanceTable;
  tombstones: TombstoneTable;
  audit: AuditTable;
  /** One row: the highest revision of any service that was forgotten. */
  revision_floor: { id: number; revision: number };
  /** One row, written to find out whether anything can be written. */
  probe: { id: number; at: string };
}

const first: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('instances')
      .addColumn('service', 'text', (c) => c.notNull())
      .addColumn('id', 'text', (c) => c.notNull())
      .addColumn('url', 'text', (c) => c.notNull())
      .addColumn('health_url', 'text')
      .addColumn('metadata', 'text', (c) => c.notNull())
      .addColumn('declared', 'text')
      .addColumn('service_id', 'bigint')
      .addColumn('owner', 'bigint')
      .addColumn('registered_from', 'text', (c) => c.notNull())
      .addColumn('registered_at', 'text', (c) => c.notNull())
      .addColumn('incarnation', 'bigint', (c) => c.notNull())
      .addColumn('revision', 'bigint', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('beats', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('instances_key', ['service', 'id'])
      .execute();
    await db.schema
      .createTable('tombstones')
      .addColumn('service', 'text', (c) => c.notNull())
      .addColumn('id', 'text', (c) => c.notNull())
      .addColumn('incarnation', 'bigint', (c) => c.notNull())
      .addColumn('revision', 'bigint', (c) => c.notNull())
      .addColumn('removed_at', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('tombstones_key', ['service', 'id'])
      .execute();
    await db.schema
      .createTable('audit')
      .addColumn('seq', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('service', 'text', (c) => c.notNull())
      .addColumn('id', 'text', (c) => c.notNull())
      .addColumn('revision', 'bigint', (c) => c.notNull())
      .addColumn('at', 'text', (c) => c.notNull())
      .addColumn('actor', 'text', (c) => c.notNull())
      .addColumn('cause', 'text', (c) => c.notNull())
      .addColumn('from_state', 'text')
      .addColumn('to_state', 'text')
      .addColumn('detail', 'text')
      .execute();
    await db.schema.createIndex('audit_by_service').on('audit').columns(['service', 'seq']).execute();
    await db.schema
      .createTable('probe')
      .addColumn('id', 'integer', (c) => c.primaryKey())
      .addColumn('at', 'text', (c) => c.notNull())
      .execute();
  },
};

const second: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('tombstones').addColumn('owner', 'bigint').execute();
    await db.schema
      .createTable('revision_floor')
      .addColumn('id', 'integer', (c) => c.primaryKey())
      .addColumn('revision', 'bigint', (c) => c.notNull())
      .execute();
  },
};

/** In the order of their names; one that has been released never changes. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-catalog-and-audit': first,
  '0002-owners-of-the-removed': second,
};
