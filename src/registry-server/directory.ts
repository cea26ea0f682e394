// Who is registered and alive: the heart of the registry. Pure: no IO; time and chance come in as parameters.
import { Catalog } from './catalog.js';
import { CheckQueue } from './check-queue.js';
import type { DueCheck } from './check-schedule.js';
import type { Parts } from './directory-parts.js';
import { ExpiryGuard, type HeldService } from './expiry-guard.js';
import type { Instance } from './instance.js';
import { LeaseClock } from './lease-clock.js';
import { LeaseSweep } from './lease-sweep.js';
import type { Observation } from './observation.js';
import type { Change, Transition } from './registration.js';
import { Registrations, type Stored } from './registrations.js';
import { type Moment, type Random, sweepIntervalMs, type Timings } from './settings.js';
import { SignsOfLife } from './signs-of-life.js';
import type { Missed } from './store/store.js';
import { note } from './transitions.js';
import { Unrecorded } from './unrecorded.js';

export type { Stored } from './registrations.js';

/** What a replica among others adds; alone, the registry keeps every service and has nobody to tell. */
export interface DirectoryOptions {
  /** Whether this replica makes the health checks of the service, evicts from it, and records what lapses in it. */
  readonly keeps?: (service: string) => boolean;
  /** Told of every observation that the other replicas have to know. */
  readonly tell?: (observation: Observation) => void;
  /** False while nothing can be recorded: nothing is evicted then, as others would go on with it. */
  readonly canRecord?: () => boolean;
}

export class Directory {
  /** For reading; every change goes through the directory. */
  readonly catalog = new Catalog();
  readonly #parts: Parts;
  readonly #keeps: (service: string) => boolean;
  readonly #canRecord: () => boolean;
  readonly #registrations: Registrations;
  readonly #signs: SignsOfLife;

