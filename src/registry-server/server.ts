// `regctl serve`: puts the registry together, starts it, and ends it in order.
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { fail } from '../errors.js';
import { requireSafe, tokenReader } from './auth.js';
import { Directory } from './directory.js';
import { HealthMonitor } from './health-monitor.js';
import { DEFAULT_RATE_LIMIT, type RateLimit } from './http/rate-limit.js';
import type { Registry } from './http/registry.js';
import { createApp, type HttpOptions, type LogSink, serveRegistry } from './http.js';
import { httpProbe } from './probe.js';
import {
  type Clock,
  DEFAULT_TIMINGS,
  moment,
  type Random,
  SYSTEM_CLOCK,
  sweepIntervalMs,
  type Timings,
} from './settings.js';
import { openDataDir } from './store/data-dir.js';
import { EmbeddedStore } from './store/embedded.js';
import type { Store } from './store/store.js';
import { Writer } from './writer.js';

export { isLoopback } from './auth.js';
export type { LogSink } from './http.js';

export interface RegistryOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 8082; 0 takes a free one. */
  readonly port?: number;
  readonly store: { readonly kind: 'memory' } | { readonly kind: 'sqlite'; readonly dataDir: string };
  /** `none` may be left to default on loopback only; anywhere else it has to be given. */
  readonly auth?: 'jwt' | 'none';
  /** What tokens are signed with; at least 32 bytes. */
  readonly secret?: string;
  readonly timings?: Partial<Timings>;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: Random;
  readonly newId?: () => string;
  /** Null sets no limit. */
  readonly rateLimit?: RateLimit | null;
  /** Structured log, a JSON document a line; none where it is left out. */
  readonly log?: LogSink;
  /** Default `info`. */
  readonly logLevel?: string;
}

export interface RunningRegistry {
  readonly url: string;
  /** Stops accepting, finishes what is under way, writes what is queued; within 10 s. */
  close(): Promise<void>;
}

/** What was removed this long ago is forgotten. */
const TOMBSTONES_KEPT_MS = 24 * 3_600_000;
const FORGET_EVERY_MS = 3_600_000;
/** Requests under way get this long to end when the registry closes. */
const CLOSE_PATIENCE_MS = 7_000;

/**
 * Starts a registry and resolves once it answers. Throws CANNOT_SERVE where it would stand open, its database cannot be
 * used, or its address is taken.
 */
export async function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const { host = '127.0.0.1', auth = 'none', secret, store: kind } = options;
  requireSafe({ host, auth, authGiven: options.auth !== undefined, secret });
  const store =
    kind.kind === 'memory' ? await EmbeddedStore.open(':memory:') : await openDataDir(kind.dataDir);
  try {
    return await serveStore(store, options);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** As startRegistry, over a store that is open; closes it when the registry closes. */
export async function serveStore(store: Store, options: RegistryOptions): Promise<RunningRegistry> {
  const { clock = SYSTEM_CLOCK, random = Math.random, secret } = options;
  const timings: Timings = { ...DEFAULT_TIMINGS, ...options.timings };
  const http: HttpOptions = {
    log: options.log && { sink: options.log, level: options.logLevel ?? 'info' },
    rateLimit: options.rateLimit === undefined ? DEFAULT_RATE_LIMIT : options.rateLimit,
  };
  const app = createApp(http);
  const directory = new Directory(timings, random, clock.now());
  const writer = new Writer(store, directory, clock, app.log);
  const { probe, close: closeProbe } = await httpProbe(timings.checkTimeoutMs);
  const monitor = new HealthMonitor(directory, probe, timings, clock, (transitions) => {
    for (const { audit } of transitions) app.log.info(audit, `${audit.service}/${audit.id} ${audit.cause}`);
    writer.record(transitions);
  });
  const registry: Registry = {
    directory,
    writer,
    monitor,
    timings,
    clock,
    random,
    newId: options.newId ?? randomUUID,
    readToken: options.auth === 'jwt' && secret !== undefined ? await tokenReader(secret, clock) : undefined,
    loaded: false,
  };
  serveRegistry(app, registry, http);
  const forgetting = setInterval(() => void forget(store, directory, clock, app), FORGET_EVERY_MS);
  const stop = async (): Promise<void> => {
    clearInterval(forgetting);
    await closeInTime(app);
    monitor.stop();
    await writer.close();
    await closeProbe();
  };
  try {
    const url = await listen(app, options.host ?? '127.0.0.1', options.port ?? 8082);
    const { registrations, tombstones } = await store.load();
    directory.load(registrations, tombstones, moment(clock));
    await forget(store, directory, clock, app);
    registry.loaded = true;
    monitor.wake();
    app.log.info({ url, instances: registrations.length, sweepMs: sweepIntervalMs(timings) }, 'serving');
    return {
      url,
      async close() {
        await stop();
        await store.close();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw cannotListen(error, host, port);
  }
  const address = app.server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  // Where it listens on every address, this machine's own is the one to print.
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${actual}`;
}

function cannotListen(error: unknown, host: string, port: number): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const why: Record<string, { why: string; next: string }> = {
    EADDRINUSE: {
      why: `port ${port} on ${host} is in use.`,
      next: 'Stop what listens there, or give another --port.',
    },
    EACCES: {
      why: `this user may not listen on port ${port}.`,
      next: 'Give a --port from 1024 on.',
    },
    EADDRNOTAVAIL: {
      why: `${host} is not an address of this machine.`,
      next: 'Give one that is with --host; 0.0.0.0 means all.',
    },
    ENOTFOUND: {
      why: `the host name ${host} does not resolve.`,
      next: 'Give an address of this machine with --host.',
    },
  };
  const known = why[code] ?? {
    why: `${host}:${port} cannot be listened on (${code}).`,
    next: 'Give another --host or --port.',
  };
  return fail('CANNOT_SERVE', { what: 'The registry cannot start:', ...known }, error);
}

async function forget(store: Store, directory: Directory, clock: Clock, app: FastifyInstance): Promise<void> {
  const limit = new Date(clock.wall().getTime() - TOMBSTONES_KEPT_MS);
  try {
    await store.forgetBefore(limit);
    directory.forgetBefore(limit);
  } catch (error) {
    app.log.warn({ err: error }, 'old tombstones could not be removed; the next round tries again');
  }
}

/** Lets requests end; connections that outlast the patience are cut. */
async function closeInTime(app: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_PATIENCE_MS);
  await app.close();
  clearTimeout(cut);
}
