// Redis in front of the audit trail: whatever is in it, or is not, changes nothing but the speed of an answer.
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { Redis } from 'ioredis';
import * as v from 'valibot';
import { type AuditQuery, AuditRow, MAX_AUDIT_ROWS } from '../../wire/audit.js';
import type { RedisLogin } from './engines.js';

export interface AuditCache {
  readonly healthy: boolean;
  /** The rows of the query as they were after `change`, from the cache where it has them, else from `read`. */
  rows(query: AuditQuery, change: string, read: () => Promise<AuditRow[]>): Promise<AuditRow[]>;
  close(): void;
}

/** A cache that answers later than this is no help. */
const PATIENCE_MS = 100;
const KEPT_S = 60;
const MAX_RECONNECT_MS = 5_000;
/** How often it is asked whether it is there: a connection may be dead without a word. */
const PING_MS = 2_000;
/** So many unanswered in a row end a connection. */
const SILENCES = 2;

/** The page says itself what it is of: under another key it means nothing. */
const Page = v.object({
  change: v.string(),
  query: v.string(),
  rows: v.pipe(v.array(AuditRow), v.maxLength(MAX_AUDIT_ROWS)),
});

export interface CacheLog {
  info(message: string): void;
  warn(message: string): void;
}

/** `namespace` tells clusters on one Redis apart. Connects in the background, now and after every loss. */
export async function openAuditCache(
  login: RedisLogin,
  namespace: string,
  log: CacheLog,
): Promise<AuditCache> {
  const { Redis } = await import('ioredis');
  const redis = new Redis({
    host: login.host,
    port: login.port,
    ...(login.user === undefined ? {} : { username: login.user }),
    ...(login.password === undefined ? {} : { password: login.password() }),
    // RFC 6066 §3: a server's name is never an address.
    ...(login.tls ? { tls: isIP(login.host) ? {} : { servername: login.host } } : {}),
    // What cannot be asked now is not asked.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: PATIENCE_MS,
    connectTimeout: 2_000,
    keepAlive: 5_000,
    retryStrategy: (tries) => Math.min(MAX_RECONNECT_MS, 100 * 2 ** Math.min(tries, 6)),
  });
  const health = new Health(redis, log);

  let silences = 0;
  const ping = setInterval(() => {
    if (redis.status !== 'ready') return;
    redis.ping().then(
      () => {
        silences = 0;
        health.well(null);
      },
      (error: unknown) => {
        silences += 1;
        health.ill(error);
        // Nobody may be at the other end any more: a new connection finds out.
        if (silences >= SILENCES) redis.disconnect(true);
      },
    );
  }, PING_MS);

  const read = async (key: string): Promise<string | null> => {
    if (!health.isWell) return null;
    return redis.get(key).then(
      (text) => health.well(text),
      (error: unknown) => health.ill(error),
    );
  };
  const write = (key: string, text: string): void => {
    if (!health.isWell) return;
    redis.set(key, text, 'EX', KEPT_S).then(
      () => health.well(null),
      (error: unknown) => health.ill(error),
    );
  };

  return {
    get healthy() {
      return health.isWell;
    },
    async rows(query, change, load) {
      const asked = JSON.stringify(query);
      const key = `regctl:${namespace}:audit:${change}:${createHash('sha256').update(asked).digest('hex')}`;
      const cached = pageOf(await read(key));
      if (cached !== undefined && cached.change === change && cached.query === asked) return cached.rows;
      const rows = await load();
      write(key, JSON.stringify({ change, query: asked, rows }));
      return rows;
    },
    close() {
      clearInterval(ping);
      redis.removeAllListeners('close');
      redis.disconnect();
    },
  };
}

/** What is in the cache, undefined where it is nothing that this cache wrote. */
function pageOf(text: string | null): v.InferOutput<typeof Page> | undefined {
  if (text === null) return undefined;
  try {
    const { success, output } = v.safeParse(Page, JSON.parse(text));
    return success ? output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether Redis answers; says once that it does not, and once that it does again. */
class Health {
  isWell = false;
  #told = false;
  readonly #log: CacheLog;

  constructor(redis: Redis, log: CacheLog) {
    this.#log = log;
    redis.on('ready', () => this.well(null));
    redis.on('error', (error) => this.ill(error));
    redis.on('close', () => this.ill(new Error('the connection is closed')));
  }

  well<T>(value: T): T {
    if (this.#told) this.#log.info('Redis answers again');
    this.#told = false;
    this.isWell = true;
    return value;
  }

  ill(error: unknown): null {
    if (!this.#told) {
      const why = error instanceof Error ? error.message : String(error);
      this.#log.warn(`Redis is not there (${why}): answers are slower, nothing else`);
    }
    this.#told = true;
    this.isWell = false;
    return null;
  }
}
