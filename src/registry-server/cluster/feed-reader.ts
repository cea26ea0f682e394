// Hears what the other replicas tell: every entry of each once, in their order, whichever way it comes.
import type { Observation } from '../observation.js';
import { agedEntry, decodeEntry, type Entry, UnreadableEntry } from './entry.js';
import {
  entriesOf,
  FEED_TIMINGS,
  type FeedOptions,
  type FeedTimings,
  headsOf,
  RING,
  slotOf,
} from './feed-settings.js';
import { isMemberId } from './own-nodes.js';
import { Rerun } from './rerun.js';
import { ZookeeperUnavailable } from './zookeeper.js';

interface Sender {
  readonly id: string;
  readonly reading: Rerun;
  /** Its watch: always the same function, so that it is left once. */
  readonly reread: () => void;
  /** The number of the latest entry that counts as heard; undefined before the first look. */
  heard: number | undefined;
  /** When an entry was heard last. */
  freshAt: number;
  /** ZooKeeper lists it: it lives. */
  listed: boolean;
  /** Came by PostgreSQL and waits for its turn. */
  readonly waiting: Map<number, Entry>;
  /** It was said that something of it cannot be read. */
  blamed: boolean;
}

/** How often silence is noticed. */
const LOOK_MS = 250;
/** Senders that are gone are remembered, as far as there is room: they may come back in a new session. */
const MOST_SENDERS = 1_000;
const MOST_WAITING = 1_000;

export class FeedReader {
  readonly #options: FeedOptions;
  readonly #timings: FeedTimings;
  readonly #apply: (observations: readonly Observation[]) => void;
  readonly #onBlind: (since: number | undefined) => void;
  readonly #senders = new Map<string, Sender>();
  readonly #listing = new Rerun(() => this.#list());
  readonly #relist = () => void this.#listing.run();
  readonly #unlisten: () => void;
  #looking: NodeJS.Timeout | undefined;
  #started = false;
  /** The list has been read since the latest connection. */
  #current = false;
  #lostAt: number | undefined;
  #gapAt: number | undefined;
  #blindSince: number | undefined;

