// The embedded store: SQLite through libsql, in a file or in memory.

import {
  Kysely,
  Migrator,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteStatement,
} from 'kysely';
import Libsql, { type Database } from 'libsql';
import type { AuditQuery, AuditRow } from '../../wire/audit.js';
import { MAX_TOMBSTONES } from '../catalog.js';
import type { Stored } from '../directory.js';
import { cannotUse } from './explain.js';
import { auditRow, instanceRow, registrationOf, toldRow, tombstoneOf, tombstoneRow } from './rows.js';
import { MIGRATIONS, type Tables } from './schema.js';
import { AUDIT_ROWS, type Batch, type Missed, NOTHING_MISSED, type Store } from './store.js';

/** Rows of one INSERT: SQLite takes 32,766 parameters, an instance has 14. */
const ROWS_PER_STATEMENT = 500;

/** Longer statements vary with the number of their rows: too many to keep. */
const LONGEST_KEPT_STATEMENT = 1000;

/** A migration is applied whole or not at all: SQLite can roll back DDL, which Kysely does not use unless told. */
class EmbeddedDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new (class extends SqliteAdapter {
      override get supportsTransactionalDdl(): boolean {
        return true;
      }
    })();
  }
}

const NOTHING: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
};

/**
 * What Kysely sees of the database. SQLite rolls back by itself where the disk is full; a second rollback would fail
 * and hide why. Short statements are prepared once.
 */
function adapt(database: Database): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(sql) {
      if (sql === 'rollback' && !database.inTransaction) return NOTHING;
      const known = prepared.get(sql);
      if (known !== undefined) return known;
      const statement: SqliteStatement = database.prepare(sql);
      if (sql.length <= LONGEST_KEPT_STATEMENT) prepared.set(sql, statement);
      return statement;
    },
  };
}

function* chunks<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += ROWS_PER_STATEMENT) yield items.slice(i, i + ROWS_PER_STATEMENT);
}

export class EmbeddedStore implements Store {
  readonly #database: Database;
  readonly #path: string;
  readonly #db: Kysely<Tables>;

  private constructor(database: Database, path: string) {
    this.#database = database;
    this.#path = path;
    this.#db = new Kysely<Tables>({ dialect: new EmbeddedDialect({ database: adapt(database) }) });
  }

  /**
   * Opens the database at `path` (`:memory:` keeps nothing) and holds it alone until it is closed or this process ends.
   * Rejects with an SqliteError where it is in use, corrupt or cannot be written, and changes nothing then.
   */
  static async open(path: string): Promise<EmbeddedStore> {
    const database = new Libsql(path);
    try {
      // Exclusive: a second process is refused, and the lock dies with this one.
      database.prepare('PRAGMA locking_mode=EXCLUSIVE').all();
      database.exec('BEGIN EXCLUSIVE; COMMIT');
      // Before anything is written: what is damaged stays as it is.
      requireIntact(database);
      database.prepare('PRAGMA journal_mode=WAL').all();
      database.prepare('PRAGMA synchronous=FULL').all();
      const store = new EmbeddedStore(database, path);
      await store.#migrate();
      return store;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  async #migrate(): Promise<void> {
    const migrator = new Migrator({
      db: this.#db,
      provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
    });
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) throw error;
  }

  /** Throws CANNOT_SERVE, naming the file and the row, where something in it cannot be read. */
  async load(): Promise<Stored> {
    try {
      return await this.#read();
    } catch (error) {
      throw cannotUse(error, this.#path);
    }
  }

  async #read(): Promise<Stored> {
    const instances = await this.#db.selectFrom('instances').selectAll().execute();
    const tombstones = await this.#db.selectFrom('tombstones').selectAll().orderBy('removed_at').execute();
    const floor = await this.#db.selectFrom('revision_floor').select('revision').executeTakeFirst();
    return {
      registrations: instances.map(registrationOf),
      tombstones: tombstones.map(tombstoneOf),
      revisionFloor: floor?.revision ?? 0,
    };
  }

