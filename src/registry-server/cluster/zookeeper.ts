// ZooKeeper as the parts of the cluster use it: calls that end in time, one-shot watches, and a session that is taken
// up again after every loss of the connection, until ZooKeeper says that it has expired: then a new one begins.
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, Exception, Stat, Transaction } from 'node-zookeeper-client';
import type { Random } from '../settings.js';
import { Connection, type Server, type Session, SessionExpired } from './zookeeper-connection.js';

/** ZooKeeper cannot be asked now, or did not answer: whether a change was made is not known. */
export class ZookeeperUnavailable extends Error {
  override readonly name = 'ZookeeperUnavailable';
}

/** ZooKeeper answered and did not do it: `code` as its protocol has it, e.g. -101 for a parent that is not there. */
export class ZookeeperRefused extends Error {
  override readonly name = 'ZookeeperRefused';
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

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
 * A watch is called once: when what was read may have changed, also after the connection was lost and is back. Where
 * there was nothing to read, none is left. None outlives its session: read everything again in `onSession`.
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
  /** False where there is no such node. */
  set(path: string, data: Buffer): Promise<boolean>;
  /** False where there is no such node. */
  remove(path: string): Promise<boolean>;
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
  /** ZooKeeper may grant another. Default 10 s. */
  readonly sessionTimeoutMs?: number;
  readonly log: ZookeeperLog;
  readonly random?: Random;
}

export const DEFAULT_SESSION_TIMEOUT_MS = 10_000;
const DEFAULT_PORT = 2181;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** A step of a transaction, or a call, came too late or too early: no failure. */
const NO_NODE = -101;
const BAD_VERSION = -103;
const NODE_EXISTS = -110;
const NOT_EMPTY = -111;
const CONDITIONS: ReadonlySet<number> = new Set([NO_NODE, BAD_VERSION, NODE_EXISTS, NOT_EMPTY]);
/** Connection loss, time-out, session expired, session moved. */
const LOST: ReadonlySet<number> = new Set([-4, -7, -112, -118]);

/** Connects in the background, for as long as it takes, and again after every loss, until it is closed. */
export function connectZookeeper(options: ZookeeperOptions): Zookeeper {
  return new Sessions(options);
}

class Sessions implements Zookeeper {
  session = 0;
  readonly #servers: readonly Server[];
  readonly #chroot: string;
  readonly #sessionTimeoutMs: number;
  readonly #log: ZookeeperLog;
  readonly #random: Random;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  readonly #sessionListeners = new Set<() => void>();
  readonly #connectionListeners = new Set<(connected: boolean) => void>();
  /** Watches of this session that were not called yet. */
  readonly #watches = new Set<() => void>();
  #connection: Connection | undefined;
  #former: Session | undefined;
  #next: number;
  #outage = false;

  constructor({ servers, sessionTimeoutMs = DEFAULT_SESSION_TIMEOUT_MS, log, random }: ZookeeperOptions) {
    const { list, chroot } = parse(servers);
    this.#servers = list;
    this.#chroot = chroot;
    this.#sessionTimeoutMs = sessionTimeoutMs;
    this.#log = log;
    this.#random = random ?? Math.random;
    // Replicas do not all begin with the first.
    this.#next = Math.floor(this.#random() * list.length);
    this.#running = this.#run();
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  get sessionId(): string {
    return this.#former?.id.toString('hex') ?? '';
  }

  // --- calls ---

  async get(path: string, watch?: () => void): Promise<ZookeeperNode | undefined> {
    const once = this.#once(watch);
    const ask = (client: Client, done: (error: Fault, got: [Buffer, Stat]) => void) => {
      const answer = (error: Fault, data: Buffer, stat: Stat) => done(error, [data, stat]);
      if (once === undefined) client.getData(this.#at(path), answer);
      else client.getData(this.#at(path), once, answer);
    };
    const got = await this.#unless(NO_NODE, ask, once);
    if (got === undefined) return undefined;
    const [data, { version, ephemeralOwner }] = got;
    // A node that never had data has none in the protocol either.
    return { data: data ?? Buffer.alloc(0), version, owner: ephemeralOwner.toString('hex') };
  }

  children(path: string, watch?: () => void): Promise<string[] | undefined> {
    const once = this.#once(watch);
    const ask = (client: Client, done: (error: Fault, names: string[]) => void) => {
      if (once === undefined) client.getChildren(this.#at(path), done);
      else client.getChildren(this.#at(path), once, done);
    };
    return this.#unless(NO_NODE, ask, once);
  }

  async create(path: string, data: Buffer, { ephemeral = false } = {}): Promise<boolean> {
    return this.#create(this.#at(path), data, ephemeral);
  }

  async createAll(path: string): Promise<void> {
    let above = '';
    for (const name of this.#at(path).split('/').slice(1)) {
      above += `/${name}`;
      await this.#create(above, Buffer.alloc(0), false);
    }
  }

  async set(path: string, data: Buffer): Promise<boolean> {
    const done = await this.#unless<Stat>(NO_NODE, (client, answer) =>
      client.setData(this.#at(path), data, answer),
    );
    return done !== undefined;
  }

  async remove(path: string): Promise<boolean> {
    const done = await this.#unless<true>(NO_NODE, (client, answer) =>
      client.remove(this.#at(path), (error) => answer(error, true)),
    );
    return done !== undefined;
  }

  async transact(ops: readonly Op[]): Promise<boolean> {
    if (ops.length === 0) return true;
    const done = await this.#unless<true>(CONDITIONS, (client, answer) => {
      const transaction = client.transaction();
      for (const op of ops) this.#add(transaction, op);
      transaction.commit((error) => answer(error ?? null, true));
    });
    return done !== undefined;
  }

  #add(transaction: Transaction, op: Op): void {
    const path = this.#at(op.path);
    if (op.kind === 'create') transaction.create(path, op.data, op.ephemeral ? EPHEMERAL : PERSISTENT);
    else if (op.kind === 'set') transaction.setData(path, op.data, op.version);
    else if (op.kind === 'remove') transaction.remove(path, op.version);
    else transaction.check(path, op.version);
    // The client takes version 0 for any version.
    const { ops } = transaction as unknown as { ops: { version?: number }[] };
    const last = ops.at(-1);
    if (op.kind !== 'create' && last !== undefined) last.version = op.version ?? ANY_VERSION;
  }

  async #create(path: string, data: Buffer, ephemeral: boolean): Promise<boolean> {
    const mode = ephemeral ? EPHEMERAL : PERSISTENT;
    const done = await this.#unless<string>(NODE_EXISTS, (client, answer) =>
      client.create(path, data, mode, answer),
    );
    return done !== undefined;
  }

