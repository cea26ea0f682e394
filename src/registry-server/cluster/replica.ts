// One replica among others: what it hears goes to all of them, and what they tell into its own directory.
import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../../errors.js';
import type { AuditQuery, AuditRow } from '../../wire/audit.js';
import type { Observation } from '../observation.js';
import type { EngineState, Parts, Replica, ReplicaState } from '../replica.js';
import { type Clock, moment } from '../settings.js';
import type { StoreLog } from '../store/postgres-watch.js';
import type { SharedStore } from '../store/store.js';
import type { AuditCache, CacheLog } from './audit-cache.js';
import type { Feed } from './feed.js';
import type { ForeignRights } from './foreign.js';
import type { Members } from './members.js';
import { InstanceNodes } from './nodes.js';
import type { NodesLog } from './nodes-news.js';
import type { Zookeeper, ZookeeperLog } from './zookeeper.js';

export type ClusterLog = ZookeeperLog & CacheLog & NodesLog & StoreLog;

export interface ReplicaParts {
  readonly zookeeper: Zookeeper;
  readonly store: SharedStore;
  readonly cache: AuditCache | undefined;
  readonly members: Members;
  readonly feed: Feed;
  /** Where the instances are in ZooKeeper. */
  readonly basePath: string;
  /** Of a Config Service that uses the same nodes. */
  readonly rights: ForeignRights;
  readonly clock: Clock;
  readonly log: ClusterLog;
}

/** A moment without news is nothing to speak of. */
const BLIND_MS = 1_000;
/** PostgreSQL is asked every second; an answer may take its time, unless it is known that there is none. */
const UNHEARD_MS = 3_000;
const UNANSWERED_MS = 2_000;
/** How often it is looked which database this is. */
const LOOK_MS = 500;
/** Until then replicas agree on the name of a database that went back. */
const AGREE_MS = 5_000;

/** Names the database that the store is over. */
export function databaseOf({ seen }: Pick<SharedStore, 'seen'>): string {
  return seen.split('/', 1).join();
}

export class ClusterReplica implements Replica {
  readonly #parts: ReplicaParts;
  readonly #looking: NodeJS.Timeout;
  #nodes: InstanceNodes | undefined;
  /** The database that the other replicas are told of; undefined where this one is no member. */
  #told: string | undefined;

  constructor(parts: ReplicaParts) {
    this.#parts = parts;
    this.#looking = setInterval(() => this.#look(), LOOK_MS);
  }

  keeps(service: string): boolean {
    return this.#parts.members.keeps(service);
  }

  tell(observation: Observation): void {
    this.#parts.feed.tell(observation);
  }

  state(): ReplicaState {
    const { members, zookeeper, store, cache } = this.#parts;
    const stateOf = (well: boolean): EngineState => (well ? 'healthy' : 'unhealthy');
    return {
      id: members.self,
      members: members.others.length + 1,
      zookeeper: stateOf(zookeeper.connected),
      postgres: stateOf(store.healthy),
      redis: stateOf(cache?.healthy ?? true),
    };
  }

  get staleSince(): number | undefined {
    const now = this.#parts.clock.now();
    const { feed, store } = this.#parts;
    const blindMs = now - (feed.blindSince ?? now);
    const { healthy, unheardMs } = store;
    // Not only once a question was in vain: until its deadline has passed it may be seconds.
    if (blindMs < BLIND_MS && unheardMs < (healthy ? UNHEARD_MS : UNANSWERED_MS)) return undefined;
    return now - Math.max(blindMs, unheardMs);
  }

  get cutOff(): boolean {
    return this.#parts.feed.cutOff;
  }

  audit(query: AuditQuery): Promise<AuditRow[]> {
    const { cache, store } = this.#parts;
    const read = () => store.audit(query);
    return cache === undefined ? read() : cache.rows(query, store.seen, read);
  }

  async join({ directory, writer, monitor, known }: Parts): Promise<void> {
    const { feed, store, members, zookeeper, basePath, rights, clock, log } = this.#parts;
    feed.onObservations((observations) => {
      for (const observation of observations) if (observation.kind === 'known') known.learn(observation);
      directory.learn(observations, moment(clock));
      // A check may be due earlier than was known here.
      monitor.wake();
    });
    feed.onBlind((since) => directory.setBlind(since !== undefined, moment(clock)));
    store.onSpooled((entry, agoMs) => feed.receive(entry, agoMs));
    // That PostgreSQL is away is said by who listens to it; what was missed is told again.
    store.onChanged(() => void writer.catchUp().catch(() => undefined));
    members.onChange((change) => {
      monitor.wake();
      if (!members.welcomes(change)) return;
      for (const lease of directory.leases(moment(clock))) feed.tell(lease);
      for (const address of known.all()) feed.tell({ kind: 'known', ...address });
    });
    directory.setBlind(true, moment(clock));
    await feed.start();
    // What was committed since it was loaded.
    await writer.catchUp();
    await this.#requireOneDatabase();
    this.#told = databaseOf(store);
    await members.join();
    this.#nodes = new InstanceNodes({
      ...{ zookeeper, members, writer, basePath, rights, clock, log },
      catalog: directory.catalog,
    });
    this.#nodes.start();
  }

  async handOver(): Promise<void> {
    const { feed, members } = this.#parts;
    this.#told = undefined;
    await Promise.all([feed.flush(), members.leave()]);
    await this.#nodes?.handOver();
  }

  async close(): Promise<void> {
    const { feed, cache, zookeeper } = this.#parts;
    clearInterval(this.#looking);
    await this.#nodes?.close();
    await feed.close();
    cache?.close();
    await zookeeper.close();
  }

  /** Throws CANNOT_SERVE where replicas over another database are here: each would undo what the others do in ZooKeeper. */
  async #requireOneDatabase(): Promise<void> {
    const { members, basePath } = this.#parts;
    const until = performance.now() + AGREE_MS;
    while ((await members.stranger()) !== undefined) {
      if (performance.now() > until) {
        throw fail('CANNOT_SERVE', {
          what: 'The registry cannot start:',
          why: `replicas that use ${basePath} in this ZooKeeper are over another database.`,
          next: 'Give --postgres as they have it, or another --zookeeper-base-path.',
        });
      }
      await delay(LOOK_MS);
    }
  }

  #look(): void {
    const { store, members } = this.#parts;
    const database = databaseOf(store);
    if (this.#told !== undefined && this.#told !== database) {
      this.#told = database;
      void members.join();
    }
  }
}
