// Which replicas there are, and which of them keeps a service: that one checks, expires and evicts its instances, and
// holds their nodes.
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../settings.js';
import { isMemberId, toOwn } from './own-nodes.js';
import { Rerun } from './rerun.js';
import { type Zookeeper, type ZookeeperLog, ZookeeperUnavailable } from './zookeeper.js';

export interface MembersOptions {
  readonly zookeeper: Zookeeper;
  /** Above the nodes of replicas: `/regctl/services`. */
  readonly own: string;
  /** Twelve hex digits, other ones in each run. */
  readonly self: string;
  /** It changes nothing, and keeps services only where every replica is so. */
  readonly readOnly?: boolean;
  /** Names the database that this replica is over at the moment. */
  readonly database?: () => string;
  readonly clock: Clock;
  readonly log: ZookeeperLog;
}

export interface MembersChange {
  readonly came: readonly string[];
  readonly went: readonly string[];
}

const RETRY_MS = 500;
/** Ends the name of a node: its replica is read-only. The list of names tells all that has to be known. */
const READ_ONLY = '-ro';
/** Who came so lately may not know by itself how old the leases are. */
const NEW_FOR_MS = 10_000;
/** More answers than a registry has services are not kept. */
const MOST_ANSWERS = 200_000;

export class Members {
  readonly self: string;
  readonly #options: MembersOptions;
  readonly #folder: string;
  /** Of this replica's node. */
  readonly #path: string;
  readonly #since: string;
  readonly #listeners = new Set<(change: MembersChange) => void>();
  readonly #reading = new Rerun(() => this.#read());
  readonly #reread = () => void this.#reading.run();
  readonly #joining = new Rerun(() => this.#enter());
  readonly #closing = new AbortController();
  readonly #answers = new Map<string, boolean>();
  readonly #unlisten: () => void;
  /** The latest that could be read, in order; this replica is among them once it has joined. */
  #listed: readonly string[] = [];
  /** Those that keep services. */
  #keepers: readonly string[] = [];
  /** When each was listed first, monotonic; -Infinity of those who were there before this replica. */
  readonly #cameAt = new Map<string, number>();
  #wanted = false;

