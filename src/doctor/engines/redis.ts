// Redis, asked with `PING` by its client for Node.
import { isIP } from 'node:net';
import type { Redis } from 'ioredis';
import type { RedisAddress } from '../../engines/address.js';
import { PASSWORD_VARIABLE } from '../../engines/password.js';
import type { Secret } from '../../secret.js';
import { type EngineAnswer, failed, MAX_BYTES, otherProtocol, quoted, silent } from './answer.js';

/** Asks over one connection that ends with `signal`. Never rejects. */
export async function askRedis(
  { host, port, user, tls }: RedisAddress,
  password: Secret | undefined,
  signal: AbortSignal,
): Promise<EngineAnswer> {
  const { Redis } = await import('ioredis');
  if (signal.aborted) return silent(false);
  const redis = new Redis({
    host,
    port,
    lazyConnect: true,
    // One connection: it is not made again, and nothing but what is asked here goes over it.
    retryStrategy: () => null,
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
    connectTimeout: 0,
    // RFC 6066 §3: a server's name is never an address.
    ...(tls ? { tls: isIP(host) ? {} : { servername: host } } : {}),
  });
  const line = watch(redis);
  const stop = () => redis.disconnect();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await redis.connect();
    if (password !== undefined) await authenticate(redis, user, password);
    const pong = await redis.ping();
    const role = await roleOf(redis);
    if (role !== undefined) return { problem: 'ENGINE_READ_ONLY', seen: role };
    return { well: quoted(pong) };
  } catch (error) {
    if (signal.aborted) return silent(line.connected(), tls && line.accepted());
    return read(line.error() ?? error, line.first(), password !== undefined);
  } finally {
    signal.removeEventListener('abort', stop);
    redis.disconnect();
  }
}

/** The client says why a connection broke in an event, and of a call only that it did. */
function watch(redis: Redis) {
  let connected = false;
  let error: Error | undefined;
  let first: Buffer | undefined;
  let bytes = 0;
  redis.on('error', (seen: Error) => {
    error ??= seen;
  });
  redis.on('connect', () => {
    connected = true;
    redis.stream.on('data', (chunk: Buffer) => {
      first ??= chunk;
      bytes += chunk.length;
      if (bytes > MAX_BYTES) redis.disconnect();
    });
  });
  // With TLS it is connected when both sides have shaken hands.
  const accepted = () => redis.stream?.connecting === false;
  return { accepted, connected: () => connected, error: () => error, first: () => first };
}

async function authenticate(redis: Redis, user: string | undefined, password: Secret): Promise<void> {
  try {
    await (user === undefined ? redis.auth(password.reveal()) : redis.auth(user, password.reveal()));
  } catch (error) {
    // One that asks for no password is not ill.
    if (!/without any password configured|no password is set/.test(String(error))) throw error;
  }
}

/** What keeps it from taking writes; undefined where nothing does, or it does not tell. */
async function roleOf(redis: Redis): Promise<string | undefined> {
  const info = await redis.info('replication').catch(() => '');
  if (!/^role:slave\r?$/m.test(info)) return undefined;
  const master = /^master_host:(.{1,255}?)\r?$/m.exec(info)?.[1];
  const link = /^master_link_status:(\w{1,20})\r?$/m.exec(info)?.[1];
  return `it is a replica of ${master ?? 'another'} (link ${link ?? 'unknown'}), which takes no writes`;
}

/** The word an error of Redis begins with, such as `NOAUTH`. */
const AUTHORIZATION = /^(NOAUTH|WRONGPASS|NOPERM|ERR invalid password)/;

function read(error: unknown, first: Buffer | undefined, hasPassword: boolean): EngineAnswer {
  const message = error instanceof Error ? error.message : String(error);
  // RESP: what a server sends begins with its type.
  if (first !== undefined && !/^[-+:$*_,#!=(%~>|]/.test(first.toString('latin1', 0, 1)))
    return otherProtocol(first);
  if (error instanceof Error && error.name === 'ReplyError') {
    if (!AUTHORIZATION.test(message)) return { problem: 'ENGINE_NOT_SERVING', seen: quoted(message, 200) };
    const seen = hasPassword
      ? quoted(message, 200)
      : `it asks for a password, and ${PASSWORD_VARIABLE.redis} is not set (${quoted(message, 100)})`;
    return { problem: 'ENGINE_AUTH', seen };
  }
  return failed(error);
}
