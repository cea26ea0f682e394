// Before a replica can use its database: the server is up, the tables are there and of this version.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { PostgresLogin } from '../cluster/engines.js';
import type { Random } from '../settings.js';
import { Connection, SCHEMA } from './postgres-connection.js';
import { cannotUsePostgres, mayPass, UnusableDatabase } from './postgres-explain.js';
import { kyselyOver } from './postgres-pool.js';
import type { StoreLog } from './postgres-watch.js';
import { migrationsFor, type Tables } from './schema.js';
import { migrate } from './sql.js';

export interface OpenOptions {
  readonly log: StoreLog;
  /** A server that is not up yet is waited for so long; default 30 s. */
  readonly waitMs?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
  readonly random?: Random;
}

const WAIT_MS = 30_000;
const ASK_EVERY_MS = 500;
/** What reads or changes whole tables gets this long. */
const SLOW_MS = 60_000;

/** Resolves once the database can be used. Throws CANNOT_SERVE. */
export async function whenUp(login: PostgresLogin, options: OpenOptions): Promise<void> {
  const { log, waitMs = WAIT_MS, signal } = options;
  const until = performance.now() + waitMs;
  for (let told = false; ; told = true) {
    try {
      return await prepare(login);
    } catch (error) {
      const late = performance.now() + ASK_EVERY_MS > until;
      if (!mayPass(error) || late || signal?.aborted) throw cannotUsePostgres(error, login);
      if (!told) log.warn({ err: error }, 'waiting for PostgreSQL');
      await sleep(ASK_EVERY_MS, undefined, signal && { signal }).catch(() => undefined);
    }
  }
}

/** Replicas that start together do this one after the other: the migrator holds a lock meanwhile. */
function prepare(login: PostgresLogin): Promise<void> {
  return slowly(login, async (db) => {
    await requireUnicode(db);
    await migrate(db, migrationsFor('postgres'), SCHEMA);
  });
}

/** Throws where text of ours could not be written: a name that the encoding lacks would hold up all others. */
async function requireUnicode(db: Kysely<Tables>): Promise<void> {
  const { rows } = await sql<{
    encoding: string;
  }>`select current_setting('server_encoding') as encoding`.execute(db);
  const [row] = rows;
  if (row?.encoding === 'UTF8') return;
  throw new UnusableDatabase(
    `keeps this database in ${row?.encoding}, not in UTF8`,
    "Make one with `create database registry encoding 'UTF8' template template0`, and name it in --postgres.",
  );
}

/** One snapshot of everything, read over a connection that is given time. */
export function readSlowly<T>(
  login: PostgresLogin,
  read: (trx: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  return slowly(login, (db) =>
    db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(read),
  );
}

async function slowly<T>(login: PostgresLogin, work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
  const db = kyselyOver<Tables>(() => Connection.open(login, SLOW_MS), 1);
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}