  constructor(timings: Timings, random: Random, now: number, options: DirectoryOptions = {}) {
    const { keeps = () => true, tell = () => undefined, canRecord = () => true } = options;
    const { catalog } = this;
    const guard = new ExpiryGuard(catalog, timings);
    this.#parts = {
      catalog,
      timings,
      random,
      leaseClock: new LeaseClock(now, sweepIntervalMs(timings)),
      guard,
      sweep: new LeaseSweep(catalog, timings, guard, (service) => canRecord() && keeps(service)),
      checks: new CheckQueue(catalog, keeps),
      unrecorded: new Unrecorded(),
      tell,
    };
    this.#keeps = keeps;
    this.#canRecord = canRecord;
    this.#registrations = new Registrations(this.#parts);
    this.#signs = new SignsOfLife(this.#parts);
  }

  // --- what is durable already ---

  /**
   * Takes over what the store had. Every lease starts anew, between two thirds of its length and the whole, so that
   * they do not lapse together; health checks follow within a tenth of their interval.
   */
  load(stored: Stored, at: Moment): void {
    this.#registrations.load(stored, at);
  }

  /** Applies a change that was planned and is durable now. */
  apply(change: Change, at: Moment): void {
    this.#registrations.apply(change, at);
  }

  /**
   * Takes over what other replicas wrote: a newer incarnation whole, of the present one the state, of a former one
   * nothing. What is dirty (changed here, and not recorded yet) keeps its state; a removal buries it all the same.
   */
  take(missed: Missed, isDirty: (service: string, id: string) => boolean, at: Moment): void {
    this.#registrations.take(missed, isDirty, at);
  }

  /** Forgets what was removed before `limit`. */
  forgetBefore(limit: Date): void {
    this.catalog.forgetBefore(limit.toISOString());
  }

  // --- signs of life; what they answer is to be recorded ---

  /** A heartbeat for this one instance. */
  beat(instance: Instance, at: Moment): Transition[] {
    return this.#signs.beat(instance, at, true);
  }

  /**
   * A heartbeat that names no instance: for those that registered from the sender's address, else for any of them.
   * Where several could still have sent it, it counts for those that have nothing else: the others are judged by their
   * health check, also those that beat while they were alone.
   */
  beatUnnamed(instances: readonly Instance[], sender: string, at: Moment): Transition[] {
    return this.#signs.beatUnnamed(instances, sender, at);
  }

  /**
   * At most `limit` checks that are due, the longest due first, marked as under way; each is to be answered with
   * `checked` or `notChecked`.
   */
  takeDueChecks(now: number, limit: number): DueCheck[] {
    return this.#parts.checks.take(now, limit);
  }

  /** When to look for the next check, Infinity where there is none. */
  nextCheckAt(): number {
    return this.#parts.checks.nextAt();
  }

  /** Takes the result of a health check: `problem` null where it passed. Of a former incarnation it means nothing. */
  checked(done: DueCheck, problem: string | null, at: Moment): Transition[] {
    return this.#signs.checked(done, problem, at);
  }

  /** A check that says nothing of the instance, because the registry itself was late: it is made again soon. */
  notChecked(done: DueCheck, at: Moment): void {
    this.#signs.notChecked(done, at);
  }

  /** What other replicas saw, in any order and as often as they tell it. Whoever saw it records it. */
  learn(observations: readonly Observation[], at: Moment): void {
    for (const observation of observations) {
      if (observation.kind === 'released') this.#letGo(observation.service, at);
      else if (observation.kind !== 'known') this.#signs.learn(observation, at);
    }
  }

  /** The latest heartbeat of every instance that beats, for a replica that has just come. */
  leases(at: Moment): Iterable<Observation> {
    return this.#signs.leases(at);
  }

  // --- what the registry does by itself ---

  /**
   * Looks at the leases: what lapsed is down; what was down, or failed its health checks, for long is evicted. Answers
   * what this replica is to record. While it is blind, nothing lapses.
   */
  sweep(at: Moment): Transition[] {
    const { leaseClock, sweep, unrecorded } = this.#parts;
    const leaseNow = leaseClock.advance(at.now);
    if (leaseClock.blind) return [];
    const own: Transition[] = [];
    for (const transition of sweep.run(leaseNow, at)) {
      if (this.#keeps(transition.audit.service)) {
        unrecorded.delete(transition.audit);
        own.push(transition);
      } else if (transition.audit.id !== '') unrecorded.add(transition, at.now);
    }
    for (const { audit } of unrecorded.take(at.now, this.#canRecord(), this.#keeps)) {
      own.push({ audit: { ...audit, revision: this.catalog.touch(audit.service) } });
    }
    return own;
  }

  /** While heartbeats that others receive may not come here, lease time stands still. */
  setBlind(blind: boolean, { now }: Moment): void {
    this.#parts.leaseClock.setBlind(blind, now);
  }

  // --- the mass-expiry guard ---

  /** The names of the services of which nothing is evicted, because most of them was lost at once. */
  get heldServices(): ReadonlySet<string> {
    return this.#parts.guard.held;
  }

  /** These services, with how many of their instances are not evicted. */
  held(): HeldService[] {
    return [...this.heldServices].map((service) => ({ service, instances: this.heldOf(service) }));
  }

  /** As `held`, of one service: 0 where nothing is held. */
  heldOf(service: string): number {
    return this.#parts.guard.heldOf(service);
  }

  /** An operator (`actor`) lets go what is held of the service: it is evicted when its time is over. */
  release(service: string, actor: string, at: Moment): Transition[] {
    const lost = this.heldOf(service);
    this.#parts.tell({ kind: 'released', service });
    if (!this.#letGo(service, at)) return [];
    const detail = `${lost} instances are let go`;
    const { audit } = note(this.catalog, service, 'evictions-released', at, detail);
    return [{ audit: { ...audit, actor } }];
  }

  #letGo(service: string, { now }: Moment): boolean {
    const { guard, leaseClock, sweep } = this.#parts;
    for (const instance of this.catalog.service(service)?.instances.values() ?? []) sweep.schedule(instance);
    return guard.release(service, leaseClock.advance(now));
  }
}
