// The queries of the catalog and the audit trail, the same for both engines but for `write`: SQLite has sqlite-batch.ts.
import { type Kysely, type Migration, Migrator, type Selectable } from 'kysely';
import type { AuditQuery, AuditRow } from '../../wire/audit.js';
import { MAX_TOMBSTONES } from '../catalog.js';
import type { Stored } from '../directory.js';
import { keyOf, type Registration } from '../registration.js';
import {
  auditRow,
  instanceRow,
  registrationOf,
  sharingTexts,
  toldRow,
  tombstoneOf,
  tombstoneRow,
} from './rows.js';
import type { InstanceTable, Tables } from './schema.js';
import { AUDIT_ROWS, type Batch, type Missed } from './store.js';

type Db = Kysely<Tables>;

/** Rows of one INSERT: PostgreSQL takes 65,535 parameters; an instance has 15. */
const ROWS_PER_STATEMENT = 500;
/** Rows of one DELETE: each is looked up in the key. */
const REMOVES_PER_STATEMENT = 50;

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}

/** Brings the tables to this version. Throws where a newer version of regctl left them. */
export async function migrate<T>(
  db: Kysely<T>,
  migrations: Readonly<Record<string, Migration>>,
  schema?: string,
): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    ...(schema === undefined ? {} : { migrationTableSchema: schema }),
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

type InstanceRows = readonly Selectable<InstanceTable>[];

/** Everything that is kept but the audit trail; `pages` are all rows of instances, in the order they are to have. */
export async function readAll(
  db: Db,
  pages: AsyncIterable<InstanceRows> | Iterable<InstanceRows>,
): Promise<Stored> {
  const registrations: Registration[] = [];
  const registrationOfRow = sharingTexts();
  for await (const rows of pages) for (const row of rows) registrations.push(registrationOfRow(row));
  const tombstones = await db.selectFrom('tombstones').selectAll().orderBy('removed_at').execute();
  const floor = await db.selectFrom('revision_floor').select('revision').executeTakeFirst();
  return {
    registrations,
    tombstones: tombstones.map(tombstoneOf),
    revisionFloor: floor?.revision ?? 0,
  };
}

/** What was written by commits after this one, the first being 1; to be read in one snapshot. */
export async function readSince(db: Db, changeSeq: number): Promise<Missed> {
  const instances = await db
    .selectFrom('instances')
    .selectAll()
    .where('change_seq', '>', changeSeq)
    .orderBy('change_seq')
    .execute();
  const tombstones = await db
    .selectFrom('tombstones')
    .selectAll()
    .where('change_seq', '>', changeSeq)
    .orderBy('change_seq')
    .execute();
  // A tombstone stays where the id was registered again.
  const present = new Set(instances.map(({ service, id }) => keyOf(service, id)));
  return {
    puts: instances.map(registrationOf),
    removes: tombstones.filter(({ service, id }) => !present.has(keyOf(service, id))).map(tombstoneOf),
  };
}

/** Writes a batch as the commit of this number; to be called in a transaction. */
export async function write(db: Db, { puts, removes, audit }: Batch, changeSeq: number): Promise<void> {
  for (const rows of chunks(puts, ROWS_PER_STATEMENT)) {
    await db
      .insertInto('instances')
      .values(rows.map((registration) => instanceRow(registration, changeSeq)))
      .onConflict((conflict) =>
        conflict.columns(['service', 'id']).doUpdateSet((eb) => ({
          url: eb.ref('excluded.url'),
          health_url: eb.ref('excluded.health_url'),
          metadata: eb.ref('excluded.metadata'),
          declared: eb.ref('excluded.declared'),
          service_id: eb.ref('excluded.service_id'),
          owner: eb.ref('excluded.owner'),
          registered_from: eb.ref('excluded.registered_from'),
          registered_at: eb.ref('excluded.registered_at'),
          incarnation: eb.ref('excluded.incarnation'),
          revision: eb.ref('excluded.revision'),
          state: eb.ref('excluded.state'),
          beats: eb.ref('excluded.beats'),
          change_seq: eb.ref('excluded.change_seq'),
        })),
      )
      .execute();
  }
  for (const rows of chunks(removes, REMOVES_PER_STATEMENT)) {
    await db
      .deleteFrom('instances')
      .where((eb) => eb.or(rows.map(({ service, id }) => eb.and({ service, id }))))
      .execute();
  }
  for (const rows of chunks(removes, ROWS_PER_STATEMENT)) {
    await db
      .insertInto('tombstones')
      .values(rows.map((tombstone) => tombstoneRow(tombstone, changeSeq)))
      .onConflict((conflict) =>
        conflict.columns(['service', 'id']).doUpdateSet((eb) => ({
          incarnation: eb.ref('excluded.incarnation'),
          revision: eb.ref('excluded.revision'),
          owner: eb.ref('excluded.owner'),
          removed_at: eb.ref('excluded.removed_at'),
          change_seq: eb.ref('excluded.change_seq'),
        })),
      )
      .execute();
  }
  for (const rows of chunks(audit, ROWS_PER_STATEMENT)) {
    await db
      .insertInto('audit')
      .values(rows.map(auditRow))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** Leaves the latest rows of the audit trail. */
export async function boundAudit(db: Db): Promise<void> {
  await db
    .deleteFrom('audit')
    .where('seq', '<=', (eb) =>
      eb.selectFrom('audit').select((max) => max(max.fn.max('seq'), '-', AUDIT_ROWS).as('limit')),
    )
    .execute();
}

/** Rows of the audit trail, oldest first. */
export async function auditRows(db: Db, { service, since, after, limit }: AuditQuery): Promise<AuditRow[]> {
  let rows = db
    .selectFrom('audit')
    .select(['seq', 'service', 'id', 'revision', 'at', 'actor', 'cause', 'from_state', 'to_state', 'detail'])
    .orderBy('seq')
    .limit(limit);
  if (service !== undefined) rows = rows.where('service', '=', service);
  if (since !== undefined) rows = rows.where('at', '>=', since.toISOString());
  if (after !== undefined) rows = rows.where('seq', '>', after);
  return (await rows.execute()).map(toldRow);
}

/** As Store.forgetBefore; to be called in a transaction. */
export async function forgetTombstones(db: Db, limit: Date): Promise<void> {
  const newest = await db
    .selectFrom('tombstones')
    .select('removed_at')
    .orderBy('removed_at', 'desc')
    .offset(MAX_TOMBSTONES)
    .limit(1)
    .executeTakeFirst();
  const before = [limit.toISOString(), newest?.removed_at ?? ''].sort().at(-1) ?? '';
  const { highest } = await db
    .selectFrom('tombstones')
    .where('removed_at', '<', before)
    .select((eb) => eb.fn.max('revision').as('highest'))
    .executeTakeFirstOrThrow();
  if (highest === null) return;
  await db
    .insertInto('revision_floor')
    .values({ id: 1, revision: highest })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({ revision: highest }).where('revision_floor.revision', '<', highest),
    )
    .execute();
  await db.deleteFrom('tombstones').where('removed_at', '<', before).execute();
}

/** Writes one row, to find out whether anything can be written. */
export async function probeWrite(db: Db, at: string): Promise<void> {
  await db
    .insertInto('probe')
    .values({ id: 1, at })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ at }))
    .execute();
}
