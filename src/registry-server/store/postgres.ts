// The store that replicas share: PostgreSQL. Their commits are in one order, which a lock on one row gives them.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { AuditQuery, AuditRow } from '../../wire/audit.js';
import type { PostgresLogin } from '../cluster/engines.js';
import type { Stored } from '../directory.js';
import { Connection } from './postgres-connection.js';
import { cannotUsePostgres } from './postgres-explain.js';
import { type OpenOptions, readSlowly, whenUp } from './postgres-open.js';
import { kyselyOver } from './postgres-pool.js';
import { Spool } from './postgres-spool.js';
import { CHANNEL, Watch } from './postgres-watch.js';
import type { Tables } from './schema.js';
import { auditRows, boundAudit, forgetTombstones, probeWrite, readAll, readSince, write } from './sql.js';
import { type Batch, type Missed, NOTHING_MISSED, type SharedStore, Undecided } from './store.js';

/** Connections for reading; one more is for writing, and one for hearing of the others. */
const READERS = 2;
/** The audit trail is cut to its length after this many rows: a cut at every commit would cost each of them. */
const ROWS_BETWEEN_CUTS = 1_000;
/** How often it is asked what became of a commit, and after what pauses. */
const DECIDE_AFTER_MS = [0, 200, 500, 1_000, 1_500];

/** What was sent when the answer was lost. */
interface Sent {
  readonly seq: number;
  /** Names an audit entry of the batch: it is there where the batch is. */
  readonly entry: string;
}

export class PostgresStore implements SharedStore {
  readonly #login: PostgresLogin;
  readonly #origin = randomUUID();
  readonly #writes: Kysely<Tables>;
  readonly #reads: Kysely<Tables>;
  readonly #spool: Spool;
  readonly #watch: Watch;
  /** The last commit that the directory knows of. */
  #seen = 0;
  #rowsSinceCut = ROWS_BETWEEN_CUTS;
  #changed: () => void = () => undefined;

  private constructor(login: PostgresLogin, { random, log }: OpenOptions) {
    const open = () => Connection.open(login);
    this.#login = login;
    this.#writes = kyselyOver(open, 1);
    this.#reads = kyselyOver(open, READERS);
    this.#spool = new Spool(this.#reads, this.#origin);
    this.#watch = new Watch({
      open,
      origin: this.#origin,
      random: random ?? Math.random,
      log,
      look: (connection) => this.#look(connection),
    });
  }

  /**
   * Connects, and brings the tables to this version while no other replica does. Waits for a server that is not up yet;
   * throws CANNOT_SERVE, naming it, where it stays so or refuses.
   */
  static async open(login: PostgresLogin, options: OpenOptions): Promise<PostgresStore> {
    await whenUp(login, options);
    return new PostgresStore(login, options);
  }

  get healthy(): boolean {
    return this.#watch.healthy;
  }

  onChanged(listener: () => void): void {
    this.#changed = listener;
  }

  onSpooled(listener: (entry: Uint8Array, agoMs: number) => void): void {
    this.#spool.listener = listener;
  }

  spool(entries: readonly Uint8Array[]): Promise<void> {
    return this.#spool.write(entries);
  }

  async load(): Promise<Stored> {
    try {
      return await readSlowly(this.#login, async (trx) => {
        const seq = await headOf(trx);
        const stored = await readAll(trx);
        this.#seen = seq;
        return stored;
      });
    } catch (error) {
      throw cannotUsePostgres(error, this.#login);
    }
  }

  async commit(prepare: (missed: Missed) => Batch): Promise<void> {
    let sent: Sent | undefined;
    try {
      await this.#writing(async (trx) => {
        const seq = (await lock(trx)) + 1;
        const missed = await this.#missed(trx, seq - 1);
        this.#seen = seq - 1;
        const batch = prepare(missed);
        const [first] = batch.audit;
        if (first === undefined) return;
        await write(trx, batch, seq);
        this.#rowsSinceCut += batch.audit.length;
        if (this.#rowsSinceCut >= ROWS_BETWEEN_CUTS) {
          await boundAudit(trx);
          this.#rowsSinceCut = 0;
        }
        await this.#announce(trx, seq);
        sent = { seq, entry: first.entry };
      });
    } catch (error) {
      // Set where all was written, so that it was the COMMIT which failed.
      if (sent === undefined) throw error;
      await this.#decide(sent, error);
    }
    if (sent !== undefined) this.#seen = sent.seq;
  }

  async catchUp(): Promise<Missed> {
    const news = await this.#reads
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute(async (trx) => {
        const head = await headOf(trx);
        return { head, missed: await this.#missed(trx, head) };
      });
    this.#seen = news.head;
    return news.missed;
  }

  async forgetBefore(limit: Date): Promise<void> {
    await this.#writing(async (trx) => {
      await lock(trx);
      await forgetTombstones(trx, limit);
    });
  }

  async probe(): Promise<void> {
    await probeWrite(this.#reads, new Date().toISOString());
  }

  audit(query: AuditQuery): Promise<AuditRow[]> {
    return auditRows(this.#reads, query);
  }

  async close(): Promise<void> {
    this.#watch.close();
    await Promise.all([this.#writes.destroy(), this.#reads.destroy()]);
  }

  /** In a transaction of its own, in which every statement sees what was committed before it. */
  #writing<T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
    return this.#writes.transaction().setIsolationLevel('read committed').execute(work);
  }

  async #missed(db: Kysely<Tables>, head: number): Promise<Missed> {
    return head > this.#seen ? await readSince(db, this.#seen) : NOTHING_MISSED;
  }

  /** Makes this commit the latest, and says so to the others once it is. */
  async #announce(trx: Kysely<Tables>, seq: number): Promise<void> {
    await sql`with head as (update change_head set seq = ${seq} where id = 1)
      select pg_notify(${CHANNEL}, ${this.#origin})`.execute(trx);
  }

  /**
   * Finds out what became of a commit whose answer was lost: who has the lock knows that it has ended. Resolves where it
   * is in the database; throws `error` where it is not, or Undecided.
   */
  async #decide({ entry }: Sent, error: unknown): Promise<void> {
    for (const pause of DECIDE_AFTER_MS) {
      await sleep(pause);
      let found: object | undefined;
      try {
        found = await this.#writing(async (trx) => {
          await lock(trx);
          return trx.selectFrom('audit').select('seq').where('entry', '=', entry).executeTakeFirst();
        });
      } catch {
        continue;
      }
      if (found === undefined) throw error;
      return;
    }
    throw new Undecided(error instanceof Error ? error.message : String(error), { cause: error });
  }

  async #look(connection: Connection): Promise<void> {
    const { rows } = await connection.query<{ seq: number }>('select seq from change_head');
    const [head] = rows;
    if (head !== undefined && head.seq > this.#seen) this.#changed();
    await this.#spool.look(connection);
  }
}

/** Keeps every other replica from writing until the transaction ends; answers the number of the latest commit. */
async function lock(trx: Transaction<Tables>): Promise<number> {
  const head = await trx.selectFrom('change_head').select('seq').forUpdate().executeTakeFirstOrThrow();
  return head.seq;
}

async function headOf(db: Kysely<Tables>): Promise<number> {
  const head = await db.selectFrom('change_head').select('seq').executeTakeFirstOrThrow();
  return head.seq;
}
