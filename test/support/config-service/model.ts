// What a deployed Config Service does with its stores (wire/config-service.md), misbehaviour included.
import { randomUUID } from 'node:crypto';
import { type HealthReport, type ProbeOptions, probeService } from './probe.js';
import { Crash, type NodeData, Postgres, Redis, ZooKeeper } from './stores.js';

const STATUSES = ['healthy', 'unhealthy', 'unknown', 'starting', 'stopping'];
const CACHE_TTL_MS = 60_000;

export interface Registration {
  readonly service_name: string;
  readonly service_url: string;
  readonly health_check_url?: string | null | undefined;
  readonly service_metadata?: Record<string, unknown> | null | undefined;
}

/** A live instance as `/discover` shows it, nulls and all. */
export interface Instance {
  readonly instance_id: string;
  readonly service_name: string;
  readonly service_url: string;
  readonly health_check_url: string | null;
  readonly status: string;
  readonly service_metadata: NodeData;
  readonly registered_at: null;
}

export class ConfigServiceModel {
  readonly zookeeper: ZooKeeper;
  readonly postgres = new Postgres();
  readonly redis: Redis;
  readonly #now: () => number;
  readonly #probing: ProbeOptions;

  constructor(now: () => number, probing: ProbeOptions) {
    this.zookeeper = new ZooKeeper(now);
    this.redis = new Redis(now);
    this.#now = now;
    this.#probing = probing;
  }

  /** ZooKeeper, then PostgreSQL, then the cache: a store that is down leaves the earlier ones written. */
  register({ service_name, service_url, health_check_url, service_metadata }: Registration): string {
    const metadata = service_metadata ?? {};
    const healthUrl = health_check_url ?? null;
    const wanted = metadata.instance_id;
    const instance_id = typeof wanted === 'string' && wanted !== '' ? wanted : randomUUID();
    const node = { health_check_url: healthUrl, ...metadata, instance_id, service_url };
    this.zookeeper.set(service_name, instance_id, node);
    this.postgres.upsert({
      service_name,
      service_url,
      health_check_url: healthUrl,
      // Whatever the instance says of itself, the catalog says healthy.
      status: 'healthy',
      service_metadata: metadata,
      registered_at: pythonTime(this.#now()),
    });
    this.redis.delete(instancesKey(service_name));
    return instance_id;
  }

  /** Never says whether there was such an instance, and blames the whole row either way. */
  deregister(name: string, instanceId: string): void {
    this.zookeeper.delete(name, instanceId);
    this.postgres.setStatus(name, 'unknown');
    this.redis.delete(instancesKey(name));
  }

  /** Through the cache, which keeps an empty list as readily as a full one. */
  instances(name: string): Instance[] {
    const cached = this.redis.get(instancesKey(name));
    if (cached !== undefined) return JSON.parse(cached);
    const instances = this.zookeeper.instances(name).map((node) => toInstance(name, node));
    this.redis.set(instancesKey(name), JSON.stringify(instances), CACHE_TTL_MS);
    return instances;
  }

  healthyUrl(name: string): string | undefined {
    const healthy = this.instances(name).filter((instance) => instance.status === 'healthy');
    return healthy[Math.floor(Math.random() * healthy.length)]?.service_url;
  }

  /** Probes all instances now and writes the outcome to the catalog row, never to the instances. */
  async probe(name: string): Promise<HealthReport> {
    const report = await probeService(name, this.instances(name), this.#probing);
    this.postgres.setStatus(name, report.overall_status);
    return report;
  }

  /** One round of the monitor loop. Rows without live instances are passed over, which keeps ghosts as they were. */
  async probeRound(): Promise<void> {
    for (const { service_name } of this.postgres.rows()) {
      const instances = this.instances(service_name);
      const report =
        instances.length > 0
          ? await this.probe(service_name)
          : await probeService(service_name, [], this.#probing);
      this.redis.set(snapshotKey(service_name), JSON.stringify(snapshot(report)));
    }
  }

  healthStatus(name: string): unknown {
    const cached = this.redis.get(snapshotKey(name));
    return cached === undefined ? undefined : JSON.parse(cached);
  }
}

/** One odd node makes the whole list crash. */
function toInstance(service_name: string, node: NodeData): Instance {
  const { instance_id, service_url, health_check_url = null, status = 'unknown' } = node;
  if (typeof status !== 'string' || !STATUSES.includes(status)) throw new Crash(`status ${String(status)}`);
  if (typeof instance_id !== 'string' || typeof service_url !== 'string')
    throw new Crash('node without a name');
  if (health_check_url !== null && typeof health_check_url !== 'string') throw new Crash('health_check_url');
  const named = { instance_id, service_name, service_url, health_check_url, status };
  return { ...named, service_metadata: node, registered_at: null };
}

function snapshot({ service_name, total_instances, healthy_instances, timestamp }: HealthReport): object {
  const state =
    total_instances === 0
      ? 'unknown'
      : healthy_instances === 0
        ? 'unhealthy'
        : healthy_instances === total_instances
          ? 'healthy'
          : 'degraded';
  return { service_id: service_name, state, last_check: timestamp, total_instances, healthy_instances };
}

function instancesKey(name: string): string {
  return `registry:instances:${name}`;
}

function snapshotKey(name: string): string {
  return `internal:health-status:${name}`;
}

/** A timestamp with time zone as Python prints it: a space for the T, microseconds, `+00:00`. */
function pythonTime(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '441+00:00');
}
