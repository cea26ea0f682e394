// The embedded store: SQLite through libsql, in a file or in memory.

import { Kysely, sql } from 'kysely';
import type { AuditQuery, AuditRow } from '../../wire/audit.js';
import type { Stored } from '../directory.js';
import { cannotUse } from './explain.js';
import { type Database, LibsqlDialect, openDatabase, rollBack, rowsOf } from './libsql-dialect.js';
import { migrationsFor, type Tables } from './schema.js';
import { auditRows, forgetTombstones, migrate, probeWrite, readAll } from './sql.js';
import { transactionOf } from './sqlite-batch.js';
import { type Batch, type Missed, NOTHING_MISSED, type Store } from './store.js';

/** 16 MiB of 4 KiB: what is written again and again reaches the database once in four times as much as by default. */
const CHECKPOINT_PAGES = 4000;
/** Rows that are read at once at the start. */
const PAGE = 5000;
/** SQLite's own number of a row: the higher, the later it was written first. */
const ROWID = sql<number>`rowid`;

export class EmbeddedStore implements Store {
  readonly #database: Database;
  readonly #path: string;
  readonly #db: Kysely<Tables>;

  private constructor(database: Database, path: string) {
    this.#database = database;
    this.#path = path;
    this.#db = new Kysely<Tables>({ dialect: new LibsqlDialect(database) });
  }

  /**
   * Opens the database at `path` (`:memory:` keeps nothing) and holds it alone until it is closed or this process ends.
   * Rejects with an SqliteError where it is in use, corrupt or cannot be written, and changes nothing then.
   */
  static async open(path: string): Promise<EmbeddedStore> {
    const database = openDatabase(path);
    try {
      // Exclusive: a second process is refused, and the lock dies with this one.
      await rowsOf(database, 'PRAGMA locking_mode=EXCLUSIVE');
      await database.exec('BEGIN EXCLUSIVE; COMMIT');
      // Before anything is written: what is damaged stays as it is.
      await requireIntact(database);
      await rowsOf(database, 'PRAGMA journal_mode=WAL');
      await rowsOf(database, 'PRAGMA synchronous=FULL');
      await rowsOf(database, `PRAGMA wal_autocheckpoint=${CHECKPOINT_PAGES}`);
      const store = new EmbeddedStore(database, path);
      await migrate(store.#db, migrationsFor('sqlite'));
      return store;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Throws CANNOT_SERVE, naming the file and the row, where something in it cannot be read. */
  async load(): Promise<Stored> {
    try {
      return await readAll(this.#db, this.#pages());
    } catch (error) {
      throw cannotUse(error, this.#path);
    }
  }

  /** As they were registered: all rows at once would be garbage as large as the catalog. */
  async *#pages() {
    for (let after = 0; ; ) {
      const rows = await this.#db
        .selectFrom('instances')
        .selectAll()
        .select(ROWID.as('rowid'))
        .where(ROWID, '>', after)
        .orderBy(ROWID)
        .limit(PAGE)
        .execute();
      yield rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) return;
      after = last.rowid;
    }
  }

  async commit(prepare: (missed: Missed) => Batch): Promise<void> {
    const batch = prepare(NOTHING_MISSED);
    if (batch.audit.length === 0) return;
    // The connection is its own meanwhile: nobody else reads what is not committed, or is rolled back with it.
    await this.#db.connection().execute(async () => {
      try {
        await this.#database.exec(transactionOf(batch));
      } catch (error) {
        await rollBack(this.#database);
        throw error;
      }
    });
  }

  /** Nobody else writes here. */
  async catchUp(): Promise<Missed> {
    return NOTHING_MISSED;
  }

  async forgetBefore(limit: Date): Promise<void> {
    await this.#db.transaction().execute((trx) => forgetTombstones(trx, limit));
  }

  audit(query: AuditQuery): Promise<AuditRow[]> {
    return auditRows(this.#db, query);
  }

  async probe(): Promise<void> {
    await probeWrite(this.#db, new Date().toISOString());
  }

  /** SQLite's `synchronous` of this connection: 2 (FULL) waits for the disk before a commit is done. */
  async synchronous(): Promise<number> {
    const [row] = (await rowsOf(this.#database, 'PRAGMA synchronous')) as { synchronous: number }[];
    return row?.synchronous ?? 0;
  }

  /** Leaves one file, complete, and gives up the lock at once; `close` alone would wait for the garbage collector. */
  async close(): Promise<void> {
    try {
      await rowsOf(this.#database, 'PRAGMA journal_mode=DELETE');
      await rowsOf(this.#database, 'PRAGMA locking_mode=NORMAL');
      await rowsOf(this.#database, 'SELECT count(*) FROM sqlite_master');
    } catch {
      // No space to tidy up: everything is durable in the write-ahead log, which the next start reads.
    }
    this.#database.close();
  }
}

/** Throws where the file is damaged: what it says of services could not be trusted. */
async function requireIntact(database: Database): Promise<void> {
  const [result] = (await rowsOf(database, 'PRAGMA quick_check(1)')) as { quick_check: string }[];
  if (result?.quick_check !== 'ok') {
    throw Object.assign(new Error(`it is damaged: ${result?.quick_check ?? 'no answer'}`), {
      code: 'SQLITE_CORRUPT',
    });
  }
}
