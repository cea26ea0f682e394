// Tables and migrations of the catalog and the audit trail, the same for both engines.
import { type Generated, type Kysely, type Migration, sql } from 'kysely';

export type SqlEngine = 'sqlite' | 'postgres';

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
  /** Of the commit that wrote it, as `change_head` counts them; 0 where nobody shares the database. */
  change_seq: number;
}

export interface TombstoneTable {
  service: string;
  id: string;
  incarnation: number;
  revision: number;
  owner: number | null;
  removed_at: string;
  change_seq: number;
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
  /** The name that no other entry has; null in rows from before there was one. */
  entry: string | null;
}

export interface Tables {
  instances: InstanceTable;
  tombstones: TombstoneTable;
  audit: AuditTable;
  /** One row: the highest revision of any service that was forgotten. */
  revision_floor: { id: number; revision: number };
  /** One row, written to find out whether anything can be written. */
  probe: { id: number; at: string };

  // What replicas need beside, in PostgreSQL alone.
  /**
   * One row: how many commits there were, and a name that is another where some of them were lost. Who has locked it is
   * the only one to write.
   */
  change_head: { id: number; seq: number; epoch: string };
  /** What replicas tell each other while ZooKeeper takes nothing. */
  feed_spool: { seq: Generated<number>; at: Generated<Date>; origin: string; entry: Uint8Array };
}

const first = (engine: SqlEngine): Migration => ({
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
      .addColumn('seq', engine === 'sqlite' ? 'integer' : 'bigint', (c) =>
        engine === 'sqlite' ? c.primaryKey().autoIncrement() : c.primaryKey().generatedAlwaysAsIdentity(),
      )
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
});

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

const third = (engine: SqlEngine): Migration => ({
  async up(db: Kysely<unknown>) {
    for (const table of ['instances', 'tombstones']) {
      await db.schema
        .alterTable(table)
        .addColumn('change_seq', 'bigint', (c) => c.notNull().defaultTo(0))
        .execute();
    }
    await db.schema.alterTable('audit').addColumn('entry', 'text').execute();
    // Nothing is ever sent twice to SQLite, and nobody shares it.
    if (engine === 'sqlite') return;
    await db.schema.createIndex('audit_entries').on('audit').column('entry').unique().execute();
    await db.schema.createIndex('instances_changed').on('instances').column('change_seq').execute();
    await db.schema.createIndex('tombstones_changed').on('tombstones').column('change_seq').execute();
    await db.schema
      .createTable('change_head')
      .addColumn('id', 'integer', (c) => c.primaryKey())
      .addColumn('seq', 'bigint', (c) => c.notNull())
      .execute();
    await sql`insert into change_head (id, seq) values (1, 0)`.execute(db);
    await db.schema
      .createTable('feed_spool')
      .addColumn('seq', 'bigint', (c) => c.primaryKey().generatedAlwaysAsIdentity())
      .addColumn('at', 'timestamptz', (c) => c.notNull().defaultTo(sql`now()`))
      .addColumn('origin', 'text', (c) => c.notNull())
      .addColumn('entry', 'bytea', (c) => c.notNull())
      .execute();
  },
});

const fourth = (engine: SqlEngine): Migration => ({
  async up(db: Kysely<unknown>) {
    if (engine === 'sqlite') return;
    await db.schema
      .alterTable('change_head')
      .addColumn('epoch', 'text', (c) => c.notNull().defaultTo(sql`md5(random()::text || clock_timestamp())`))
      .execute();
  },
});

/** In the order of their names; one that has been released never changes. */
export const migrationsFor = (engine: SqlEngine): Readonly<Record<string, Migration>> => ({
  '0001-catalog-and-audit': first(engine),
  '0002-owners-of-the-removed': second,
  '0003-shared-by-replicas': third(engine),
  '0004-databases-told-apart': fourth(engine),
});