  constructor(
    options: FeedOptions,
    apply: (observations: readonly Observation[]) => void,
    onBlind: (since: number | undefined) => void,
  ) {
    const { zookeeper, clock } = options;
    this.#options = options;
    this.#timings = { ...FEED_TIMINGS, ...options.timings };
    this.#apply = apply;
    this.#onBlind = onBlind;
    this.#lostAt = clock.now();
    this.#blindSince = this.#lostAt;
    this.#unlisten = zookeeper.onConnection((connected) => {
      if (connected) return;
      this.#current = false;
      this.#lostAt ??= clock.now();
      this.#judge();
    });
  }

  /** Since when something may have been missed, monotonic; undefined where nothing was. */
  get blindSince(): number | undefined {
    return this.#blindSince;
  }

  /** Resolves once it is known where every sender stands: from there on everything is heard. */
  async start(): Promise<void> {
    const { zookeeper, own } = this.#options;
    await zookeeper.createAll(headsOf(own));
    await zookeeper.createAll(entriesOf(own));
    await this.#listing.run();
    if (!this.#current) throw new ZookeeperUnavailable('the other replicas cannot be listed');
    this.#started = true;
    this.#looking = setInterval(() => this.#look(), LOOK_MS);
  }

  /** An entry that came by PostgreSQL, `agoMs` after it was told. */
  receive(bytes: Uint8Array, agoMs: number): void {
    let entry: Entry;
    try {
      entry = agedEntry(decodeEntry(bytes), agoMs);
    } catch (error) {
      this.#options.log.warn({ err: error }, 'news of another replica in PostgreSQL cannot be read');
      return;
    }
    if (entry.sender === this.#options.self) return;
    const sender = this.#sender(entry.sender);
    if (entry.seq <= (sender.heard ?? 0) || sender.waiting.size >= MOST_WAITING) return;
    sender.waiting.set(entry.seq, entry);
    void sender.reading.run();
  }

  close(): void {
    clearInterval(this.#looking);
    this.#unlisten();
    this.#started = false;
  }

  #sender(id: string): Sender {
    const known = this.#senders.get(id);
    if (known !== undefined) return known;
    if (this.#senders.size >= MOST_SENDERS) this.#forgetOne();
    const reading = new Rerun(() => this.#read(sender));
    const sender: Sender = {
      id,
      reading,
      reread: () => void reading.run(),
      heard: undefined,
      freshAt: this.#options.clock.now(),
      listed: false,
      waiting: new Map(),
      blamed: false,
    };
    this.#senders.set(id, sender);
    return sender;
  }

  #forgetOne(): void {
    for (const { id, listed } of this.#senders.values()) {
      if (listed) continue;
      this.#senders.delete(id);
      return;
    }
  }

  async #list(): Promise<void> {
    const { zookeeper, own, self, clock, log } = this.#options;
    try {
      const folder = headsOf(own);
      let names = await zookeeper.children(folder, this.#relist);
      if (names === undefined) {
        // ZooKeeper has begun anew, and leaves a watch only on a node that is there.
        await zookeeper.createAll(folder);
        names = await zookeeper.children(folder, this.#relist);
      }
      const listed = new Set((names ?? []).filter((name) => isMemberId(name) && name !== self));
      for (const sender of this.#senders.values()) sender.listed &&= listed.has(sender.id);
      const senders = [...listed].map((id) => this.#sender(id));
      for (const sender of senders) {
        // One that comes back in a new session has as long as a new one.
        if (!sender.listed) sender.freshAt = clock.now();
        sender.listed = true;
      }
      await Promise.all(senders.map(({ reading }) => reading.run()));
      this.#current = zookeeper.connected;
      if (this.#current) this.#lostAt = undefined;
    } catch (error) {
      if (!(error instanceof ZookeeperUnavailable))
        log.warn({ err: error }, 'the other replicas cannot be listed');
    }
    this.#judge();
  }

  /** Reads whatever the sender has told since. */
  async #read(sender: Sender): Promise<void> {
    try {
      const head = await this.#head(sender);
      const oldest = Math.min(head > 0 ? Math.max(1, head - RING + 1) : Infinity, ...sender.waiting.keys());
      if (oldest === Infinity) return;
      // What was told before the start is in the store; of a replica that came later everything counts.
      sender.heard ??= this.#started || head === 0 ? oldest - 1 : head;
      if (sender.heard < oldest - 1) this.#missed(sender, sender.heard + 1, oldest - 1);
      await this.#hear(sender, head);
    } catch (error) {
      // With the connection everything is read again.
      if (error instanceof ZookeeperUnavailable) return;
      this.#options.log.warn({ err: error }, `news of replica ${sender.id} cannot be read`);
    } finally {
      this.#judge();
    }
  }

  async #hear(sender: Sender, head: number): Promise<void> {
    const { waiting } = sender;
    const last = Math.max(head, ...waiting.keys());
    for (let seq = (sender.heard ?? 0) + 1; seq <= last; seq += 1) {
      const entry = waiting.get(seq) ?? (seq <= head ? await this.#slot(sender, seq) : undefined);
      if (entry === undefined) {
        // Gone with all its nodes: it has told the last by PostgreSQL, too.
        if (head > 0 && (await this.#head(sender)) === 0) return;
        this.#missed(sender, seq, seq);
        continue;
      }
      sender.heard = seq;
      sender.freshAt = this.#options.clock.now();
      if (entry.observations.length > 0) this.#apply(entry.observations);
    }
    for (const seq of waiting.keys()) if (seq <= last) waiting.delete(seq);
  }

  /** The number of its latest entry, 0 where ZooKeeper has none or cannot be asked. */
  async #head(sender: Sender): Promise<number> {
    const { zookeeper, own } = this.#options;
    try {
      const node = await zookeeper.get(`${headsOf(own)}/${sender.id}`, sender.reread);
      return node === undefined ? 0 : seqOf(node.data);
    } catch (error) {
      if (!(error instanceof ZookeeperUnavailable)) this.#blame(sender, error);
      return 0;
    }
  }

  /** Undefined where it is not there any more, or no entry. */
  async #slot(sender: Sender, seq: number): Promise<Entry | undefined> {
    const { zookeeper, own } = this.#options;
    const node = await zookeeper.get(slotOf(own, sender.id, seq));
    if (node === undefined) return undefined;
    try {
      const entry = decodeEntry(node.data);
      return entry.sender === sender.id && entry.seq === seq ? entry : undefined;
    } catch (error) {
      this.#blame(sender, error);
      return undefined;
    }
  }

  #missed(sender: Sender, from: number, to: number): void {
    sender.heard = to;
    if (this.#gapAt === undefined)
      this.#options.log.warn({ sender: sender.id, from, to }, 'news of another replica was missed');
    this.#gapAt = this.#options.clock.now();
  }

  #blame(sender: Sender, error: unknown): void {
    if (sender.blamed) return;
    sender.blamed = true;
    this.#options.log.warn({ err: error }, `news of replica ${sender.id} cannot be read`);
  }

  /** In a new session there are no watches; and where a replica is silent, one may have been lost. */
  #look(): void {
    const { zookeeper } = this.#options;
    this.#judge();
    if (!zookeeper.connected) return;
    const silent = [...this.#senders.values()].filter((sender) => this.#isSilent(sender));
    if (silent.length > 0 || !this.#current) void this.#listing.run();
  }

  #isSilent({ listed, freshAt }: Sender): boolean {
    return listed && this.#options.clock.now() - freshAt > this.#timings.staleAfterMs;
  }

  #judge(): void {
    const now = this.#options.clock.now();
    // As long as what was missed can have taken before it was noticed.
    if (this.#gapAt !== undefined && now - this.#gapAt > this.#timings.staleAfterMs) this.#gapAt = undefined;
    const silent = [...this.#senders.values()].filter((sender) => this.#isSilent(sender));
    const since = Math.min(
      this.#lostAt ?? Infinity,
      this.#gapAt ?? Infinity,
      ...silent.map(({ freshAt }) => freshAt),
    );
    const was = this.#blindSince;
    this.#blindSince = since === Infinity ? undefined : since;
    if ((was === undefined) !== (this.#blindSince === undefined)) this.#onBlind(this.#blindSince);
  }
}

function seqOf(data: Buffer): number {
  const head: unknown = JSON.parse(data.toString());
  const seq = typeof head === 'object' && head !== null && 'seq' in head ? head.seq : undefined;
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1)
    throw new UnreadableEntry('its number is none');
  return seq;
}
