// The store that replicas share: PostgreSQL.
import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { AuditQuery, AuditRow } from '../../wire/audit.js';
import type { PostgresLogin } from '../cluster/engines.js';
import type { Stored } from '../directory.js';
import { Commits } from './postgres-commits.js';
import { Connection } from './postgres-connection.js';
import { cannotUsePostgres } from './postgres-explain.js';
import { type OpenOptions, readSlowly, whenUp } from './postgres-open.js';
import { kyselyOver } from './postgres-pool.js';
import { Spool } from './postgres-spool.js';
import { Watch } from './postgres-watch.js';
import type { Tables } from './schema.js';
import { auditRows, boundAudit, forgetTombstones, probeWrite, readAll, readSince, write } from './sql.js';
import { type Batch, type Missed, NOTHING_MISSED, type SharedStore } from './store.js';

/** Connections for reading; one more is for writing, and one for hearing of the others. */
const READERS = 2;
/** The audit trail is cut to its length after this many rows: a cut at every commit would cost each of them. */
const ROWS_BETWEEN_CUTS = 1_000;

export class PostgresStore implements SharedStore {
  readonly #login: PostgresLogin;
  readonly #origin = randomUUID();
  readonly #commits: Commits;
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
    this.#commits = new Commits(open, this.#origin);
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

  get seen(): number {
    return this.#seen;
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
    const sent = await this.#commits.write(async (db, latest) => {
      const batch = prepare(await this.#missed(db, latest));
      this.#seen = latest;
      const [first] = batch.audit;
      if (first === undefined) return undefined;
      const seq = latest + 1;
      await write(db, batch, seq);
      this.#rowsSinceCut += batch.audit.length;
      if (this.#rowsSinceCut >= ROWS_BETWEEN_CUTS) {
        await boundAudit(db);
        this.#rowsSinceCut = 0;
      }
      return { seq, entry: first.entry };
    });
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
    await this.#commits.write(async (db) => {
      await forgetTombstones(db, limit);
      return undefined;
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
    await Promise.all([this.#commits.close(), this.#reads.destroy()]);
  }

  /** Where commits were lost, in a database restored or failed over, everything is read anew. */
  async #missed(db: Kysely<Tables>, latest: number): Promise<Missed> {
    if (latest === this.#seen) return NOTHING_MISSED;
    return readSince(db, latest > this.#seen ? this.#seen : 0);
  }

  async #look(connection: Connection): Promise<void> {
    const { rows } = await connection.query<{ seq: number }>('select seq from change_head');
    const [head] = rows;
    if (head?.seq !== this.#seen) this.#changed();
    await this.#spool.look(connection);
  }
}

async function headOf(db: Kysely<Tables>): Promise<number> {
  const head = await db.selectFrom('change_head').select('seq').executeTakeFirstOrThrow();
  return head.seq;
}
