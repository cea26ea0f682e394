// The commits of replicas that share a database: in one order, which a lock on one row gives them.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import type { Connection } from './postgres-connection.js';
import { kyselyOver } from './postgres-pool.js';
import { CHANNEL } from './postgres-watch.js';
import type { Tables } from './schema.js';
import { Undecided } from './store.js';

/** So long it is asked, every now and then, what became of a commit. */
const DECIDE_MS = 3_000;
const ASK_EVERY_MS = 200;

/** A commit, as it is found again where its answer was lost. */
interface Sent {
  readonly seq: number;
  /** Names an audit entry of the batch: it is there where the batch is. */
  readonly entry: string;
}

/** Every statement sees what was committed before it. */
const BEGIN = 'begin isolation level read committed';
/** Keeps every other replica from writing until the transaction ends. */
const LOCK = 'select seq, epoch from change_head for update';

/** How far the database is. */
export interface Head {
  /** Number of the latest commit. */
  readonly seq: number;
  /** Another one where commits were lost: the database was restored, failed over, or is another. */
  readonly epoch: string;
}

/** Makes a commit the latest, and says so to the others once it is done. */
const announcement = (seq: number, origin: string): string =>
  `update change_head set seq = ${seq}; select pg_notify('${CHANNEL}', '${origin}'); `;

export class Commits {
  readonly #db: Kysely<Tables>;
  readonly #origin: string;

  /** Over one connection of its own, which `open` makes; notifications carry the origin, a UUID. */
  constructor(open: () => Promise<Connection>, origin: string) {
    this.#db = kyselyOver(open, 1);
    this.#origin = origin;
  }

  close(): Promise<void> {
    return this.#db.destroy();
  }

  /**
   * Does the work in a transaction that nobody else writes beside. It is told the latest commit; the
   * commit that it answers is made the latest and announced to the others. Statements that can go together do: every
   * round trip is time in which no other replica writes. Rejects with nothing written, or with Undecided.
   */
  async write(
    work: (db: Kysely<Tables>, latest: Head) => Promise<Sent | undefined>,
  ): Promise<Sent | undefined> {
    let sent: Sent | undefined;
    try {
      await this.#db.connection().execute(async (db) => {
        try {
          sent = await work(db, await lockedHead(db));
          const announce = sent === undefined ? '' : announcement(sent.seq, this.#origin);
          await sql.raw(`${announce}commit`).execute(db);
        } catch (error) {
          await sql`rollback`.execute(db).catch(() => undefined);
          throw error;
        }
      });
    } catch (error) {
      // Set where all was written, so that it was the COMMIT which failed.
      if (sent === undefined) throw error;
      await this.#decide(sent, error);
    }
    return sent;
  }

  /**
   * Finds out what became of a commit whose answer was lost: who has the lock knows that it has ended. Resolves where it
   * is in the database; throws `error` where it is not, or Undecided.
   */
  async #decide({ entry }: Sent, error: unknown): Promise<void> {
    const late = AbortSignal.timeout(DECIDE_MS);
    while (!late.aborted) {
      let isThere = false;
      try {
        await this.write(async (db) => {
          const row = await db
            .selectFrom('audit')
            .select('seq')
            .where('entry', '=', entry)
            .executeTakeFirst();
          isThere = row !== undefined;
          return undefined;
        });
      } catch {
        // It may answer again in a moment.
        await sleep(ASK_EVERY_MS);
        continue;
      }
      if (!isThere) throw error;
      return;
    }
    throw new Undecided(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Begins the transaction that nobody else writes beside; answers the latest commit. */
async function lockedHead(db: Kysely<Tables>): Promise<Head> {
  const { rows } = await sql.raw<Head>(`${BEGIN}; ${LOCK}`).execute(db);
  const [head] = rows;
  if (head === undefined) throw new Error('the row of change_head is missing');
  return head;
}
