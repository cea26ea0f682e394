// A replica of a deployed Config Service: answers as wire/config-service.md says, misbehaviour included.
import { ConfigServiceModel, type Registration } from './config-service/model.js';
import { configServiceRoutes, route } from './config-service/routes.js';
import { type CatalogRow, type NodeData, SESSION_TIMEOUT_MS } from './config-service/stores.js';
import { type Instrument, pause, send, startInstrument } from './instrument.js';

export interface ReplicaOptions {
  /** The injected clock's start, milliseconds since the epoch; it moves only by `advance`. */
  readonly now?: number;
  /** Milliseconds before every answer; `slow` changes it later. */
  readonly delayMs?: number;
  /** Milliseconds before a health probe's second try; deployed: 1000. */
  readonly probeBackoffMs?: number;
  /** Milliseconds a health probe may take; deployed: 3000. */
  readonly probeTimeoutMs?: number;
  /** Milliseconds by which the `Date` header is ahead of this machine's clock. */
  readonly clockSkewMs?: number;
  /** Paths this version lacks, as `/openapi.json` spells them: `/api/v1/registry/discover/{service_name}`. */
  readonly without?: readonly string[];
}

export interface Replica extends Instrument {
  redisDown(): void;
  redisUp(): void;
  postgresDown(): void;
  postgresUp(): void;
  zookeeperDown(): void;
  zookeeperUp(): void;
  kafkaDown(): void;
  /**
   * The Config Service restarts and its session times out: the clock moves 30 s on, all nodes are gone, the catalog
   * stays as it was, and so does Redis: lists cached less than 30 s before are still handed out until they are 60 s
   * old. With `{ settled: false }` the clock stands still and the nodes go when `advance` passes 30 s.
   */
  restart(options?: { readonly settled?: boolean }): void;
  /** Moves the injected clock: cache entries and sessions age by `ms`. */
  advance(ms: number): void;
  /** From now on every answer waits `ms`. */
  slow(ms: number): void;
  /** Registers without HTTP, so that it is not in `requests`. Takes whatever a test wants planted. */
  registerRaw(registration: Registration): string;
  /** A node goes without anybody deregistering it: catalog and cache stay as they are. */
  loseNode(name: string, instanceId: string): void;
  /** One round of the health monitor, which a deployment runs every 30 s. */
  probeRound(): Promise<void>;
  /** What the stores hold, past every cache; for asserting that nothing changed. */
  contents(): { readonly rows: CatalogRow[]; readonly nodes: Record<string, NodeData[]> };
}

export async function startConfigServiceReplica(options: ReplicaOptions = {}): Promise<Replica> {
  const { probeBackoffMs: backoffMs = 1000, probeTimeoutMs: timeoutMs = 3000, clockSkewMs = 0 } = options;
  let now = options.now ?? Date.now();
  let delayMs = options.delayMs ?? 0;
  let kafka = 'healthy';
  const model = new ConfigServiceModel(() => now, { backoffMs, timeoutMs });
  const { zookeeper, postgres, redis } = model;
  const routes = configServiceRoutes(model, () => kafka, options.without ?? []);

  const instrument = await startInstrument(async (request, response) => {
    if (delayMs > 0) await pause(delayMs);
    const answer = await route(routes, request);
    const date = new Date(Date.now() + clockSkewMs).toUTCString();
    send(response, { ...answer, headers: { ...answer.headers, date, server: 'uvicorn' } });
  });

  return {
    ...instrument,
    redisDown() {
      redis.up = false;
    },
    redisUp() {
      redis.up = true;
    },
    postgresDown() {
      postgres.up = false;
    },
    postgresUp() {
      postgres.up = true;
    },
    zookeeperDown() {
      zookeeper.up = false;
    },
    zookeeperUp() {
      zookeeper.up = true;
    },
    kafkaDown() {
      kafka = 'unhealthy';
    },
    restart({ settled = true } = {}) {
      zookeeper.endSession();
      if (settled) now += SESSION_TIMEOUT_MS;
    },
    advance(ms) {
      now += ms;
    },
    slow(ms) {
      delayMs = ms;
    },
    registerRaw: (registration) => model.register(registration),
    loseNode: (name, instanceId) => zookeeper.delete(name, instanceId),
    probeRound: () => model.probeRound(),
    contents: () => ({ rows: postgres.dump(), nodes: zookeeper.dump() }),
  };
}
