// What being one of several replicas adds to a registry; an embedded one has none.
import type { AuditQuery, AuditRow } from '../wire/audit.js';
import type { Directory } from './directory.js';
import type { HealthMonitor } from './health-monitor.js';
import type { KnownAddresses } from './http/known-addresses.js';
import type { Observation } from './observation.js';
import type { Writer } from './writer.js';

export type EngineState = 'healthy' | 'unhealthy';

export interface ReplicaState {
  /** Of this replica, in logs and on /health. */
  readonly id: string;
  /** Replicas this one sees, itself included. */
  readonly members: number;
  readonly zookeeper: EngineState;
  readonly postgres: EngineState;
  readonly redis: EngineState;
}

/** The parts of the registry that others' news goes to. */
export interface Parts {
  readonly directory: Directory;
  readonly writer: Writer;
  readonly monitor: HealthMonitor;
  readonly known: KnownAddresses;
}

export interface Replica {
  /** This replica is the one that checks, expires and evicts the instances of the service. */
  keeps(service: string): boolean;
  /** Tells the other replicas. */
  tell(observation: Observation): void;
  state(): ReplicaState;
  /** Since when (monotonic) it may have missed what others changed; undefined where it is up to date. */
  readonly staleSince: number | undefined;
  /** Nothing it hears reaches the others: a heartbeat would count for nothing. */
  readonly cutOff: boolean;
  /** Rows of the audit trail, oldest first, as the query chooses them. */
  audit(query: AuditQuery): Promise<AuditRow[]>;
  /** Joins the others, once what is stored has been loaded. */
  join(parts: Parts): Promise<void>;
  /** Leaves its services to the others; answers go on meanwhile. Ends within 3 s. */
  handOver(): Promise<void>;
  close(): Promise<void>;
}
