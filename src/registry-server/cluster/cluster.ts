// Puts a replica together: the store all share, ZooKeeper, and what it tells and hears of the others.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../../errors.js';
import type { Clock } from '../settings.js';
import { PostgresStore } from '../store/postgres.js';
import type { SharedStore } from '../store/store.js';
import { openAuditCache } from './audit-cache.js';
import type { ClusterEngines } from './engines.js';
import { Feed } from './feed.js';
import { Members } from './members.js';
import { type ClusterLog, ClusterReplica, databaseOf } from './replica.js';
import { connectZookeeper, type Zookeeper } from './zookeeper.js';

export interface ClusterOptions {
  readonly clock: Clock;
  readonly log: ClusterLog;
  /** It changes nothing that others ask for, and evicts nobody. */
  readonly readOnly?: boolean;
  /** Changes ask for a token. */
  readonly tokens?: boolean;
  /** Ends the wait for engines that are not up yet. */
  readonly signal?: AbortSignal | undefined;
  /** How long engines that are not up yet are waited for; default 30 s. */
  readonly patienceMs?: number | undefined;
}

const PATIENCE_MS = 30_000;
const LOOK_MS = 50;

/** Connects to the engines. Throws CANNOT_SERVE naming the one that cannot be used, or is not there in time. */
export async function openCluster(
  { zookeeper: { servers, basePath, sessionTimeoutMs }, postgres, redis }: ClusterEngines,
  { clock, log, readOnly = false, tokens = false, signal, patienceMs = PATIENCE_MS }: ClusterOptions,
): Promise<{ store: SharedStore; replica: ClusterReplica }> {
  const zookeeper = connectZookeeper({
    servers,
    log,
    ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs }),
  });
  const opening = PostgresStore.open(postgres, { log, waitMs: patienceMs, signal });
  try {
    const [store] = await Promise.all([opening, connected(zookeeper, servers, patienceMs, signal)]);
    const own = `/regctl${basePath}`;
    const self = randomBytes(6).toString('hex');
    const members = new Members({
      zookeeper,
      own,
      self,
      readOnly,
      database: () => databaseOf(store),
      clock,
      log,
    });
    const feed = new Feed({ zookeeper, own, self, spool: (entries) => store.spool(entries), clock, log });
    const namespace = `${postgres.host}:${postgres.port}/${postgres.database ?? ''}`;
    const cache = redis && (await openAuditCache(redis, namespace, log));
    const replica = new ClusterReplica({
      zookeeper,
      store,
      cache,
      members,
      feed,
      basePath,
      rights: { tokens, readOnly },
      clock,
      log,
    });
    return { store, replica };
  } catch (error) {
    const [opened] = await Promise.allSettled([opening, zookeeper.close()]);
    if (opened.status === 'fulfilled') await opened.value.close();
    throw error;
  }
}

async function connected(
  zookeeper: Zookeeper,
  servers: string,
  patienceMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const until = performance.now() + patienceMs;
  while (!zookeeper.connected) {
    signal?.throwIfAborted();
    if (performance.now() > until) {
      throw fail('CANNOT_SERVE', {
        what: 'The registry cannot start:',
        why: `ZooKeeper at ${servers} gave no session within ${patienceMs / 1000} s.`,
        next: `Check that it runs and can be reached: regctl doctor --only engine.zookeeper --zookeeper ${servers.split(',')[0]}`,
      });
    }
    await delay(LOOK_MS);
  }
}
