// What replicas tell each other by way of PostgreSQL while ZooKeeper takes nothing.
import { type Kysely, sql } from 'kysely';
import type { Connection } from './postgres-connection.js';
import { CHANNEL } from './postgres-watch.js';
import type { Tables } from './schema.js';

/** Older entries are no news to anybody. */
const KEPT = "interval '1 minute'";
const READ_AT_ONCE = 200;

export class Spool {
  readonly #db: Kysely<Tables>;
  readonly #origin: string;
  /** The last entry read; undefined until it is known where to begin. */
  #seen: number | undefined;
  listener: (entry: Uint8Array, agoMs: number) => void = () => undefined;

  constructor(db: Kysely<Tables>, origin: string) {
    this.#db = db;
    this.#origin = origin;
  }

  /** Hands entries to the other replicas; resolves once they can read them. */
  async write(entries: readonly Uint8Array[]): Promise<void> {
    if (entries.length === 0) return;
    await this.#db
      .transaction()
      .setIsolationLevel('read committed')
      .execute(async (trx) => {
        // One writer at a time: numbers become visible in their order, and a reader leaves none out.
        await sql`lock table feed_spool in share row exclusive mode`.execute(trx);
        await sql`delete from feed_spool where at < now() - ${sql.raw(KEPT)}`.execute(trx);
        const rows = entries.map((entry) => ({ origin: this.#origin, entry: Buffer.from(entry) }));
        await trx.insertInto('feed_spool').values(rows).execute();
        await sql`select pg_notify(${CHANNEL}, ${this.#origin})`.execute(trx);
      });
  }

  /** Tells the listener of the entries that others wrote since the last look. */
  async look(connection: Connection): Promise<void> {
    if (this.#seen === undefined) {
      const { rows } = await connection.query<{ seq: number }>(
        'select coalesce(max(seq), 0) as seq from feed_spool',
      );
      const [last] = rows;
      this.#seen = last?.seq ?? 0;
    }
    for (;;) {
      const { rows }: { rows: Row[] } = await connection.query<Row>(
        `select seq, origin, entry, extract(epoch from now() - at) * 1000 as ago
         from feed_spool where seq > $1 order by seq limit ${READ_AT_ONCE}`,
        [this.#seen],
      );
      for (const { seq, origin, entry, ago } of rows) {
        this.#seen = seq;
        if (origin !== this.#origin) this.listener(entry, Math.max(0, Number(ago)));
      }
      if (rows.length < READ_AT_ONCE) return;
    }
  }
}

interface Row {
  readonly seq: number;
  readonly origin: string;
  readonly entry: Buffer;
  readonly ago: string;
}
