// A few connections that are made when they are needed, and lent to one at a time.
import {
  Kysely,
  type PostgresCursor,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import { type Connection, PATIENCE_MS, PostgresError } from './postgres-connection.js';

export class Pool implements PostgresPool {
  readonly #open: () => Promise<Connection>;
  readonly #max: number;
  readonly #connections = new Set<Connection>();
  readonly #idle: Connection[] = [];
  /** Each is to look again. */
  readonly #waiting: (() => void)[] = [];
  /** Connections that are being made, and those that are there. */
  #size = 0;
  #closed = false;

  constructor(open: () => Promise<Connection>, max: number) {
    this.#open = open;
    this.#max = max;
  }

  /** Rejects with PostgresError where there is none to be had within 4 s. */
  async connect(): Promise<PostgresPoolClient> {
    for (;;) {
      if (this.#closed) throw new PostgresError('the store is closed', 'ECONNRESET');
      const idle = this.#idle.pop();
      if (idle !== undefined) return this.#lend(idle);
      if (this.#size < this.#max) return this.#lend(await this.#make());
      await this.#turn();
    }
  }

  /** Ends all that are idle; those that are lent end with the work on them, or with its deadline. */
  async end(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.close();
    for (const lookAgain of this.#waiting.splice(0)) lookAgain();
  }

  async #make(): Promise<Connection> {
    this.#size += 1;
    try {
      const connection = await this.#open();
      this.#connections.add(connection);
      connection.onGone = () => this.#forget(connection);
      return connection;
    } catch (error) {
      this.#size -= 1;
      this.#waiting.shift()?.();
      throw error;
    }
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    this.#size -= 1;
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#waiting.shift()?.();
  }

  #turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const lookAgain = (): void => {
        clearTimeout(late);
        resolve();
      };
      const late = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(lookAgain), 1);
        reject(new PostgresError('too much is asked of PostgreSQL at once', 'ETIMEDOUT'));
      }, PATIENCE_MS);
      this.#waiting.push(lookAgain);
    });
  }

  #lend(connection: Connection): PostgresPoolClient {
    return new Lent(connection, () => {
      if (connection.isGone) return;
      if (this.#closed) connection.close();
      else {
        this.#idle.push(connection);
        this.#waiting.shift()?.();
      }
    });
  }
}

/** A connection as Kysely wants it. */
class Lent implements PostgresPoolClient {
  readonly #connection: Connection;
  readonly release: () => void;

  constructor(connection: Connection, release: () => void) {
    this.#connection = connection;
    this.release = release;
  }

  query<R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    text: string | PostgresCursor<R>,
    values: readonly unknown[] = [],
  ): PostgresCursor<R> | Promise<PostgresQueryResult<R>> {
    // Kysely asks for a cursor only where it was given a class of them.
    if (typeof text !== 'string') throw new TypeError('cursors are not used here');
    return this.#connection.query<R>(text, values);
  }
}

/** Kysely over at most `max` connections. */
export function kyselyOver<T>(open: () => Promise<Connection>, max: number): Kysely<T> {
  return new Kysely<T>({ dialect: new PostgresDialect({ pool: new Pool(open, max) }) });
}
