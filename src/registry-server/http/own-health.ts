// What the registry says of itself, in the body that a deployed Config Service has (wire/config-service.md).
import type { EngineState } from '../replica.js';
import { heldEvictions } from './evictions.js';
import type { Registry } from './registry.js';

interface OwnHealth {
  readonly status: EngineState;
  readonly zookeeper: EngineState;
  readonly postgres: EngineState;
  readonly redis: EngineState;
  readonly timestamp: number;
  readonly mode: 'embedded' | 'cluster';
  /** Of a cluster: which replica answers, and how many it sees. */
  readonly replica?: string;
  readonly members?: number;
  /** Set where changes are refused. */
  readonly read_only?: true;
  /** Services of which the mass-expiry guard evicts nothing: some of their names, and how many there are. */
  readonly held?: readonly string[];
  readonly held_services?: number;
  readonly detail?: string;
}

/** That replica may be dead, or hang; one of them has to be restarted, and it is not this one. */
const SILENT =
  'Nothing is heard of another replica: what it was told last may be missing here, and nothing is taken for down until it is back or its session is over';

/** What it hears reaches nobody. */
const CUT_OFF =
  'ZooKeeper and PostgreSQL are not there: reads go on from memory, heartbeats and registrations are refused here, and nothing is taken for down';

/** Without Redis it is healthy: that costs speed only. */
export function ownHealth(registry: Registry): OwnHealth {
  const { writer, replica, clock, readOnly } = registry;
  const { problem } = writer;
  const stores: EngineState = problem === undefined ? 'healthy' : 'unhealthy';
  const timestamp = clock.now() / 1000;
  const more = { ...(readOnly ? { read_only: true as const } : {}), ...heldEvictions(registry) };
  if (replica === undefined) {
    const engines = { zookeeper: 'healthy', postgres: stores, redis: 'healthy' } as const;
    const detail = problem === undefined ? {} : { detail: `The registry cannot store changes: ${problem}` };
    return { status: stores, ...engines, timestamp, mode: 'embedded', ...more, ...detail };
  }
  const { id, members, zookeeper, redis, ...state } = replica.state();
  const postgres = stores === 'unhealthy' ? stores : state.postgres;
  const ill: string[] = [];
  if (postgres !== 'healthy') {
    const why = problem ?? 'it does not answer';
    ill.push(`PostgreSQL is not there (${why}): reads and heartbeats go on, registrations do not`);
  }
  if (zookeeper !== 'healthy') {
    ill.push('ZooKeeper is not there: reads go on from memory, and nothing is taken for down');
  }
  const silent = ill.length === 0 && replica.staleSince !== undefined ? [SILENT] : ill;
  const told = replica.cutOff ? [CUT_OFF] : silent;
  return {
    status: ill.length === 0 ? 'healthy' : 'unhealthy',
    zookeeper,
    postgres,
    redis,
    timestamp,
    mode: 'cluster',
    replica: id,
    members,
    ...more,
    ...(told.length === 0 ? {} : { detail: told.join('; ') }),
  };
}
