// The store that replicas share: PostgreSQL.
import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { AuditQuery, AuditRow } from '../../wire/audit.js';
import type { PostgresLogin } from '../cluster/engines.js';
import type { Stored } from '../directory.js';
import { Commits, type Head } from './postgres-commits.js';
import type { Connection } from './postgres-connection.js';
import { cannotUsePostgres } from './postgres-explain.js';
import { type OpenOptions, readSlowly, whenUp } from './postgres-open.js';
import { kyselyOver } from './postgres-pool.js';
import { siblings } from './postgres-siblings.js';
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
  #seen: Head = { seq: 0, epoch: '' };
  /** Monotonic: there was no other then. */
  #currentAt = performance.now();
  /** The database did, and has no other name for it yet. */
  #wentBack = false;
  #rowsSinceCut = ROWS_BETWEEN_CUTS;
  #changed: () => void = () => undefined;

  private constructor(login: PostgresLogin, { random, log }: OpenOptions) {
    const open = siblings(login);
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

  get seen(): string {
    return `${this.#seen.epoch}/${this.#seen.seq}`;
  }

  get unheardMs(): number {
    return performance.now() - this.#currentAt;
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
        const head = await headOf(trx);
        const stored = await readAll(trx, [await trx.selectFrom('instances').selectAll().execute()]);
        this.#seen = head;
        return stored;
      });
    } catch (error) {
      throw cannotUsePostgres(error, this.#login);
    }
  }

  async commit(prepare: (missed: Missed) => Batch): Promise<void> {
    let { epoch } = this.#seen;
    const sent = await this.#commits.write(async (db, latest) => {
      epoch = await this.#epochFrom(db, latest);
      const batch = prepare(await this.#missed(db, latest));
      this.#seen = latest;
      // Nobody else commits meanwhile.
      this.#wasCurrent(performance.now());
      const [first] = batch.audit;
      if (first === undefined) return undefined;
      const seq = latest.seq + 1;
      await write(db, batch, seq);
      this.#rowsSinceCut += batch.audit.length;
      if (this.#rowsSinceCut >= ROWS_BETWEEN_CUTS) {
        await boundAudit(db);
        this.#rowsSinceCut = 0;
      }
      return { seq, entry: first.entry };
    });
    this.#wentBack = false;
    this.#seen = { seq: sent?.seq ?? this.#seen.seq, epoch };
  }

  async catchUp(): Promise<Missed | undefined> {
    const askedAt = performance.now();
    const news = await this.#reads
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute(async (trx) => {
        const head = await headOf(trx);
        return this.#follows(head) ? { head, missed: await this.#missed(trx, head) } : undefined;
      });
    if (news === undefined) return undefined;
    this.#seen = news.head;
    this.#wasCurrent(askedAt);
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

  /** A look and a commit may end in another order than they began. */
  #wasCurrent(at: number): void {
    this.#currentAt = Math.max(this.#currentAt, at);
  }

  /** Nothing of what this replica knows of was lost. */
  #follows({ seq, epoch }: Head): boolean {
    return epoch === this.#seen.epoch && seq >= this.#seen.seq;
  }

  async #missed(db: Kysely<Tables>, latest: Head): Promise<Missed> {
    if (!this.#follows(latest)) return { ...(await readSince(db, 0)), whole: true };
    return latest.seq === this.#seen.seq ? NOTHING_MISSED : readSince(db, this.#seen.seq);
  }

  /** The first to see that the database went back gives it another name, for those to see who come when it is further on. */
  async #epochFrom(db: Kysely<Tables>, latest: Head): Promise<string> {
    if (latest.epoch !== this.#seen.epoch) this.#wentBack = false;
    else if (latest.seq < this.#seen.seq) this.#wentBack = true;
    if (!this.#wentBack) return latest.epoch;
    const epoch = randomUUID();
    await db.updateTable('change_head').set({ epoch }).execute();
    return epoch;
  }

  async #look(connection: Connection): Promise<void> {
    const askedAt = performance.now();
    const { rows } = await connection.query<Head>('select seq, epoch from change_head');
    const [head] = rows;
    const isCurrent = head?.seq === this.#seen.seq && head.epoch === this.#seen.epoch;
    if (!isCurrent) this.#changed();
    await this.#spool.look(connection);
    if (isCurrent) this.#wasCurrent(askedAt);
  }
}

async function headOf(db: Kysely<Tables>): Promise<Head> {
  return db.selectFrom('change_head').select(['seq', 'epoch']).executeTakeFirstOrThrow();
}
