// Where an engine is asked, from its flag. A password has no place there: a command line can be read by everybody on the machine.
import { fail, type RegctlError } from '../errors.js';
import { PASSWORD_VARIABLE } from './password.js';

/** Where to ask the engines behind the registry directly; a password is in none of them. */
export interface Engines {
  /** `host:port` */
  readonly zookeeper: string | undefined;
  /** `postgres://user@host:port/database` */
  readonly postgres: string | undefined;
  /** `redis://user@host:port`, `rediss://` for TLS */
  readonly redis: string | undefined;
}

export interface Address {
  host: string;
  port: number;
}

/** The libpq words for how far TLS goes; `prefer` takes it where the server offers it. */
export const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

export interface PostgresAddress extends Address {
  user: string | undefined;
  database: string | undefined;
  sslmode: (typeof SSL_MODES)[number];
}

export interface RedisAddress extends Address {
  user: string | undefined;
  tls: boolean;
}

/** Reads `host:port`; the port is 2181 where none is given. Throws USAGE. */
export function zookeeperAddress(text: string): Address {
  const address = serverAddress(text);
  if (address !== undefined) return address;
  throw usage('--zookeeper', 'is not HOST:PORT of one server', 'Write e.g. zookeeper:2181.');
}

function serverAddress(text: string): Address | undefined {
  const [, host = '', port = '2181'] = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(text) ?? [];
  if (host === '' || !isPort(port)) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/**
 * Reads `host:port,host:port/chroot`, the servers of one ensemble as ZooKeeper's own clients take them. Answers the same
 * with every port named. Throws USAGE.
 */
export function zookeeperServers(text: string): string {
  const [, list = '', chroot = ''] = /^([^/]+)((?:\/[\w.-]+)*)\/?$/.exec(text) ?? [];
  const servers = list.split(',').map((server) => serverAddress(server.trim()));
  if (!servers.every((server) => server !== undefined))
    throw usage(
      '--zookeeper',
      'is not HOST:PORT of a server, or of several with commas between',
      'Write e.g. zk1:2181,zk2:2181,zk3:2181.',
    );
  const named = servers.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
  return named.join(',') + chroot;
}

/** Reads `postgres://user@host:port/database?sslmode=…`. Throws USAGE, also for a URL with a password in it. */
export function postgresAddress(text: string): PostgresAddress {
  const next = 'Write e.g. postgres://user@postgres:5432/registry.';
  const url = urlOf('--postgres', text, ['postgres:', 'postgresql:'], next);
  refusePassword('--postgres', url, PASSWORD_VARIABLE.postgres);
  const asked = url.searchParams.get('sslmode') ?? 'prefer';
  const sslmode = SSL_MODES.find((mode) => mode === asked);
  if (sslmode === undefined)
    throw usage('--postgres', 'has an sslmode that is unknown', `Use one of ${SSL_MODES.join(', ')}.`);
  return {
    ...hostOf(url, 5432),
    user: decoded(url.username),
    database: decoded(url.pathname.slice(1)),
    sslmode,
  };
}

/** Reads `redis://user@host:port`, `rediss://` for TLS. Throws USAGE, also for a URL with a password in it. */
export function redisAddress(text: string): RedisAddress {
  const url = urlOf('--redis', text, ['redis:', 'rediss:'], 'Write e.g. redis://redis:6379.');
  refusePassword('--redis', url, PASSWORD_VARIABLE.redis);
  return { ...hostOf(url, 6379), user: decoded(url.username), tls: url.protocol === 'rediss:' };
}

/** Throws USAGE where one of them cannot be used: said before the run. */
export function requireEngines({ zookeeper, postgres, redis }: Engines): void {
  if (zookeeper !== undefined) zookeeperAddress(zookeeper);
  if (postgres !== undefined) postgresAddress(postgres);
  if (redis !== undefined) redisAddress(redis);
}

// No message repeats what was given: a password may be in it.
function urlOf(flag: string, text: string, protocols: readonly string[], next: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && protocols.includes(url.protocol) && url.hostname !== '') return url;
  throw usage(flag, `is not a URL with ${protocols.join('// or ')}// and a host`, next);
}

function refusePassword(flag: string, url: URL, variable: string): void {
  if (url.password === '' && !url.searchParams.has('password')) return;
  throw usage(
    flag,
    'has a password in its URL, where everybody on this machine can read it',
    `Take it out of the URL and set ${variable}. What was on a command line once is best changed.`,
  );
}

function hostOf(url: URL, port: number): Address {
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? port : Number(url.port) };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text) || undefined;
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

function isPort(text: string): boolean {
  return Number(text) >= 1 && Number(text) <= 65_535;
}

function usage(flag: string, problem: string, next: string): RegctlError {
  return fail('USAGE', { what: `The value of ${flag}`, why: `${problem}.`, next });
}
