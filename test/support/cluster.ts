// Replicas over real engines: each deployment has a database and a place in ZooKeeper of its own, so that tests do not
// meet on the engines they share.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import type { ClusterEngines } from '../../src/registry-server/cluster/engines.js';
import {
  type RegistryOptions,
  type RunningRegistry,
  startRegistry,
} from '../../src/registry-server/server.js';
import { type Engine, type EngineName, type EngineOptions, missingPackages, startEngine } from './engines.js';

export type Engines = Readonly<Record<EngineName, Engine>>;

/** Off CI a test that needs an engine which is not installed is skipped by name; in CI it fails. */
export const withoutEngines = missingPackages().length > 0 && process.env.CI === undefined;

/** All three, on free ports. */
export async function startEngines(
  options: Pick<EngineOptions, 'durable'> = {},
): Promise<Engines & { close(): Promise<void> }> {
  const [zookeeper, postgres, redis] = await Promise.all([
    startEngine('zookeeper', options),
    startEngine('postgres', options),
    startEngine('redis', options),
  ]);
  const close = async () => {
    await Promise.all([zookeeper.close(), postgres.close(), redis.close()]);
  };
  return { zookeeper, postgres, redis, close };
}

/** Ports to reach the engines at, where they are not reached directly. */
export type Ports = Partial<Record<EngineName, number>>;

export interface Deployment {
  /** Unique, as the database is called and its base path in ZooKeeper. */
  readonly name: string;
  readonly basePath: string;
  /** As a replica is told of them. */
  engines(ports?: Ports): ClusterEngines;
  /** The addresses as flags of serve. */
  flags(ports?: Ports): string[];
}

/** A database of its own; the base path is made by the first replica. */
export async function newDeployment(
  engines: Readonly<Record<EngineName, { readonly port: number }>>,
): Promise<Deployment> {
  const name = `t${randomBytes(6).toString('hex')}`;
  const client = new pg.Client({
    host: '127.0.0.1',
    port: engines.postgres.port,
    user: 'registry',
    database: 'postgres',
  });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const basePath = `/${name}`;
  const port = (engine: EngineName, ports: Ports) => ports[engine] ?? engines[engine].port;
  return {
    name,
    basePath,
    engines: (ports = {}) => ({
      zookeeper: {
        servers: `127.0.0.1:${port('zookeeper', ports)}`,
        basePath,
        sessionTimeoutMs: 2_000,
      },
      postgres: {
        host: '127.0.0.1',
        port: port('postgres', ports),
        user: 'registry',
        database: name,
        sslmode: 'disable',
      },
      redis: { host: '127.0.0.1', port: port('redis', ports), tls: false },
    }),
    flags: (ports = {}) => [
      ...['--zookeeper', `127.0.0.1:${port('zookeeper', ports)}`, '--zookeeper-base-path', basePath],
      ...['--postgres', `postgres://registry@127.0.0.1:${port('postgres', ports)}/${name}?sslmode=disable`],
      ...['--redis', `redis://127.0.0.1:${port('redis', ports)}`],
    ],
  };
}

/** A replica in this process, closed with the test. */
export async function startReplica(
  deployment: Deployment,
  options: Partial<RegistryOptions> & { ports?: Ports } = {},
): Promise<RunningRegistry> {
  const { ports, ...rest } = options;
  const replica = await startRegistry({
    port: 0,
    store: { kind: 'cluster', engines: deployment.engines(ports) },
    ...rest,
  });
  onTestFinished(() => replica.close());
  return replica;
}
