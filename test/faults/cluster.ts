// Replicas, each behind a proxy of its own before each engine; every row has a database and a base path for itself.

import { type Deployment, newDeployment } from '../support/cluster.js';
import type { EngineName } from '../support/engines.js';
import { startProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { ZookeeperReader } from '../support/zookeeper-reader.js';
import type { Ports } from './engines-of-run.js';
import type { RegistryProcess } from './processes.js';
import type { ProcessOptions } from './registry-process.js';
import type { Stage } from './stage.js';

/** The default times, ten times as fast: an outage has to be noticed well within a lease, as with the real ones. */
export const CLUSTER_FAST = 10;
export const LEASE_MS = 90_000 / CLUSTER_FAST;
const TIMINGS = { downAfterMs: LEASE_MS, evictAfterMs: 600_000 / CLUSTER_FAST };
/** What one replica acknowledged another answers with by then: news is told at once, and looked for every second. */
const LAG_MS = 3000;

/** Of replicas in ZooKeeper: less than half a lease, as with the default times. */
const SESSION_MS = 4000;

export type Proxies = Readonly<Record<EngineName, TcpProxy>>;

export interface Replica {
  readonly process: RegistryProcess;
  readonly proxies: Proxies;
}

export class Cluster {
  readonly #stage: Stage;
  readonly #engines: Ports;
  readonly #deployment: Deployment;
  readonly #options: Partial<ProcessOptions>;
  #replicas: Replica[] = [];
  #started = 0;

  private constructor(
    stage: Stage,
    engines: Ports,
    deployment: Deployment,
    options: Partial<ProcessOptions>,
  ) {
    this.#stage = stage;
    this.#engines = engines;
    this.#deployment = deployment;
    this.#options = options;
  }

  /** Two replicas (`count`), which the traffic goes to in turn. */
  static async start(
    stage: Stage,
    engines: Ports,
    { count = 2, ...options }: Partial<ProcessOptions> & { count?: number } = {},
  ): Promise<Cluster> {
    stage.rule({
      leaseMs: LEASE_MS,
      sweepMs: 3000,
      evictAfterMs: TIMINGS.evictAfterMs,
      lagMs: LAG_MS,
    });
    const cluster = new Cluster(stage, engines, await newDeployment(engines), options);
    await Promise.all(Array.from({ length: count }, () => cluster.add()));
    return cluster;
  }

  /** One more replica. */
  async add(): Promise<Replica> {
    this.#started += 1;
    const name = `replica-${this.#started}`;
    const { zookeeper, postgres, redis } = this.#engines;
    const proxies = {
      zookeeper: await startProxy(zookeeper.port),
      postgres: await startProxy(postgres.port),
      redis: await startProxy(redis.port),
    };
    // Before the processes end: what is held back would keep them.
    this.#stage.onEnd(async () => {
      await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
    });
    const ports = {
      zookeeper: proxies.zookeeper.port,
      postgres: proxies.postgres.port,
      redis: proxies.redis.port,
    };
    const engines = this.#deployment.engines(ports);
    const process = await this.#stage.process(name, {
      timings: TIMINGS,
      ...this.#options,
      store: {
        kind: 'cluster',
        engines: { ...engines, zookeeper: { ...engines.zookeeper, sessionTimeoutMs: SESSION_MS } },
      },
    });
    const replica = { process, proxies };
    this.#replicas.push(replica);
    this.#aim();
    return replica;
  }

  /** Those that have not been taken out, in the order of their start. */
  get replicas(): readonly Replica[] {
    return [...this.#replicas];
  }

  /** The first two. */
  get pair(): readonly [Replica, Replica] {
    const [one, two] = this.#replicas;
    if (one === undefined || two === undefined) throw new Error('there are no two replicas');
    return [one, two];
  }

  /** Traffic goes to it no more: as a load balancer does once it has noticed. */
  takeOut(replica: Replica): void {
    this.#replicas = this.#replicas.filter((one) => one !== replica);
    this.#aim();
  }

  bringBack(replica: Replica): void {
    this.#replicas.push(replica);
    this.#aim();
  }

  #aim(): void {
    this.#stage.aim(this.#replicas.map(({ process }) => process));
  }

  /** The proxies of all replicas before one engine. */
  proxies(engine: EngineName): readonly TcpProxy[] {
    return this.#replicas.map(({ proxies }) => proxies[engine]);
  }

  get database(): string {
    return this.#deployment.name;
  }

  /** Sees the instances as one that knows the layout in ZooKeeper alone, on a connection of its own. */
  async reader(): Promise<ZookeeperReader> {
    const reader = await ZookeeperReader.connect(this.#engines.zookeeper.address, this.#deployment.basePath);
    this.#stage.onEnd(async () => reader.close());
    return reader;
  }
}
