// `regctl serve`: puts the registry together, starts it, and ends it in order.
import { randomUUID } from 'node:crypto';
import { Server as HttpsServer } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { HEARTBEAT_INTERVAL_S } from '../wire/coordinator.js';
import { isLoopback, requireSafe, tokenReader } from './auth.js';
import type { ClusterEngines } from './cluster/engines.js';
import { Directory } from './directory.js';
import { HealthMonitor } from './health-monitor.js';
import { KnownAddresses } from './http/known-addresses.js';
import { DEFAULT_RATE_LIMIT, type RateLimit } from './http/rate-limit.js';
import type { Registry } from './http/registry.js';
import { createApp, type HttpOptions, REQUEST_TIMEOUT_MS, serveRegistry } from './http.js';
import { keepTicksFast } from './kept-tick.js';
import { bareHost, listen } from './listen.js';
import { createLog, type Log, type LogSink } from './log.js';
import { Metrics } from './metrics.js';
import { LoadMeter } from './pacing.js';
import { httpProbe } from './probe.js';
import { keyOf } from './registration.js';
import type { Replica } from './replica.js';
import {
  type Clock,
  DEFAULT_TIMINGS,
  heartbeatIntervalFor,
  moment,
  type Random,
  SYSTEM_CLOCK,
  sweepIntervalMs,
  type Timings,
} from './settings.js';
import { openDataDir, openMemory } from './store/data-dir.js';
import type { Store } from './store/store.js';
import { followTls, readTls, type TlsFiles } from './tls.js';
import { Writer } from './writer.js';

export { isLoopback } from './auth.js';
export type { LogSink } from './log.js';

export interface RegistryOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 8082; 0 takes a free one. */
  readonly port?: number;
  readonly store:
    | { readonly kind: 'memory' }
    | { readonly kind: 'sqlite'; readonly dataDir: string }
    | { readonly kind: 'cluster'; readonly engines: ClusterEngines };
  /** `none` may be left to default on loopback only; anywhere else it has to be given. */
  readonly auth?: 'jwt' | 'none';
  /** Plain HTTP where it is left out. */
  readonly tls?: TlsFiles;
  /** Addresses and networks (CIDR) of proxies: of what comes from there the sender is whom X-Forwarded-For names. */
  readonly trustedProxies?: readonly string[];
  /** What tokens are signed with; at least 32 bytes. */
  readonly secret?: string;
  readonly timings?: Partial<Timings>;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: Random;
  readonly newId?: () => string;
  /** Refuse every change; nothing is evicted either. */
  readonly readOnly?: boolean;
  /** Of regctl, for who asks. */
  readonly version?: string;
  /** Null sets no limit. */
  readonly rateLimit?: RateLimit | null;
  /** A request that takes longer to arrive is refused; default 10 s. */
  readonly requestTimeoutMs?: number;
  /** Structured log, a JSON document a line; none where it is left out. */
  readonly log?: LogSink;
  /** Default `info`. */
  readonly logLevel?: string;
  /** Ends the wait for engines that are not up yet. */
  readonly signal?: AbortSignal;
}

export interface RunningRegistry {
  readonly url: string;
  /** Has `/ready` say so to a proxy, while all else goes on. */
  leave(): void;
  /**
   * Stops accepting, finishes what is under way, writes what is queued. Requests still under way after `patienceMs`
   * (7 s) are cut.
   */
  close(patienceMs?: number): Promise<void>;
}

/** What was removed this long ago is forgotten. */
const TOMBSTONES_KEPT_MS = 24 * 3_600_000;
const DEFAULT_HOST = '127.0.0.1';
const FORGET_EVERY_MS = 3_600_000;
/** Of that time, for the other replicas to take over. */
const HAND_OVER_MS = 3_500;
/** After that, to write what is queued, and to close. */
const LAST_WORDS_MS = 750;
/** Requests under way get this long to end when the registry closes. */
const CLOSE_PATIENCE_MS = 7_000;

/**
 * Starts a registry and resolves once it answers. Throws CANNOT_SERVE where it would stand open, its database cannot be
 * used, or its address is taken.
 */
export async function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const { auth = 'none', secret, store: kind } = options;
  const host = bareHost(options.host ?? DEFAULT_HOST);
  requireSafe({ host, auth, authGiven: options.auth !== undefined, secret });
  return serveOpened(async (log) => {
    if (kind.kind === 'memory') return { store: await openMemory() };
    if (kind.kind === 'sqlite') return { store: await openDataDir(kind.dataDir) };
    const { openCluster } = await import('./cluster/cluster.js');
    return openCluster(kind.engines, {
      clock: options.clock ?? SYSTEM_CLOCK,
      log,
      signal: options.signal,
      readOnly: options.readOnly ?? false,
      tokens: auth === 'jwt',
    });
  }, options);
}

/** As startRegistry, over a store that is open; closes it when the registry closes. */
export function serveStore(store: Store, options: RegistryOptions): Promise<RunningRegistry> {
  return serveOpened(async () => ({ store }), options);
}

interface Opened {
  readonly store: Store;
  readonly replica?: Replica;
}

