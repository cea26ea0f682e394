// What a minimal Coordinator keeps in memory: who is registered, and when each was last heard of.
import { randomUUID } from 'node:crypto';

const DOWN_AFTER_MS = 90_000;

export interface CoordinatorRegistration {
  readonly service_id: number;
  readonly service_name: string;
  readonly url: string;
  readonly health_check_url?: string | null;
  readonly metadata?: Record<string, unknown> | null;
}

interface Entry extends CoordinatorRegistration {
  readonly instance_id: string;
  readonly registered_at: string;
  lastBeat: number;
}

export class CoordinatorDirectory {
  #entries: Entry[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The same id at the same URL again is the same instance. Answers the instance id. */
  enter(registration: CoordinatorRegistration): string {
    const { service_id, url } = registration;
    const known = this.#entries.find((entry) => entry.service_id === service_id && entry.url === url);
    const instance_id = known?.instance_id ?? randomUUID();
    const registered_at = known?.registered_at ?? new Date(this.#now()).toISOString();
    this.#entries = this.#entries.filter((entry) => entry !== known);
    this.#entries.push({ ...registration, instance_id, registered_at, lastBeat: this.#now() });
    return instance_id;
  }

  /** Without an instance id all instances of the service id go. False where there was none. */
  leave(serviceId: number, instanceId: unknown): boolean {
    const stays = (entry: Entry): boolean =>
      entry.service_id !== serviceId || (instanceId ?? entry.instance_id) !== entry.instance_id;
    const before = this.#entries.length;
    this.#entries = this.#entries.filter(stays);
    return this.#entries.length < before;
  }

  /** False where the id is not registered. */
  beat(serviceId: number): boolean {
    const beating = this.#entries.filter(({ service_id }) => service_id === serviceId);
    for (const entry of beating) entry.lastBeat = this.#now();
    return beating.length > 0;
  }

  lastBeat(serviceId: number): number | undefined {
    return this.#entries.find(({ service_id }) => service_id === serviceId)?.lastBeat;
  }

  /** URLs traffic may go to; undefined for a name nobody registered. */
  urls(name: string): string[] | undefined {
    const named = this.#entries.filter(({ service_name }) => service_name === name);
    return named.length === 0 ? undefined : named.filter((entry) => this.#isUp(entry)).map(({ url }) => url);
  }

  /** One row a name, as the Config Service lists them. */
  rows(): object[] {
    const newest = new Map(this.#entries.map((entry) => [entry.service_name, entry]));
    return [...newest.values()].map((entry) => ({
      service_name: entry.service_name,
      service_url: entry.url,
      ...(entry.health_check_url ? { health_check_url: entry.health_check_url } : {}),
      status: this.#isUp(entry) ? 'healthy' : 'unhealthy',
      service_metadata: entry.metadata ?? {},
      registered_at: entry.registered_at,
    }));
  }

  clear(): void {
    this.#entries = [];
  }

  #isUp({ lastBeat }: Entry): boolean {
    return this.#now() - lastBeat < DOWN_AFTER_MS;
  }
}
