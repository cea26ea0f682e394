// Keeps one session with ZooKeeper for as long as that lets it live, over connections that come and go.
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../settings.js';
import type { Zookeeper, ZookeeperLog, ZookeeperOptions } from './zookeeper.js';
import { Calls } from './zookeeper-calls.js';
import { Connection, type Server, type Session, SessionExpired, TurnedAway } from './zookeeper-connection.js';

const DEFAULT_SESSION_TIMEOUT_MS = 10_000;
const DEFAULT_PORT = 2181;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

export class Sessions extends Calls implements Zookeeper {
  session = 0;
  readonly #servers: readonly Server[];
  readonly #sessionTimeoutMs: number;
  readonly #log: ZookeeperLog;
  readonly #random: Random;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  readonly #sessionListeners = new Set<() => void>();
  readonly #connectionListeners = new Set<(connected: boolean) => void>();
  /** To be taken up again; undefined where a new one is to begin. */
  #former: Session | undefined;
  #turn: number;
  /** The loss is told, the failures that follow are not. */
  #told = false;

  constructor(options: ZookeeperOptions) {
    const { servers, chroot } = parse(options.servers);
    super(chroot);
    this.#servers = servers;
    this.#sessionTimeoutMs = options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS;
    this.#log = options.log;
    this.#random = options.random ?? Math.random;
    // Replicas do not all begin with the first server.
    this.#turn = Math.floor(this.#random() * servers.length);
    this.#running = this.#run();
  }

  get connected(): boolean {
    return this.connection !== undefined;
  }

  get sessionId(): string {
    return this.#former?.id.toString('hex') ?? '';
  }

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
    await this.connection?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let failures = 0;
    let turnedAwayAt: number | undefined;
    while (!signal.aborted) {
      const problem = await this.#connect().then(
        (connection) => {
          failures = 0;
          turnedAwayAt = undefined;
          return this.#stay(connection);
        },
        (error: Error) => error,
      );
      if (signal.aborted) return;
      if (problem instanceof SessionExpired) {
        this.#log.warn({}, 'the ZooKeeper session has expired: a new one begins');
        this.#former = undefined;
        continue;
      }
      if (problem instanceof TurnedAway) turnedAwayAt ??= performance.now();
      if (
        this.#former !== undefined &&
        performance.now() - (turnedAwayAt ?? Infinity) > this.#sessionTimeoutMs
      ) {
        // Restored from a backup, or begun anew: none of its servers will ever have seen what we have.
        this.#log.warn({}, 'no ZooKeeper server takes the session up: a new one begins');
        this.#former = undefined;
      }
      if (!this.#told) this.#log.warn({ err: problem }, `ZooKeeper is lost: ${problem.message}`);
      this.#told = true;
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS, this.#sessionTimeoutMs / 5);
      failures += 1;
      await delay(pause * (0.5 + this.#random()), undefined, { signal }).catch(() => undefined);
    }
  }

  #connect(): Promise<Connection> {
    const server = this.#servers[this.#turn % this.#servers.length];
    if (server === undefined) return Promise.reject(new Error('no server is named'));
    this.#turn += 1;
    return Connection.open({
      server,
      sessionTimeoutMs: this.#sessionTimeoutMs,
      session: this.#former,
      signal: this.#closing.signal,
    });
  }

  /** Resolves with the reason when the connection is over. */
  async #stay(connection: Connection): Promise<Error> {
    if (this.#closing.signal.aborted) await connection.close();
    else this.#begin(connection);
    const reason = await connection.ended;
    this.connection = undefined;
    this.#former = connection.session;
    for (const listener of [...this.#connectionListeners]) listener(false);
    return reason;
  }

  #begin(connection: Connection): void {
    const isNew = this.#former === undefined;
    this.connection = connection;
    this.#former = connection.session;
    this.#told = false;
    if (isNew) this.session += 1;
    const { server, sessionTimeoutMs } = connection;
    this.#log.info(
      { session: this.sessionId, sessionTimeoutMs },
      `ZooKeeper ${server.host}:${server.port} is connected, in ${isNew ? 'a new' : 'the same'} session`,
    );
    if (isNew) this.watches.clear();
    else this.watches.callAll();
    for (const listener of [...this.#connectionListeners]) listener(true);
    if (isNew) for (const listener of [...this.#sessionListeners]) listener();
  }
}

function parse(text: string): { servers: Server[]; chroot: string } {
  const slash = text.indexOf('/');
  const list = slash < 0 ? text : text.slice(0, slash);
  const chroot = slash < 0 ? '' : text.slice(slash).replace(/\/$/, '');
  const servers = list.split(',').map((server) => {
    const [, host = server, port = DEFAULT_PORT] = /^(.+?)(?::(\d+))?$/.exec(server.trim()) ?? [];
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  });
  return { servers, chroot };
}
