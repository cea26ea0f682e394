// The engines of a cluster, from flags and environment; no password is ever in a flag.
import type { Context } from '../context.js';
import { postgresAddress, redisAddress, zookeeperServers } from '../engines/address.js';
import { enginePassword, type PASSWORD_VARIABLE } from '../engines/password.js';
import { fail } from '../errors.js';
import { readTextFile } from '../inputs.js';
import type { ClusterEngines } from '../registry-server/cluster/engines.js';

export interface EnginesInput {
  /** `host:port,host:port/chroot` */
  zookeeper: string;
  /** Where the instances are in ZooKeeper. */
  zookeeperBasePath: string;
  /** `postgres://user@host:port/database?sslmode=…` */
  postgres: string;
  /** Files with a password each; else PGPASSWORD and REDISCLI_AUTH. */
  postgresPasswordFile: string | undefined;
  /** `redis://user@host:port`, `rediss://` for TLS; undefined: no cache. */
  redis: string | undefined;
  redisPasswordFile: string | undefined;
}

/** What the engines are called in what is printed: never with a password. */
export interface NamedEngines {
  zookeeper: string;
  postgres: string;
  redis: string | null;
}

/** Checks the addresses and reads the passwords. Throws USAGE. */
export async function enginesOf(input: EnginesInput, context: Context): Promise<ClusterEngines> {
  const basePath = requireBasePath(input.zookeeperBasePath);
  const servers = zookeeperServers(input.zookeeper);
  const postgres = postgresAddress(input.postgres);
  const redis = input.redis === undefined ? undefined : redisAddress(input.redis);
  const [postgresPassword, redisPassword] = await Promise.all([
    passwordOf('postgres', input.postgresPasswordFile, context),
    passwordOf('redis', input.redisPasswordFile, context),
  ]);
  return {
    zookeeper: { servers, basePath },
    postgres: { ...postgres, password: postgresPassword },
    redis: redis && { ...redis, password: redisPassword },
  };
}

export function namedEngines({ zookeeper, postgres, redis }: EnginesInput): NamedEngines {
  return { zookeeper, postgres, redis: redis ?? null };
}

async function passwordOf(
  engine: keyof typeof PASSWORD_VARIABLE,
  file: string | undefined,
  { sources, signal }: Context,
): Promise<(() => string) | undefined> {
  if (file === undefined) {
    const secret = enginePassword(engine, sources.environment);
    return secret && (() => secret.reveal());
  }
  const text = await readTextFile(file, 'The password file', signal);
  const password = text.replace(/\r?\n$/, '');
  if (password !== '') return () => password;
  throw fail('USAGE', {
    what: `The password file ${file}`,
    why: 'is empty.',
    next: `Put the password of ${engine} into it, or leave it out where none is asked for.`,
  });
}

/** ZOOKEEPER_BASE_PATH of a Config Service: `/services`, `/a/b`. */
function requireBasePath(path: string): string {
  if (/^(\/[\w-][\w.-]*)+$/.test(path)) return path;
  throw fail('USAGE', {
    what: 'The value of --zookeeper-base-path',
    why: 'is not the path of a node, such as /services.',
    next: 'Give the ZOOKEEPER_BASE_PATH of the Config Service that is on the same ZooKeeper, or leave it out.',
  });
}
