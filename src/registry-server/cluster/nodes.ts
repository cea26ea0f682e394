// The instances in ZooKeeper, in the layout of wire/config-service.md: the nodes of the services that this replica keeps
// are as the directory says, and what a deployed Config Service does there comes into the directory.
import { setTimeout as delay } from 'node:timers/promises';
import { isName, NAME_RULE } from '../../wire/names.js';
import type { Catalog } from '../catalog.js';
import type { Clock } from '../settings.js';
import type { Writer } from '../writer.js';
import { ForeignChanges, type ForeignRights } from './foreign.js';
import { type NodesLog, NodesNews } from './nodes-news.js';
import { eachOf, Rounds } from './rounds.js';
import { DEFAULT_PATIENCE, type NodesContext, type Patience, ServiceNodes } from './service-nodes.js';
import { type Zookeeper, ZookeeperUnavailable } from './zookeeper.js';

/** What has to be known of the replicas: which of them keeps a service. */
export interface Keepers {
  keeps(service: string): boolean;
  readonly others: readonly string[];
  onChange(listener: () => void): unknown;
}

export interface NodesOptions {
  readonly zookeeper: Zookeeper;
  readonly members: Keepers;
  readonly catalog: Catalog;
  readonly writer: Pick<Writer, 'submit' | 'catchUp'>;
  /** Where the services are: `/services`. */
  readonly basePath: string;
  readonly clock: Clock;
  readonly log: NodesLog;
  /** Default: a Config Service is trusted, as it trusts everybody. */
  readonly rights?: Partial<ForeignRights>;
  readonly patience?: Partial<Patience>;
}

/** In place of a service: the names of all of them. */
const SCOUT = '';
const MAX_SCOUT_PAUSE_MS = 1_000;
/** Others get this long to take over the nodes of a replica that leaves. */
const HAND_OVER_MS = 3_000;
/** Nodes that are looked at at once, then. */
const WIDTH = 64;

export class InstanceNodes {
  readonly #options: NodesOptions;
  readonly #context: NodesContext;
  readonly #services = new Map<string, ServiceNodes>();
  readonly #rounds: Rounds;
  readonly #unsubscribe: (() => void)[] = [];
  /** A watch for the names of services has not fired yet. */
  #scouting = false;
  #scoutMs = 0;

  constructor(options: NodesOptions) {
    const { zookeeper, catalog, writer, clock, log, rights, patience } = options;
    this.#options = options;
    this.#context = {
      zookeeper,
      catalog,
      foreign: new ForeignChanges(writer, clock, { tokens: false, readOnly: false, ...rights }),
      clock,
      patience: { ...DEFAULT_PATIENCE, ...patience },
      news: new NodesNews(log),
      held: new Set(),
      deletedAt: [],
    };
    this.#rounds = new Rounds({
      work: (key) => (key === SCOUT ? this.#scout() : this.#settle(key)),
      ready: () => zookeeper.connected,
      onTrouble(problem) {
        // That ZooKeeper is away is said by who is connected to it.
        if (problem instanceof ZookeeperUnavailable) return;
        log.warn({ err: problem }, 'the nodes of instances cannot be kept up to date; tried again');
      },
      onRecovered: () => log.info({}, 'the nodes of instances are up to date again'),
    });
  }

  /** Follows the directory, the members and ZooKeeper from now on, in the background. */
  start(): void {
    const { zookeeper, members, catalog } = this.#options;
    catalog.onChange(({ name }, id) => {
      if (id !== undefined) this.#services.get(name)?.changed(id);
      this.#rounds.mark(name);
    });
    members.onChange(() => this.#markAll());
    this.#unsubscribe.push(
      zookeeper.onConnection((connected) => connected && this.#rounds.wake()),
      zookeeper.onSession(() => {
        // What was known was followed by watches of the former session; its nodes go.
        this.#services.clear();
        this.#context.held.clear();
        this.#scouting = false;
        this.#markAll();
      }),
    );
    this.#markAll();
  }

  /**
   * To be called once this replica has left the members: resolves when others have taken over its nodes, where there are
   * others; after 3 s at most. Nothing is written any more.
   */
  async handOver(): Promise<void> {
    const { zookeeper, members, clock, log } = this.#options;
    const { held } = this.#context;
    const until = clock.now() + HAND_OVER_MS;
    await this.#rounds.close();
    const all = held.size;
    if (all === 0 || members.others.length === 0) return;
    const others = () => members.others.length > 0 && zookeeper.connected;
    while (held.size > 0 && others() && clock.now() < until) {
      // Where ZooKeeper does not answer, it is no longer connected.
      await eachOf([...held], WIDTH, (path) => this.#lookWhose(path)).catch(() => undefined);
      if (held.size > 0) await delay(20);
    }
    const left = held.size === 0 ? '' : `; ${held.size} are left, which go with this session`;
    log.info({}, `${all - held.size} nodes of instances were handed over to other replicas${left}`);
  }

  /** Ends the work; the nodes go with the session. */
  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#rounds.close();
    this.#context.news.flush();
  }

  async #lookWhose(path: string): Promise<void> {
    const { zookeeper } = this.#options;
    const node = await zookeeper.get(path);
    if (node?.owner !== zookeeper.sessionId) this.#context.held.delete(path);
  }

  #markAll(): void {
    this.#rounds.mark(SCOUT);
    for (const name of this.#services.keys()) this.#rounds.mark(name);
    for (const { name } of this.#options.catalog.services()) this.#rounds.mark(name);
  }

  async #settle(name: string): Promise<number | undefined> {
    const { members, basePath } = this.#options;
    const known = this.#services.get(name);
    if (!members.keeps(name)) {
      known?.rest();
      if (known?.isIdle) this.#services.delete(name);
      return undefined;
    }
    const nodes = known ?? new ServiceNodes(name, basePath, this.#context, () => this.#rounds.mark(name));
    this.#services.set(name, nodes);
    const again = await nodes.settle();
    if (nodes.isIdle && this.#services.get(name) === nodes) this.#services.delete(name);
    return again;
  }

  /** Finds services that nothing is known of here: somebody else registered them. */
  async #scout(): Promise<number | undefined> {
    const { zookeeper, members, basePath, clock } = this.#options;
    const watch = this.#scouting ? undefined : () => this.#scoutAgain();
    this.#scouting = true;
    const since = clock.now();
    const names = await zookeeper.children(basePath, watch).catch((error: unknown) => {
      if (watch !== undefined) this.#scouting = false;
      throw error;
    });
    this.#scoutMs = clock.now() - since;
    if (names === undefined) {
      this.#scouting = false;
      await zookeeper.createAll(basePath);
      return 0;
    }
    for (const name of names) {
      if (!isName(name)) this.#context.news.ignored(`${basePath}/${name}`, `its name is not ${NAME_RULE}`);
      else if (!this.#services.has(name) && members.keeps(name)) this.#rounds.mark(name);
    }
    return undefined;
  }

  /** A long list takes long, and while many services come it changes all the time. */
  #scoutAgain(): void {
    this.#scouting = false;
    this.#rounds.markIn(SCOUT, Math.min(MAX_SCOUT_PAUSE_MS, 10 * this.#scoutMs));
  }
}
