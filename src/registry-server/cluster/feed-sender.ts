// Tells the other replicas what this one sees: entries in a ring of nodes in ZooKeeper, and the number of the latest in
// one more. Where ZooKeeper does not take them they go by PostgreSQL, under the same numbers.
import type { Observation } from '../observation.js';
import { encodeEntry, inEntries, type Told } from './entry.js';
import {
  entriesOf,
  FEED_TIMINGS,
  type FeedOptions,
  type FeedTimings,
  headsOf,
  RING,
  slotOf,
} from './feed-settings.js';
import { toOwn } from './own-nodes.js';

/** What an entry tells, encoded anew each time it is sent: it is older then. */
interface Draft {
  readonly seq: number;
  readonly told: readonly Told[];
  published: boolean;
  spooled: boolean;
}

/** What waits while nothing is taken, the latest of its kind of each instance; the oldest goes where it is too much. */
const MOST_PENDING = 200_000;
/** Entries that are sent at a time: who reads has to come after, round a ring of `RING`. */
const MOST_AT_ONCE = 4;

export class FeedSender {
  /** Neither ZooKeeper nor PostgreSQL takes anything: what this replica sees stays with it. */
  cutOff = false;
  readonly #options: FeedOptions;
  readonly #timings: FeedTimings;
  readonly #since: string;
  readonly #pending = new Map<string, Told>();
  /** The latest entries, by number, and whatever nobody has taken. */
  #drafts: Draft[] = [];
  #seq = 0;
  #publishedAt: number;
  #takenAt: number;
  /** Entries go by PostgreSQL at the moment. */
  #aside = false;
  #sending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #open = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#timings = { ...FEED_TIMINGS, ...options.timings };
    const { clock } = options;
    this.#since = clock.wall().toISOString();
    this.#publishedAt = clock.now();
    this.#takenAt = clock.now();
  }

  /** To be told soon; of what is told of one instance meanwhile the latest counts. */
  tell(observation: Observation): void {
    const key = keyOf(observation);
    this.#pending.delete(key);
    if (this.#pending.size >= MOST_PENDING) this.#pending.delete(this.#pending.keys().next().value ?? '');
    this.#pending.set(key, { observation, at: this.#options.clock.now() });
    if (this.#sending === undefined) this.#plan();
  }

  /** Tells from now on. Resolves as `flush` does. */
  start(): Promise<void> {
    this.#open = true;
    return this.flush();
  }

  /** Sends what was told so far; resolves when it was taken, or was not. */
  async flush(): Promise<void> {
    await this.#sending;
    await this.#send();
  }

  /** Tells the rest both ways: the nodes in ZooKeeper may go before everybody has read them. */
  async close(): Promise<void> {
    this.#open = false;
    clearTimeout(this.#timer);
    await this.flush();
    try {
      await this.#spoolLast();
      if (this.#pending.size === 0) return;
      while (this.#pending.size > 0) this.#draft();
      await this.#spoolLast();
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the last news of this replica may not have reached all others');
    }
  }

  #spoolLast(): Promise<void> {
    const recent = this.#seq - 2;
    const last = this.#drafts.filter(
      ({ seq, published, spooled }) => !spooled && (!published || seq > recent),
    );
    return last.some(({ told }) => told.length > 0) ? this.#spool(last) : Promise.resolve();
  }

  #plan(): void {
    if (!this.#open) return;
    const soon = this.#pending.size > 0 && !this.#aside;
    const ms = soon ? this.#timings.coalesceMs : this.#timings.signOfLifeMs;
    const dueAt = performance.now() + ms;
    if (dueAt >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => void this.#send(), ms);
  }

  #send(): Promise<void> {
    this.#sending ??= this.#round().finally(() => {
      this.#sending = undefined;
      this.#dueAt = Number.POSITIVE_INFINITY;
      this.#plan();
    });
    return this.#sending;
  }

  async #round(): Promise<void> {
    clearTimeout(this.#timer);
    // While entries wait that nobody has taken, more would only wait behind them.
    if (this.#drafts.every(isTaken)) this.#draft();
    try {
      for (const draft of this.#drafts.filter(({ published }) => !published)) {
        await within(this.#timings.spoolAfterMs, this.#publish(draft));
        draft.published = true;
        this.#taken(false);
        this.#publishedAt = this.#takenAt;
      }
    } catch (problem) {
      if (this.#options.clock.now() - this.#publishedAt >= this.#timings.spoolAfterMs)
        await this.#goAside(problem);
    }
  }

  /** Takes what is told next, as much as is sent at a time. */
  #draft(): void {
    const parts = inEntries([...this.#pending.values()]).slice(0, MOST_AT_ONCE);
    for (const told of parts) {
      for (const { observation } of told) this.#pending.delete(keyOf(observation));
      this.#seq += 1;
      this.#drafts.push({ seq: this.#seq, told, published: false, spooled: false });
    }
    this.#drafts = this.#drafts.filter((draft, i) => !isTaken(draft) || i >= this.#drafts.length - RING);
  }

  /** One transaction, so that who reads the number finds the entry. */
  async #publish({ seq, told }: Draft): Promise<void> {
    const { zookeeper, own, self, clock } = this.#options;
    const slot = { path: slotOf(own, self, seq), data: encodeEntry(self, seq, told, clock.now()) };
    const content = JSON.stringify({ seq, since: this.#since });
    const head = { path: `${headsOf(own)}/${self}`, data: Buffer.from(content) };
    if (await zookeeper.transact([slot, head].map((node) => ({ kind: 'set', ...node })))) return;
    // The first time round the ring, or a new session.
    await zookeeper.createAll(headsOf(own));
    await zookeeper.createAll(entriesOf(own));
    const ops = await Promise.all([slot, head].map(({ path, data }) => toOwn(zookeeper, path, data)));
    if (!(await zookeeper.transact(ops.flat()))) throw new Error('somebody else changes these nodes');
  }

  /** Tells the latest that were published, too: who lost ZooKeeper at the same time may not have read them. */
  async #goAside(problem: unknown): Promise<void> {
    const { clock, log } = this.#options;
    const drafts = this.#drafts.filter(({ spooled }) => !spooled);
    if (!this.#aside) log.warn({ err: problem }, 'ZooKeeper takes no news for the other replicas');
    this.#aside = true;
    try {
      await this.#spool(drafts);
      this.#taken(true);
    } catch (error) {
      if (clock.now() - this.#takenAt < this.#timings.spoolAfterMs * 1.5 || this.cutOff) return;
      this.cutOff = true;
      log.warn(
        { err: error },
        'nor does PostgreSQL: this replica takes no heartbeats until one of them does',
      );
    }
  }

  async #spool(drafts: readonly Draft[]): Promise<void> {
    const { spool, self, clock } = this.#options;
    const entries = drafts.map(({ seq, told }) => encodeEntry(self, seq, told, clock.now()));
    await within(this.#timings.spoolAfterMs, spool(entries));
    for (const draft of drafts) draft.spooled = true;
  }

  #taken(aside: boolean): void {
    const { clock, log } = this.#options;
    this.#takenAt = clock.now();
    if (this.cutOff || (this.#aside && !aside))
      log.info({}, `${aside ? 'PostgreSQL' : 'ZooKeeper'} takes news for the other replicas again`);
    this.cutOff = false;
    this.#aside = aside;
  }
}

function isTaken({ published, spooled }: Draft): boolean {
  return published || spooled;
}

function keyOf(observation: Observation): string {
  if (observation.kind === 'known') return `known ${observation.serviceId} ${observation.address}`;
  const { kind, service } = observation;
  return 'id' in observation
    ? `${kind} ${service} ${observation.id} ${observation.incarnation}`
    : `${kind} ${service}`;
}

/** Rejects where it takes longer; what was begun may still be done then. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
