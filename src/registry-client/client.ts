// One interface over both registry APIs. Every field is always present, null where the registry did not say it.

export const APIS = ['config-service', 'coordinator'] as const;
export type Api = (typeof APIS)[number];

/** A row of the catalog: one per service name. */
export interface Service {
  service_name: string;
  status: string;
  /** Null where the registry does not count (a deployed Config Service). */
  healthy_instances: number | null;
  total_instances: number | null;
  /** Instances that the registry's mass-expiry guard does not evict; null where it holds none, or does not say. */
  held_instances: number | null;
  service_url: string | null;
  health_check_url: string | null;
  /** ISO 8601, UTC. */
  registered_at: string | null;
  service_metadata: Record<string, unknown>;
}

/** A live instance as the registry lists it. */
export interface Instance {
  service_name: string;
  /** Null where a Coordinator answers with an address only. */
  instance_id: string | null;
  /** The exact state where the registry tells it (`state`), else its status word. */
  status: string;
  service_url: string | null;
  health_check_url: string | null;
  monitored_by: string | null;
  registered_at: string | null;
  last_heartbeat: string | null;
  service_id: number | null;
  service_metadata: Record<string, unknown>;
}

/** What a service says of itself when it registers. `service_id` is the Coordinator's integer. */
export interface Registration {
  service_name: string;
  service_url: string;
  health_check_url: string | null;
  instance_id: string;
  service_metadata: Record<string, unknown>;
  service_id: number | null;
}

/** Names one instance to a registry; which fields it needs depends on its API. */
export interface InstanceKey {
  service_name: string;
  instance_id: string | null;
  service_id: number | null;
}

export type Beat =
  /** `next_heartbeat_s`: when the registry wants the next one, null where it does not say. */
  | { kind: 'accepted'; next_heartbeat_s: number | null }
  /** The registry does not know the instance: it must register again. */
  | { kind: 'not-registered' }
  /** The API has no heartbeat (a deployed Config Service). */
  | { kind: 'unsupported' };

/** `/health` as answered: the body counts, not the status code. */
export interface RegistryHealth {
  http_status: number;
  /** Null where the body is not a health report. */
  status: string | null;
  parts: Record<'zookeeper' | 'postgres' | 'redis', string | null>;
}

/** A call as it would be sent, for `--dry-run`; carries no credentials. */
export interface PlannedCall {
  method: 'POST';
  url: string;
  body: unknown;
}

/**
 * A registry. Every call throws the connection errors of `Http.send`, UNAUTHORIZED, FORBIDDEN, READ_ONLY, SERVER_ERROR,
 * NOT_THE_API and, for input the registry refuses, REGISTRY_REFUSED_INPUT.
 */
export interface RegistryClient {
  readonly api: Api;
  /** Base URL, without a trailing slash. */
  readonly url: string;
  /**
   * The catalog in the registry's order, a batch at a time while it comes. Throws CANNOT_LIST where a Coordinator has no
   * list; what is wrong with a later row is thrown after the rows before it, as is ANSWER_TOO_LARGE past `maxBytes`
   * (64 MiB).
   */
  services(maxBytes?: number): AsyncGenerator<Service[]>;
  /** All of it. */
  listServices(): Promise<Service[]>;
  /** All instances, whatever their status; empty for an unknown name. */
  listInstances(service: string): Promise<Instance[]>;
  /** The URL the registry hands out now, a healthy instance's; undefined where there is none. */
  pickUrl(service: string): Promise<string | undefined>;
  /** Registers or updates; answers the instance id. */
  register(registration: Registration): Promise<{ instance_id: string; heartbeat_interval_s: number | null }>;
  planRegister(registration: Registration): PlannedCall;
  /** False where the registry says that nothing was registered; a Config Service says true of anything. */
  deregister(key: InstanceKey, reason: string | undefined): Promise<boolean>;
  heartbeat(key: InstanceKey): Promise<Beat>;
  health(): Promise<RegistryHealth>;
}

/** What a client needs to reach its registry. */
export interface Endpoint {
  url: string;
  /** Paths by call that differ from the documented ones, e.g. `{ register: '/registry/register' }`. */
  paths: Readonly<Record<string, string>>;
  /** Sent with every call, e.g. `X-Registry-Key`. */
  headers: Readonly<Record<string, string>>;
  /**
   * The Authorization header for a call that changes something; undefined where there is no secret, or,
   * unless `required`, where it should not be sent there (a placeholder, a URL that is not trusted).
   */
  authorization: (required: boolean) => Promise<string | undefined>;
}