  /** Undefined where the answer is one of the codes: `once`, a watch that nothing was left for, is forgotten then. */
  async #unless<T>(
    codes: number | ReadonlySet<number>,
    ask: (client: Client, answer: (error: Fault, value: T) => void) => void,
    once?: () => void,
  ): Promise<T | undefined> {
    if (this.#connection === undefined) throw new ZookeeperUnavailable('ZooKeeper is not connected');
    try {
      return await this.#connection.call(ask);
    } catch (error) {
      if (once !== undefined) this.#watches.delete(once);
      const code = codeOf(error);
      if (code !== undefined && (typeof codes === 'number' ? code === codes : codes.has(code)))
        return undefined;
      throw problemOf(error, code);
    }
  }

  #at(path: string): string {
    return path === '/' && this.#chroot !== '' ? this.#chroot : this.#chroot + path;
  }

  /** The client calls it, and so does the end of an outage: whichever comes first. */
  #once(watch: (() => void) | undefined): (() => void) | undefined {
    if (watch === undefined) return undefined;
    const once = () => {
      if (this.#watches.delete(once)) watch();
    };
    this.#watches.add(once);
    return once;
  }

  // --- the connection ---

  onSession(listener: () => void): () => void {
    this.#sessionListeners.add(listener);
    return () => void this.#sessionListeners.delete(listener);
  }

  onConnection(listener: (connected: boolean) => void): () => void {
    this.#connectionListeners.add(listener);
    return () => void this.#connectionListeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#connection?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let failures = 0;
    while (!signal.aborted) {
      const problem = await this.#serve(() => {
        failures = 0;
      });
      if (signal.aborted) return;
      if (problem instanceof SessionExpired) {
        this.#log.warn({}, 'the ZooKeeper session has expired: a new one begins');
        this.#former = undefined;
        continue;
      }
      if (!this.#outage) this.#log.warn({ err: problem }, `ZooKeeper is lost: ${problem.message}`);
      this.#outage = true;
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS, this.#sessionTimeoutMs / 5);
      failures += 1;
      await delay(pause * (0.5 + this.#random()), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Connects to the next server, and stays; answers why it is over. */
  async #serve(onConnected: () => void): Promise<Error> {
    const server = this.#servers[this.#next % this.#servers.length];
    if (server === undefined) return new Error('no server is named');
    this.#next += 1;
    const { signal } = this.#closing;
    const session = this.#former;
    let connection: Connection;
    try {
      connection = await Connection.open({
        server,
        sessionTimeoutMs: this.#sessionTimeoutMs,
        session,
        signal,
      });
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
    if (signal.aborted) {
      await connection.close();
      return new Error('closed');
    }
    onConnected();
    this.#begin(connection, session === undefined);
    const reason = await connection.ended;
    this.#connection = undefined;
    for (const listener of [...this.#connectionListeners]) listener(false);
    return reason;
  }

  #begin(connection: Connection, isNew: boolean): void {
    this.#connection = connection;
    this.#former = connection.session;
    this.#outage = false;
    if (isNew) this.session += 1;
    const { host, port } = connection.server;
    const details = { session: this.sessionId, timeoutMs: connection.sessionTimeoutMs };
    this.#log.info(
      details,
      `ZooKeeper ${host}:${port} is connected, in ${isNew ? 'a new' : 'the same'} session`,
    );
    const watches = [...this.#watches];
    if (isNew) this.#watches.clear();
    for (const listener of [...this.#connectionListeners]) listener(true);
    if (isNew) for (const listener of [...this.#sessionListeners]) listener();
    else for (const watch of watches) watch();
  }
}

type Fault = Error | Exception | null;

const PERSISTENT = 0;
const EPHEMERAL = 1;
const ANY_VERSION = -1;

/** The code of the protocol, undefined where the error is no answer. */
function codeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('getCode' in error)) return undefined;
  const { code } = error as Exception;
  return LOST.has(code) ? undefined : code;
}

function problemOf(error: unknown, code: number | undefined): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (code !== undefined) return new ZookeeperRefused(`ZooKeeper refuses: ${String(error)}`, code);
  return new ZookeeperUnavailable(`ZooKeeper did not answer: ${message}`, { cause: error });
}

function parse(text: string): { list: Server[]; chroot: string } {
  const slash = text.indexOf('/');
  const servers = slash < 0 ? text : text.slice(0, slash);
  const chroot = slash < 0 ? '' : text.slice(slash).replace(/\/$/, '');
  const list = servers.split(',').map((server) => {
    const [, host = server, port = DEFAULT_PORT] = /^(.+?)(?::(\d+))?$/.exec(server.trim()) ?? [];
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  });
  return { list, chroot };
}
