// Where most of a service is lost at once, the fault is rather in between (a network, a registry that was away) than in
// every instance: such a service is not evicted until it is back, or an operator says that it is gone for good.
import type { Catalog } from './catalog.js';
import { type Instance, monitoredBy } from './instance.js';
import type { Service } from './service.js';
import type { Timings } from './settings.js';

/** Fewer lost instances than this are no mass. */
const LEAST = 3;

/** Evictions of a service are held from now on, or no longer. */
export interface GuardChange {
  readonly service: string;
  readonly held: boolean;
  readonly lost: number;
  readonly of: number;
}

/** A service of which nothing is evicted, and how many of its instances would be. */
export interface HeldService {
  readonly service: string;
  readonly instances: number;
}

/** The instances of a service that are judged by the same kind of sign of life. */
interface Group {
  readonly of: number;
  /** In lease time, when each of those that are lost now was: ascending. */
  readonly lostAt: readonly number[];
}

export class ExpiryGuard {
  readonly #catalog: Catalog;
  readonly #timings: Timings;
  /** Services in which something was lost or came back since the latest review. */
  readonly #suspects = new Set<string>();
  readonly #held = new Set<string>();
  /** In lease time: what was lost until then is let go. */
  readonly #releasedAt = new Map<string, number>();

  constructor(catalog: Catalog, timings: Timings) {
    this.#catalog = catalog;
    this.#timings = timings;
  }

  /** Has the service looked at with the next review. */
  suspect(service: string): void {
    if (this.#timings.expiryGuard) this.#suspects.add(service);
  }

  holds(service: string): boolean {
    return this.#held.has(service);
  }

  /** The services whose evictions are held. */
  get held(): ReadonlySet<string> {
    return this.#held;
  }

  /** How many instances of the service are not evicted: 0 where nothing is held. */
  heldOf(service: string): number {
    if (!this.#held.has(service)) return 0;
    const instances = this.#catalog.service(service)?.instances.values() ?? [];
    return [...instances].filter((instance) => lostSince(instance) !== undefined).length;
  }

  /** Looks at what changed: to be called before anything is evicted. */
  review(): GuardChange[] {
    const changes: GuardChange[] = [];
    for (const name of this.#suspects) {
      const groups = groupsOf(this.#catalog.service(name));
      const lost = groups.reduce((total, { lostAt }) => total + lostAt.length, 0);
      const of = groups.reduce((total, group) => total + group.of, 0);
      if (lost === 0) this.#releasedAt.delete(name);
      const before = this.#held.has(name);
      const since = this.#releasedAt.get(name) ?? Number.NEGATIVE_INFINITY;
      const held = groups.some((group) => (before ? isMostlyLost(group) : this.#isMass(group, since)));
      if (held === before) continue;
      if (held) this.#held.add(name);
      else this.#held.delete(name);
      changes.push({ service: name, held, lost, of });
    }
    this.#suspects.clear();
    return changes;
  }

  /** Lets go what is lost by `leaseNow`; answers whether anything was held. */
  release(service: string, leaseNow: number): boolean {
    this.#releasedAt.set(service, leaseNow);
    this.suspect(service);
    return this.#held.delete(service);
  }

  /** More than half were lost since, within a lease's length. */
  #isMass({ of, lostAt }: Group, since: number): boolean {
    const most = Math.max(LEAST, Math.floor(of / 2) + 1);
    const lost = lostAt.filter((at) => at > since);
    return lost.some((last, i) => {
      const first = lost[i - most + 1];
      return first !== undefined && last - first <= this.#timings.downAfterMs;
    });
  }
}

/** Not most are back yet. */
function isMostlyLost({ of, lostAt }: Group): boolean {
  return lostAt.length > 0 && 2 * lostAt.length >= of;
}

/** In lease time: since when an instance gives no sign of life; undefined where it is not lost. */
export function lostSince({ registration, leaseEnds, check }: Instance): number | undefined {
  if (registration.beats) return registration.state === 'down' ? leaseEnds : undefined;
  const failing = registration.healthUrl !== null && registration.state === 'unhealthy';
  return failing ? (check.failingSince ?? undefined) : undefined;
}

function groupsOf(service: Service | undefined): Group[] {
  const instances = [...(service?.instances.values() ?? [])];
  return (['heartbeat', 'health-check'] as const).map((kind) => {
    const group = instances.filter(({ registration }) => monitoredBy(registration) === kind);
    const lostAt = group.flatMap((instance) => lostSince(instance) ?? []).sort((a, b) => a - b);
    return { of: group.length, lostAt };
  });
}
