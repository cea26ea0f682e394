// The embedded store: SQLite through libsql, in a file or in memory.

import { Kysely, SqliteAdapter, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';
import Libsql, { type Database } from 'libsql';
import type { AuditQuery, AuditRow } from '../../wire/audit.js';
import type { Stored } from '../directory.js';
import { cannotUse } from './explain.js';
import { migrationsFor, type Tables } from './schema.js';
import { auditRows, boundAudit, forgetTombstones, migrate, probeWrite, readAll, write } from './sql.js';
import { type Batch, type Missed, NOTHING_MISSED, type Store } from './store.js';

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
      return await readAll(this.#db);
    } catch (error) {
      throw cannotUse(error, this.#path);
    }
  }

  async commit(prepare: (missed: Missed) => Batch): Promise<void> {
    const batch = prepare(NOTHING_MISSED);
    if (batch.audit.length === 0) return;
    await this.#db.transaction().execute(async (trx) => {
      await write(trx, batch, 0);
      await boundAudit(trx);
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
