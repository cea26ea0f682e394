// Who is registered and alive: the heart of the registry. Pure: no IO; time and chance come in as parameters.
import type { State } from '../wire/status.js';
import { Catalog } from './catalog.js';
import { nextCheckIn, repeatCheckIn, stateAfterFailure } from './check-schedule.js';
import { aliveState, type Instance, isChecked, weightOf } from './instance.js';
import { LeaseClock } from './lease-clock.js';
import {
  type Cause,
  type Change,
  ownerOf,
  type Registration,
  type Tombstone,
  type Transition,
} from './registration.js';
import { type Moment, type Random, sweepIntervalMs, type Timings } from './settings.js';
import type { Missed } from './store/store.js';

/** A health check to be made of an instance as it was registered then. */
export interface DueCheck {
  readonly service: string;
  readonly id: string;
  readonly incarnation: number;
  readonly url: string;
}

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
  readonly checkDueAt: number;
  readonly proven: boolean;
}

export class Directory {
  /** For reading; every change goes through the directory. */
  readonly catalog = new Catalog();
  readonly #timings: Timings;
  readonly #random: Random;
  readonly #leaseClock: LeaseClock;

  constructor(timings: Timings, random: Random, now: number) {
    this.#timings = timings;
    this.#random = random;
    this.#leaseClock = new LeaseClock(now, sweepIntervalMs(timings));
  }

  // --- changes that are durable already ---