async function serveOpened(
  open: (log: Log) => Promise<Opened>,
  options: RegistryOptions,
): Promise<RunningRegistry> {
  keepTicksFast();
  const { clock = SYSTEM_CLOCK, random = Math.random, secret } = options;
  const host = bareHost(options.host ?? DEFAULT_HOST);
  const timings = timingsOf(options);
  const level = options.logLevel ?? 'info';
  const log = createLog(options.log && { sink: options.log, level });
  const http: HttpOptions = {
    logsReads: ['debug', 'trace'].includes(level),
    rateLimit: options.rateLimit === undefined ? DEFAULT_RATE_LIMIT : options.rateLimit,
    onLoopback: isLoopback(host),
    trustedProxies: options.trustedProxies ?? [],
    requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    tls: options.tls && (await readTls(options.tls)),
  };
  const app = createApp(http);
  const readToken =
    options.auth === 'jwt' && secret !== undefined ? await tokenReader(secret, clock) : undefined;
  const { probe, close: closeProbe } = await httpProbe(timings.checkTimeoutMs);
  const { store, replica } = await open(log).catch(async (error: unknown) => {
    await closeProbe();
    throw error;
  });
  const metrics = new Metrics();
  const load = new LoadMeter();
  const directory = new Directory(timings, random, clock.now(), {
    ...(replica && {
      keeps: (service) => replica.keeps(service),
      tell: (observation) => replica.tell(observation),
      canRecord: () => writer.problem === undefined && replica.state().postgres === 'healthy',
    }),
  });
  const writer = new Writer(metrics.countingStore(store, clock), directory, clock, log);
  const monitor = new HealthMonitor(
    directory,
    metrics.countingProbe(probe),
    timings,
    clock,
    (transitions) => {
      for (const { audit } of transitions) {
        const name = audit.id === '' ? audit.service : keyOf(audit.service, audit.id);
        const level = audit.cause === 'evictions-held' ? 'warn' : 'info';
        log[level](audit, `${name} ${audit.cause}`);
      }
      writer.record(transitions);
    },
    (ms, now) => load.late(ms, now),
  );
  const registry: Registry = {
    directory,
    writer,
    monitor,
    timings,
    clock,
    random,
    newId: options.newId ?? randomUUID,
    run: randomUUID(),
    readToken,
    known: new KnownAddresses(replica && ((known) => replica.tell({ kind: 'known', ...known }))),
    audit: (query) => (replica ?? store).audit(query),
    log,
    metrics,
    load,
    readOnly: options.readOnly ?? false,
    version: options.version ?? 'unknown',
    replica,
    loaded: false,
    leaving: false,
  };
  serveRegistry(app, registry, http);
  const forgetting = setInterval(() => void forget(store, directory, clock, log), FORGET_EVERY_MS);
  let unfollow = (): void => undefined;
  const stop = async (patienceMs: number): Promise<void> => {
    log.info('ending');
    unfollow();
    clearInterval(forgetting);
    // What comes after it has left would count for nothing.
    await closeInTime(app, replica === undefined ? patienceMs : patienceMs - HAND_OVER_MS);
    if (replica) await atMost(HAND_OVER_MS, replica.handOver());
    monitor.stop();
    await (replica ? atMost(LAST_WORDS_MS, writer.close()) : writer.close());
    await closeProbe();
    if (replica) await atMost(LAST_WORDS_MS, replica.close());
    await store.close();
    log.info('ended');
  };
  try {
    const url = await listen(app, host, options.port ?? 8082);
    if (options.tls && app.server instanceof HttpsServer) unfollow = followTls(app.server, options.tls, log);
    log.info(`listening at ${url}; what is registered is read back`);
    const stored = await store.load();
    directory.load(stored, moment(clock));
    await forget(store, directory, clock, log);
    await replica?.join({ directory, writer, monitor, known: registry.known });
    registry.loaded = true;
    monitor.wake();
    warnOfShortLeases(timings, log);
    log.info({ url, instances: stored.registrations.length, sweepMs: sweepIntervalMs(timings) }, 'serving');
    return {
      url,
      leave() {
        registry.leaving = true;
      },
      close: (patienceMs = CLOSE_PATIENCE_MS) => stop(patienceMs),
    };
  } catch (error) {
    await stop(CLOSE_PATIENCE_MS);
    throw error;
  }
}

/** Heartbeats are asked for so often that three fit into a lease. What is read-only evicts nobody. */
function timingsOf({ timings = {}, readOnly }: RegistryOptions): Timings {
  const never = { evictAfterMs: Number.POSITIVE_INFINITY, evictUnhealthyAfterMs: Number.POSITIVE_INFINITY };
  const all = { ...DEFAULT_TIMINGS, ...timings, ...(readOnly ? never : {}) };
  const heartbeatIntervalS = timings.heartbeatIntervalS ?? heartbeatIntervalFor(all.downAfterMs);
  return { ...all, heartbeatIntervalS };
}

function warnOfShortLeases({ downAfterMs }: Timings, log: Log): void {
  if (downAfterMs >= DEFAULT_TIMINGS.downAfterMs) return;
  log.warn(
    `an instance is down after ${downAfterMs / 1000} s without a heartbeat, and the guide's loop beats every ${HEARTBEAT_INTERVAL_S} s whatever the answer asks for: services that use it will be taken for down`,
  );
}

async function forget(store: Store, directory: Directory, clock: Clock, log: Log): Promise<void> {
  const limit = new Date(clock.wall().getTime() - TOMBSTONES_KEPT_MS);
  try {
    await store.forgetBefore(limit);
    directory.forgetBefore(limit);
  } catch (error) {
    log.warn({ err: error }, 'old tombstones could not be removed; the next round tries again');
  }
}

/** Waits for it, but no longer: an engine that answers nothing holds up no end. */
async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const waiting = new AbortController();
  const late = delay(ms, undefined, { signal: waiting.signal }).catch(() => undefined);
  await Promise.race([work, late]).finally(() => waiting.abort());
}

/** Lets requests end; connections that outlast the patience are cut. */
async function closeInTime(app: FastifyInstance, patienceMs: number): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), Math.max(0, patienceMs));
  await app.close();
  clearTimeout(cut);
}
