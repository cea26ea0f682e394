// Kysely over libsql's promises. `exec` runs in a thread of libsql's own, so that the event loop does not wait for the disk
// where a transaction is committed; rows of other statements are stepped through in this one.
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import Libsql from 'libsql/promise';

/** What is used of libsql's database, whose own types say little. */
export interface Database {
  readonly inTransaction: boolean;
  prepare(sql: string): Promise<{ all(parameters: readonly unknown[]): Promise<unknown[]> }>;
  /** Runs statements one after the other in another thread, with no others of this connection between them. */
  exec(sql: string): Promise<void>;
  close(): void;
}

/** Opens the database at `path`; throws an SqliteError where that cannot be done. */
export function openDatabase(path: string): Database {
  return new Libsql(path, {}) as Libsql & Pick<Database, 'inTransaction'>;
}

/** Runs one statement, whatever transaction there is, and answers its rows. */
export async function rowsOf(
  database: Database,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<unknown[]> {
  return (await database.prepare(sql)).all(parameters);
}

/** SQLite rolls back by itself where the disk is full: a second rollback would fail and hide why. */
export async function rollBack(database: Database): Promise<void> {
  if (database.inTransaction) await database.exec('ROLLBACK');
}

export class LibsqlDialect implements Dialect {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }

  createDriver(): Driver {
    return new LibsqlDriver(this.#database);
  }

  createIntrospector(db: Kysely<unknown>): SqliteIntrospector {
    return new SqliteIntrospector(db);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }
}

/** A migration is applied whole or not at all: SQLite can roll back DDL, which Kysely does not use unless told. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** There is one connection, which its users have in turn. */
class LibsqlDriver implements Driver {
  readonly #database: Database;
  readonly #connection: DatabaseConnection;
  #lastTurn: Promise<void> = Promise.resolve();
  #endTurn = (): void => undefined;

  constructor(database: Database) {
    this.#database = database;
    this.#connection = new LibsqlConnection(database);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#lastTurn;
    let end = (): void => undefined;
    this.#lastTurn = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    this.#endTurn = end;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#endTurn();
  }

  async beginTransaction(): Promise<void> {
    await this.#database.exec('BEGIN');
  }

  async commitTransaction(): Promise<void> {
    await this.#database.exec('COMMIT');
  }

  async rollbackTransaction(): Promise<void> {
    await rollBack(this.#database);
  }

  async destroy(): Promise<void> {
    this.#database.close();
  }
}

class LibsqlConnection implements DatabaseConnection {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    return { rows: (await rowsOf(this.#database, sql, parameters)) as R[] };
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }
}
