// Registrations that are durable already: read back at the start, written by this replica, or by another.
import type { Parts } from './directory-parts.js';
import { type Instance, isChecked, weightOf } from './instance.js';
import { judge } from './liveness.js';
import type { Change, Registration, Tombstone } from './registration.js';
import type { Moment } from './settings.js';
import type { Missed } from './store/store.js';
import { correction } from './transitions.js';

/** What earlier runs left. */
export interface Stored {
  readonly registrations: readonly Registration[];
  /** Oldest first. */
  readonly tombstones: readonly Tombstone[];
  /** At least the highest revision of what was forgotten. */
  readonly revisionFloor: number;
}

/** What a new instance does not take from its registration. */
interface Start {
  readonly leaseEnds: number;
  readonly leaseGuessed: boolean;
  readonly checkDueAt: number;
  readonly proven: boolean;
}

export class Registrations {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** As Directory.load. */
  load({ registrations, tombstones, revisionFloor }: Stored, { now }: Moment): void {
    const { catalog, leaseClock, random, timings } = this.#parts;
    const leaseNow = leaseClock.advance(now);
    catalog.raiseFloor(revisionFloor);
    for (const tombstone of tombstones) catalog.bury(tombstone);
    for (const registration of registrations) {
      const lease = registration.state === 'down' ? 0 : timings.downAfterMs * (2 + random());
      this.#place(registration, {
        leaseEnds: leaseNow + lease / 3,
        leaseGuessed: true,
        checkDueAt: now + (random() * timings.checkIntervalMs) / 10,
        proven: registration.state === 'healthy',
      });
    }
  }

  /** Applies a change that this replica wrote. */
  apply(change: Change, at: Moment): void {
    if (change.kind === 'remove') this.#remove(change.tombstone);
    else this.#register(change.registration, at, false);
  }

  /** Takes over what other replicas wrote. */
  take({ puts, removes }: Missed, isDirty: (service: string, id: string) => boolean, at: Moment): void {
    const { catalog } = this.#parts;
    for (const row of puts) {
      const { service, id, incarnation } = row;
      const known = catalog.instance(service, id);
      const latest = known?.registration.incarnation ?? catalog.buriedIncarnation(service, id);
      if (known !== undefined && incarnation === latest) {
        if (!isDirty(service, id)) this.#adopt(known, row, at);
      } else if (incarnation > latest) this.#register(row, at, true);
    }
    for (const tombstone of removes) {
      const { service, id, incarnation } = tombstone;
      const known = catalog.find(service, id)?.incarnation;
      if ((known ?? catalog.buriedIncarnation(service, id) + 1) <= incarnation) this.#remove(tombstone);
    }
  }

  /** A new instance, or another incarnation of one. */
  #register(registration: Registration, { now }: Moment, leaseGuessed: boolean): void {
    const { catalog, leaseClock, timings } = this.#parts;
    const former = catalog.instance(registration.service, registration.id);
    const sameCheck = former?.registration.healthUrl === registration.healthUrl;
    this.#place(registration, {
      leaseEnds: leaseClock.advance(now) + timings.downAfterMs,
      leaseGuessed,
      checkDueAt: now,
      proven: sameCheck && former.check.proven && registration.state === 'healthy',
    });
  }

  #place(registration: Registration, { leaseEnds, leaseGuessed, checkDueAt, proven }: Start): void {
    const { catalog, checks, guard, sweep, unrecorded } = this.#parts;
    const former = catalog.instance(registration.service, registration.id);
    unrecorded.delete(registration);
    const instance: Instance = {
      registration,
      weight: weightOf(registration.metadata),
      leaseEnds,
      leaseGuessed,
      lastHeartbeat: former?.lastHeartbeat ?? null,
      lastBeat: null,
      ambiguousAt: Number.NEGATIVE_INFINITY,
      lookAt: Number.POSITIVE_INFINITY,
      check: {
        dueAt: checkDueAt,
        failures: 0,
        proven,
        lastAt: former?.check.lastAt ?? null,
        madeAt: Number.NEGATIVE_INFINITY,
        passedAt: Number.NEGATIVE_INFINITY,
        failingSince: null,
      },
    };
    catalog.put(instance);
    checks.schedule(instance, checkDueAt);
    sweep.schedule(instance);
    const { service, state } = registration;
    if (state === 'down' || guard.holds(service)) guard.suspect(service);
  }

  /** The state another replica recorded of an instance, unless a heartbeat that is known here says better. */
  #adopt(instance: Instance, row: Registration, at: Moment): void {
    const { catalog, checks, guard, leaseClock, sweep, timings, unrecorded } = this.#parts;
    const leaseNow = leaseClock.advance(at.now);
    const own = judge(instance, leaseNow, timings);
    if (row.state === 'down' && own.beats && own.state !== 'down' && instance.lastBeat !== null) {
      catalog.adopt(instance, { ...row, state: own.state });
      unrecorded.add(correction(row, instance.registration, at), at.now);
      return;
    }
    const wasChecked = isChecked(instance);
    unrecorded.delete(row);
    catalog.adopt(instance, row);
    // Somebody heard a heartbeat that has not come here yet.
    if (row.beats && row.state !== 'down' && leaseNow >= instance.leaseEnds) {
      instance.leaseEnds = leaseNow + timings.downAfterMs;
      instance.leaseGuessed = true;
    }
    if (!wasChecked && isChecked(instance)) checks.schedule(instance, at.now);
    sweep.schedule(instance);
    guard.suspect(row.service);
  }

  #remove(tombstone: Tombstone): void {
    const { catalog, guard, unrecorded } = this.#parts;
    unrecorded.delete(tombstone);
    catalog.bury(tombstone);
    guard.suspect(tombstone.service);
  }
}
