// Where the entries of replicas are, and the times of the feed.
import type { Clock } from '../settings.js';
import type { Zookeeper, ZookeeperLog } from './zookeeper.js';

export interface FeedTimings {
  /** What is told within this time is told together. */
  readonly coalesceMs: number;
  /** Something is told this often at least: without news, that there is none. */
  readonly signOfLifeMs: number;
  /** Where ZooKeeper has taken nothing for this long, entries go to PostgreSQL. */
  readonly spoolAfterMs: number;
  /** A replica that has told nothing for this long may know what this one does not. */
  readonly staleAfterMs: number;
}

export const FEED_TIMINGS: FeedTimings = {
  coalesceMs: 150,
  signOfLifeMs: 1_000,
  spoolAfterMs: 2_000,
  staleAfterMs: 3_000,
};

export interface FeedOptions {
  readonly zookeeper: Zookeeper;
  /** Above the nodes of replicas: `/regctl/services`. */
  readonly own: string;
  /** Twelve hex digits, other ones in each run. */
  readonly self: string;
  /** The way round ZooKeeper: resolves once all replicas will get the entries. */
  readonly spool: (entries: readonly Uint8Array[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: ZookeeperLog;
  readonly timings?: Partial<FeedTimings>;
}

/** A replica's latest entries that are kept: who is further behind has missed some. */
export const RING = 16;

/** Replicas that tell, each with the number of its latest entry. */
export function headsOf(own: string): string {
  return `${own}/feeds`;
}

export function entriesOf(own: string): string {
  return `${own}/entries`;
}

/** Where the entry of this number is, until the one that is `RING` later. */
export function slotOf(own: string, sender: string, seq: number): string {
  return `${entriesOf(own)}/${sender}-${seq % RING}`;
}