  async commit(prepare: (missed: Missed) => Batch): Promise<void> {
    const { puts, removes, audit } = prepare(NOTHING_MISSED);
    if (audit.length === 0) return;
    await this.#db.transaction().execute(async (trx) => {
      for (const rows of chunks(puts)) {
        await trx
          .insertInto('instances')
          .values(rows.map(instanceRow))
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
            })),
          )
          .execute();
      }
      for (const { service, id } of removes) {
        await trx.deleteFrom('instances').where('service', '=', service).where('id', '=', id).execute();
      }
      for (const rows of chunks(removes)) {
        await trx
          .insertInto('tombstones')
          .values(rows.map(tombstoneRow))
          .onConflict((conflict) =>
            conflict.columns(['service', 'id']).doUpdateSet((eb) => ({
              incarnation: eb.ref('excluded.incarnation'),
              revision: eb.ref('excluded.revision'),
              owner: eb.ref('excluded.owner'),
              removed_at: eb.ref('excluded.removed_at'),
            })),
          )
          .execute();
      }
      for (const rows of chunks(audit)) {
        await trx.insertInto('audit').values(rows.map(auditRow)).execute();
      }
      await trx
        .deleteFrom('audit')
        .where('seq', '<=', (eb) =>
          eb.selectFrom('audit').select((max) => max(max.fn.max('seq'), '-', AUDIT_ROWS).as('limit')),
        )
        .execute();
    });
  }

  /** Nobody else writes here. */
  async catchUp(): Promise<Missed> {
    return NOTHING_MISSED;
  }

  async forgetBefore(limit: Date): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      const newest = await trx
        .selectFrom('tombstones')
        .select('removed_at')
        .orderBy('removed_at', 'desc')
        .offset(MAX_TOMBSTONES)
        .limit(1)
        .executeTakeFirst();
      const before = [limit.toISOString(), newest?.removed_at ?? ''].sort().at(-1) ?? '';
      const { highest } = await trx
        .selectFrom('tombstones')
        .where('removed_at', '<', before)
        .select((eb) => eb.fn.max('revision').as('highest'))
        .executeTakeFirstOrThrow();
      if (highest === null) return;
      await trx
        .insertInto('revision_floor')
        .values({ id: 1, revision: highest })
        .onConflict((conflict) =>
          conflict
            .column('id')
            .doUpdateSet({ revision: highest })
            .where('revision_floor.revision', '<', highest),
        )
        .execute();
      await trx.deleteFrom('tombstones').where('removed_at', '<', before).execute();
    });
  }

  async audit({ service, since, after, limit }: AuditQuery): Promise<AuditRow[]> {
    let rows = this.#db.selectFrom('audit').selectAll().orderBy('seq').limit(limit);
    if (service !== undefined) rows = rows.where('service', '=', service);
    if (since !== undefined) rows = rows.where('at', '>=', since.toISOString());
    if (after !== undefined) rows = rows.where('seq', '>', after);
    return (await rows.execute()).map(toldRow);
  }

  async probe(): Promise<void> {
    const at = new Date().toISOString();
    await this.#db
      .insertInto('probe')
      .values({ id: 1, at })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ at }))
      .execute();
  }

  /** SQLite's `synchronous` of this connection: 2 (FULL) waits for the disk before a commit is done. */
  synchronous(): number {
    const [row] = this.#database.prepare('PRAGMA synchronous').all() as { synchronous: number }[];
    return row?.synchronous ?? 0;
  }

  /** Leaves one file, complete, and gives up the lock at once; `close` alone would wait for the garbage collector. */
  async close(): Promise<void> {
    try {
      this.#database.prepare('PRAGMA journal_mode=DELETE').all();
      this.#database.prepare('PRAGMA locking_mode=NORMAL').all();
      this.#database.prepare('SELECT count(*) FROM sqlite_master').all();
    } catch {
      // No space to tidy up: everything is durable in the write-ahead log, which the next start reads.
    }
    this.#database.close();
  }
}

/** Throws where the file is damaged: what it says of services could not be trusted. */
function requireIntact(database: Database): void {
  const [result] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
  if (result?.quick_check !== 'ok') {
    throw Object.assign(new Error(`it is damaged: ${result?.quick_check ?? 'no answer'}`), {
      code: 'SQLITE_CORRUPT',
    });
  }
}
