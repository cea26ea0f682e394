// ZooKeeper as the parts of the cluster use it: calls that end in time, one-shot watches, and a session that is taken
// up again after every loss of the connection, until ZooKeeper says that it has expired: then a new one begins.
import type { Random } from '../settings.js';
import { Sessions } from './zookeeper-sessions.js';

export { ZookeeperRefused, ZookeeperUnavailable } from './zookeeper-errors.js';

export interface ZookeeperNode {
  readonly data: Buffer;
  /** Counts what was written to this node, from 0 when it was created. */
  readonly version: number;
  /** `sessionId` of the session it goes with; sixteen zeros where it stays. */
  readonly owner: string;
}

/** A step of a transaction; with `version` it is also a condition: the node must have that one. */
export type Op =
  | { readonly kind: 'create'; readonly path: string; readonly data: Buffer; readonly ephemeral?: boolean }
  | { readonly kind: 'set'; readonly path: string; readonly data: Buffer; readonly version?: number }
  | { readonly kind: 'remove'; readonly path: string; readonly version?: number }
  | { readonly kind: 'check'; readonly path: string; readonly version?: number };

/**
 * Every call rejects with ZookeeperUnavailable where there is no connection, where it is lost, and where nothing is
 * heard for a third of the session timeout; with ZookeeperRefused where ZooKeeper says no.
 *
 * A watch is called once: when what was read may have changed, also after the connection was lost and is back. The same
 * function, left again while it waits, is called once all the same. Where there was nothing to read, none is left. None outlives its session: read everything again in `onSession`.
 */
export interface Zookeeper {
  readonly connected: boolean;
  /** Counts the sessions of this process, 0 before the first. The ephemeral nodes of former ones are going or gone. */
  readonly session: number;
  /** Of the latest session, sixteen hex digits; empty before the first. */
  readonly sessionId: string;
  /** Undefined where there is no such node. The watch is for its data, and for its end. */
  get(path: string, watch?: () => void): Promise<ZookeeperNode | undefined>;
  /** Names without the path, in no order; undefined where there is no such node. The watch is for these names. */
  children(path: string, watch?: () => void): Promise<string[] | undefined>;
  /** False where it exists already. */
  create(path: string, data: Buffer, options?: { readonly ephemeral?: boolean }): Promise<boolean>;
  /** Creates a node that stays, without data, and what is above it, as far as it is not there. */
  createAll(path: string): Promise<void>;
  /** False where there is no such node, or it has another version than the one given. */
  set(path: string, data: Buffer, version?: number): Promise<boolean>;
  /** False where there is no such node, or it has another version than the one given. */
  remove(path: string, version?: number): Promise<boolean>;
  /** All or nothing; false where a condition did not hold. All data of one must be well under 1 MB. */
  transact(ops: readonly Op[]): Promise<boolean>;
  /** Called in each session that begins from now on, with the connection there. Returns how to stop it. */
  onSession(listener: () => void): () => void;
  /** Called when the connection is lost, and when it is back. Returns how to stop it. */
  onConnection(listener: (connected: boolean) => void): () => void;
  /** Ends the session: its ephemeral nodes go at once where ZooKeeper can be told. Takes a second at most. */
  close(): Promise<void>;
}

export interface ZookeeperLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface ZookeeperOptions {
  /** `host:port,host:port/chroot`; IPv6 in brackets. */
  readonly servers: string;
  /** Default 10 s; ZooKeeper may grant another. */
  readonly sessionTimeoutMs?: number;
  readonly log: ZookeeperLog;
  readonly random?: Random;
}

/** Connects in the background, for as long as it takes, and again after every loss, until it is closed. */
export function connectZookeeper(options: ZookeeperOptions): Zookeeper {
  return new Sessions(options);
}
