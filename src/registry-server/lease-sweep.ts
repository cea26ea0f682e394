// Looks at the leases: what lapsed is down, what was down or failed its health checks for long is evicted.
import type { Catalog } from './catalog.js';
import { DueQueue } from './due-queue.js';
import { type ExpiryGuard, type GuardChange, lostSince } from './expiry-guard.js';
import { aliveState, type Instance, isChecked } from './instance.js';
import { judge, type Verdict } from './liveness.js';
import type { Transition } from './registration.js';
import type { Moment, Timings } from './settings.js';
import { change, evict, note } from './transitions.js';

/** What may not be evicted now, because it is held or not this replica's to evict, is looked at again this much later. */
const LATER_MS = 5000;

export class LeaseSweep {
  readonly #catalog: Catalog;
  readonly #timings: Timings;
  readonly #guard: ExpiryGuard;
  /** Whether this replica may evict from the service now. */
  readonly #evicts: (service: string) => boolean;
  /** By lease time. Of the entries of an instance the one at its `lookAt` counts, never later than what is due. */
  readonly #queue = new DueQueue<Instance>();

  constructor(catalog: Catalog, timings: Timings, guard: ExpiryGuard, evicts: (service: string) => boolean) {
    this.#catalog = catalog;
    this.#timings = timings;
    this.#guard = guard;
    this.#evicts = evicts;
  }

  /** To be called where something may be due for an instance earlier than it was. */
  schedule(instance: Instance): void {
    this.#lookAt(instance, this.#dueAt(instance));
  }

  /** Does all that is due at the lease time; answers everything that it did. */
  run(leaseNow: number, at: Moment): Transition[] {
    const done: Transition[] = [];
    const lost: Instance[] = [];
    for (;;) {
      const entry = this.#queue.take(leaseNow);
      if (entry === undefined) break;
      const { item } = entry;
      if (entry.at !== item.lookAt || !this.#isRegistered(item)) continue;
      item.lookAt = Number.POSITIVE_INFINITY;
      if (this.#dueAt(item) > leaseNow) this.schedule(item);
      else if (item.registration.beats && item.registration.state !== 'down') {
        done.push(change(this.#catalog, item, this.#lapsed(item, leaseNow), 'lease-expired', at));
        this.#guard.suspect(item.registration.service);
        this.schedule(item);
      } else lost.push(item);
    }
    // All that lapsed is known to the guard before anything goes.
    for (const changed of this.#guard.review()) done.push(this.#noteOf(changed, at));
    for (const instance of lost) {
      const { service } = instance.registration;
      const stays =
        !this.#evicts(service) || (this.#guard.holds(service) && lostSince(instance) !== undefined);
      if (stays) this.#lookAt(instance, leaseNow + LATER_MS);
      else done.push(evict(this.#catalog, instance.registration, at));
    }
    return done;
  }

  #lookAt(instance: Instance, due: number): void {
    if (due >= instance.lookAt) return;
    instance.lookAt = due;
    this.#queue.add(due, instance);
  }

  /** In lease time: when its lease lapses, or it is to be evicted; Infinity where neither will be by itself. */
  #dueAt({ registration: { beats, state }, leaseEnds, check }: Instance): number {
    const { downAfterMs, evictAfterMs, evictUnhealthyAfterMs } = this.#timings;
    if (beats) return state === 'down' ? leaseEnds + evictAfterMs : leaseEnds;
    if (check.failingSince === null) return Number.POSITIVE_INFINITY;
    // A heartbeat after that was a sign of life too.
    return Math.max(check.failingSince, leaseEnds - downAfterMs) + evictUnhealthyAfterMs;
  }

  /** Where it has not beaten since it registered, what its health checks said by now decides. */
  #lapsed(instance: Instance, leaseNow: number): Verdict {
    if (instance.lastBeat !== null) return judge(instance, leaseNow, this.#timings);
    if (!isChecked(instance)) return { state: 'down', beats: true };
    const { proven, failures } = instance.check;
    const passes = proven && failures === 0;
    return { state: passes ? aliveState(instance.registration) : 'unhealthy', beats: false };
  }

  #noteOf({ service, held, lost, of }: GuardChange, at: Moment): Transition {
    const cause = held ? 'evictions-held' : 'evictions-released';
    return note(this.#catalog, service, cause, at, `${lost} of ${of} instances give no sign of life`);
  }

  #isRegistered(instance: Instance): boolean {
    const { service, id } = instance.registration;
    return this.#catalog.instance(service, id) === instance;
  }
}