  /**
   * Takes over what the store had. Every lease starts anew, between two thirds of its length and the whole, so that
   * they do not lapse together; health checks follow within a tenth of their interval.
   */
  load({ registrations, tombstones, revisionFloor }: Stored, { now }: Moment): void {
    const leaseNow = this.#leaseClock.advance(now);
    this.catalog.raiseFloor(revisionFloor);
    for (const tombstone of tombstones) this.catalog.bury(tombstone);
    for (const registration of registrations) {
      const lease = registration.state === 'down' ? 0 : this.#timings.downAfterMs * (2 + this.#random());
      this.#place(registration, {
        leaseEnds: leaseNow + lease / 3,
        checkDueAt: now + (this.#random() * this.#timings.checkIntervalMs) / 10,
        proven: registration.state === 'healthy',
      });
    }
  }

  /** Applies a change that was planned and is durable now. */
  apply(change: Change, { now }: Moment): void {
    if (change.kind === 'remove') {
      this.catalog.bury(change.tombstone);
      return;
    }
    const { registration } = change;
    const former = this.catalog.instance(registration.service, registration.id);
    const sameCheck = former?.registration.healthUrl === registration.healthUrl;
    this.#place(registration, {
      leaseEnds: this.#leaseClock.advance(now) + this.#timings.downAfterMs,
      checkDueAt: now,
      proven: sameCheck && former.check.proven && registration.state === 'healthy',
    });
  }

  /**
   * Takes over what other replicas committed. The state of an instance that `isDirty`, which this replica has still to
   * record itself, stays as it is.
   */
  take(missed: Missed, isDirty: (service: string, id: string) => boolean, at: Moment): void {
    for (const registration of missed.puts) {
      const { service, id, incarnation } = registration;
      const known = this.catalog.find(service, id);
      if (
        known === undefined
          ? this.catalog.buriedIncarnation(service, id) >= incarnation
          : known.incarnation > incarnation
      )
        continue;
      if (known?.incarnation === incarnation && isDirty(service, id)) continue;
      this.#place(registration, {
        leaseEnds: this.#leaseClock.advance(at.now) + this.#timings.downAfterMs,
        checkDueAt: at.now,
        proven: registration.state === 'healthy',
      });
    }
    for (const tombstone of missed.removes) {
      const known = this.catalog.find(tombstone.service, tombstone.id);
      if (known === undefined || known.incarnation <= tombstone.incarnation) this.catalog.bury(tombstone);
    }
  }

  #place(registration: Registration, { leaseEnds, checkDueAt, proven }: Start): void {
    const former = this.catalog.instance(registration.service, registration.id);
    this.catalog.put({
      registration,
      weight: weightOf(registration.metadata),
      leaseEnds,
      lastHeartbeat: former?.lastHeartbeat ?? null,
      namedBeat: false,
      beatsInherited: registration.beats,
      check: {
        dueAt: checkDueAt,
        failures: 0,
        proven,
        lastAt: former?.check.lastAt ?? null,
        failingSince: null,
      },
    });
  }

  // --- signs of life ---

  /** A heartbeat for this one instance. */
  beat(instance: Instance, at: Moment, named = true): Transition[] {
    const { registration } = instance;
    instance.leaseEnds = this.#leaseClock.advance(at.now) + this.#timings.downAfterMs;
    instance.lastHeartbeat = at.wall;
    instance.namedBeat = named;
    instance.beatsInherited = false;
    instance.check.failingSince = null;
    const state = aliveState(registration);
    if (registration.beats && registration.state === state) return [];
    return [this.#transition(instance, { state, beats: true }, 'heartbeat', at)];
  }

  /**
   * A heartbeat that names no instance: for those that registered from the sender's address, else for any of them.
   * Where several could still have sent it, it counts for those that have nothing else: the others are judged by their
   * health check, also those that beat while they were alone.
   */
  beatUnnamed(instances: readonly Instance[], sender: string, at: Moment): Transition[] {
    const near = instances.filter(({ registration }) => registration.registeredFrom === sender);
    const possible = near.length > 0 ? near : instances;
    const [only] = possible;
    if (only !== undefined && possible.length === 1) return this.beat(only, at, false);
    return possible.flatMap((instance) => {
      const { healthUrl, beats, state } = instance.registration;
      if (healthUrl === null) return this.beat(instance, at, false);
      if (!beats || instance.namedBeat) return [];
      instance.check.dueAt = at.now;
      instance.check.failures = 0;
      return [this.#transition(instance, { state, beats: false }, 'ambiguous-heartbeat', at)];
    });
  }

  /** Looks at every lease: what lapsed is down; what was down, or failed its health checks, for long is evicted. */
  sweep(at: Moment): Transition[] {
    const leaseNow = this.#leaseClock.advance(at.now);
    const transitions: Transition[] = [];
    for (const instance of this.catalog.instances()) {
      const { beats, state } = instance.registration;
      if (!beats) {
        const { failingSince } = instance.check;
        const failingFor = failingSince === null ? 0 : leaseNow - failingSince;
        if (failingFor >= this.#timings.evictUnhealthyAfterMs) transitions.push(this.#evict(instance, at));
        continue;
      }
      if (leaseNow < instance.leaseEnds) continue;
      if (isChecked(instance) && state !== 'down') transitions.push(this.#handToCheck(instance, at));
      else if (leaseNow >= instance.leaseEnds + this.#timings.evictAfterMs) {
        transitions.push(this.#evict(instance, at));
      } else if (state !== 'down') {
        transitions.push(this.#transition(instance, { state: 'down', beats }, 'lease-expired', at));
      }
    }
    return transitions;
  }

  /** The lease of an instance lapsed that never beat since it registered: what its health checks said by now decides. */
  #handToCheck(instance: Instance, at: Moment): Transition {
    const { registration, check } = instance;
    instance.beatsInherited = false;
    const passes = check.proven && check.failures === 0;
    const state = passes ? aliveState(registration) : 'unhealthy';
    return this.#transition(instance, { state, beats: false }, 'lease-expired', at);
  }

  /** Forgets what was removed before `limit`. */
  forgetBefore(limit: Date): void {
    this.catalog.forgetBefore(limit.toISOString());
  }

  // --- health checks ---

  /**
   * At most `limit` checks that are due, the longest due first, marked as under way; each is to be answered with
   * `checked`.
   */
  takeDueChecks(now: number, limit: number): DueCheck[] {
    if (limit <= 0) return [];
    const due: Instance[] = [];
    for (const instance of this.catalog.instances()) {
      if (instance.check.dueAt > now || !isChecked(instance)) continue;
      due.push(instance);
    }
    if (due.length > limit) due.sort((a, b) => a.check.dueAt - b.check.dueAt);
    return due.slice(0, limit).flatMap(({ registration, check }) => {
      check.dueAt = Number.POSITIVE_INFINITY;
      return checkOf(registration) ?? [];
    });
  }

  /** When the next check is due, Infinity where none is. */
  nextCheckAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const instance of this.catalog.instances()) {
      if (instance.check.dueAt < next && isChecked(instance)) next = instance.check.dueAt;
    }
    return next;
  }

  /** Takes the result of a health check: `problem` null where it passed. Of a former incarnation it means nothing. */
  checked(done: DueCheck, problem: string | null, at: Moment): Transition[] {
    const instance = this.catalog.instance(done.service, done.id);
    if (instance === undefined || instance.registration.incarnation !== done.incarnation) return [];
    const { registration, check } = instance;
    check.lastAt = at.wall;
    const passed = problem === null;
    check.failures = passed ? 0 : check.failures + 1;
    check.failingSince = passed ? null : (check.failingSince ?? this.#leaseClock.advance(at.now));
    check.proven ||= passed;
    check.dueAt = at.now + this.#jittered(nextCheckIn(check, this.#timings));
    if (!isChecked(instance)) return [];
    // Beside a lease a check only brings good news.
    const { beats } = registration;
    if (beats && (!passed || registration.state === 'down')) return [];

    const state = passed ? aliveState(registration) : stateAfterFailure(registration, check, this.#timings);
    if (state === registration.state) return [];
    const cause = passed ? 'health-check-passed' : 'health-check-failed';
    return [this.#transition(instance, { state, beats }, cause, at, problem)];
  }

  /** A check that says nothing of the instance, because the registry itself was late: it is made again soon. */
  notChecked(check: DueCheck, { now }: Moment): void {
    const instance = this.catalog.instance(check.service, check.id);
    if (instance === undefined || instance.registration.incarnation !== check.incarnation) return;
    instance.check.dueAt = now + this.#jittered(repeatCheckIn(this.#timings));
  }

  #jittered(ms: number): number {
    return ms * (0.9 + 0.2 * this.#random());
  }

  // --- what the registry does by itself ---

  #transition(
    instance: Instance,
    change: { state: State; beats: boolean },
    cause: Cause,
    at: Moment,
    detail: string | null = null,
  ): Transition {
    const { service, id, state: from } = instance.registration;
    this.catalog.update(instance, change);
    const { revision } = instance.registration;
    const time = at.wall.toISOString();
    return {
      audit: { service, id, revision, at: time, actor: 'registry', cause, from, to: change.state, detail },
    };
  }

  #evict({ registration }: Instance, at: Moment): Transition {
    const { service, id, incarnation, state: from } = registration;
    const revision = this.catalog.revisionOf(service) + 1;
    const time = at.wall.toISOString();
    const tombstone = { service, id, incarnation, revision, owner: ownerOf(registration), removedAt: time };
    this.catalog.bury(tombstone);
    return {
      audit: {
        service,
        id,
        revision,
        at: time,
        actor: 'registry',
        cause: 'evicted',
        from,
        to: null,
        detail: null,
      },
      tombstone,
    };
  }
}

/** The health check of a registration as a job, undefined where it has no health URL. */
export function checkOf({ service, id, incarnation, healthUrl }: Registration): DueCheck | undefined {
  return healthUrl === null ? undefined : { service, id, incarnation, url: healthUrl };
}