  constructor(options: MembersOptions) {
    const { zookeeper, own, self, clock, readOnly = false } = options;
    this.self = self;
    this.#options = options;
    this.#folder = `${own}/members`;
    this.#path = `${this.#folder}/${self}${readOnly ? READ_ONLY : ''}`;
    this.#since = clock.wall().toISOString();
    this.#unlisten = zookeeper.onConnection((connected) => {
      if (connected) void this.#reading.run();
    });
  }

  /** In order, without this replica; the last ones known where ZooKeeper cannot be asked. */
  get others(): readonly string[] {
    return this.#listed.filter((member) => member !== this.self);
  }

  /** Whether this replica is the keeper of the service. Never before it has joined, nor after it has left. */
  keeps(service: string): boolean {
    const known = this.#answers.get(service);
    if (known !== undefined) return known;
    const keeps = this.#wanted && keeperOf(service, this.#keepers) === this.self;
    if (this.#answers.size >= MOST_ANSWERS) this.#answers.clear();
    this.#answers.set(service, keeps);
    return keeps;
  }

  /**
   * Whether it is this replica that tells those who came how old every lease is: the first of those who have been there
   * for a while, and rather two of them than nobody.
   */
  welcomes({ came }: MembersChange): boolean {
    if (came.length === 0 || came.includes(this.self) || this.#ageOf(this.self) < NEW_FOR_MS / 2)
      return false;
    return this.others.every((other) => this.#ageOf(other) < NEW_FOR_MS || this.self < other);
  }

  /** Called after each change of the members. Returns how to stop it. */
  onChange(listener: (change: MembersChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Becomes a member, and again in every new session. Resolves once ZooKeeper lists it, or after `leave`. */
  join(): Promise<void> {
    this.#wanted = true;
    return this.#joining.run();
  }

  /** A replica that is over another database than this one; undefined where there is none. */
  async stranger(): Promise<string | undefined> {
    const { zookeeper, database } = this.#options;
    for (const name of (await zookeeper.children(this.#folder)) ?? []) {
      const node = await zookeeper.get(`${this.#folder}/${name}`);
      const theirs = node && databaseOf(node.data);
      if (theirs !== undefined && theirs !== database?.()) return name;
    }
    return undefined;
  }

  /** Keeps nothing from now on; the others learn of it at once where ZooKeeper can be told, else with the session's end. */
  async leave(): Promise<void> {
    this.#wanted = false;
    this.#closing.abort();
    this.#unlisten();
    this.#answers.clear();
    const { zookeeper, log } = this.#options;
    try {
      await zookeeper.remove(this.#path);
    } catch (error) {
      log.warn(
        { err: error },
        'the other replicas learn only with the end of the session that this one leaves',
      );
    }
  }

  async #enter(): Promise<void> {
    const { zookeeper, log } = this.#options;
    const { signal } = this.#closing;
    while (this.#wanted) {
      try {
        await zookeeper.createAll(this.#folder);
        const data = Buffer.from(
          JSON.stringify({ since: this.#since, database: this.#options.database?.() }),
        );
        const entered = await zookeeper.transact(await toOwn(zookeeper, this.#path, data));
        await this.#reading.run();
        if (entered && this.#listed.includes(this.self)) return;
      } catch (error) {
        // In the next connection it is tried anew, whoever waits for this one.
        if (!(error instanceof ZookeeperUnavailable)) log.warn({ err: error }, 'not among the replicas yet');
      }
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #read(): Promise<void> {
    const { zookeeper, log } = this.#options;
    try {
      const names = await zookeeper.children(this.#folder, this.#reread);
      if (names !== undefined) this.#take(names);
    } catch (error) {
      if (error instanceof ZookeeperUnavailable) return;
      log.warn({ err: error }, 'the replicas cannot be listed: the last ones known count');
    }
  }

  #ageOf(member: string): number {
    return this.#options.clock.now() - (this.#cameAt.get(member) ?? this.#options.clock.now());
  }

  #take(names: readonly string[]): void {
    const writers = names.filter(isMemberId).sort();
    const readers = names.flatMap((name) =>
      name.endsWith(READ_ONLY) ? name.slice(0, -READ_ONLY.length) : [],
    );
    const listed = [...writers, ...readers.filter(isMemberId)].sort();
    // It was gone with the session, or an outsider deleted it.
    if (this.#wanted && !listed.includes(this.self)) void this.#joining.run();
    const former = this.#listed;
    const came = listed.filter((member) => !former.includes(member));
    const went = former.filter((member) => !listed.includes(member));
    if (came.length + went.length === 0) return;
    this.#listed = listed;
    this.#keepers = writers.length > 0 ? writers : listed;
    this.#answers.clear();
    const now = this.#options.clock.now();
    for (const member of came) {
      if (member === this.self && this.#cameAt.has(member)) continue;
      this.#cameAt.set(member, former.length > 0 || member === this.self ? now : Number.NEGATIVE_INFINITY);
    }
    for (const member of went) if (member !== this.self) this.#cameAt.delete(member);
    this.#options.log.info({ members: listed, came, went }, `replicas: ${listed.length}`);
    for (const listener of [...this.#listeners]) listener({ came, went });
  }
}

function databaseOf(data: Buffer): string | undefined {
  try {
    const { database } = JSON.parse(data.toString());
    return typeof database === 'string' ? database : undefined;
  } catch {
    // Somebody else's node.
    return undefined;
  }
}

/** Rendezvous hashing: every replica comes to the same, in even shares, and who goes takes only its own share away. */
export function keeperOf(service: string, members: readonly string[]): string | undefined {
  let keeper: string | undefined;
  let highest = -1;
  for (const member of members) {
    const weight = createHash('sha1').update(`${member} ${service}`).digest().readUIntBE(0, 6);
    if (weight > highest) [keeper, highest] = [member, weight];
  }
  return keeper;
}
