// Heartbeats and health checks, seen here or told by another replica, and what becomes of the instance by them.
import { type DueCheck, nextCheckIn, repeatCheckIn } from './check-schedule.js';
import type { Parts } from './directory-parts.js';
import { type Instance, isChecked } from './instance.js';
import {
  type CheckOutcome,
  failuresOf,
  heardAmbiguousBeat,
  heardBeat,
  heardCheck,
  heardLease,
  judge,
} from './liveness.js';
import type { Observation } from './observation.js';
import type { Cause, Transition } from './registration.js';
import type { Moment } from './settings.js';
import { change } from './transitions.js';

/** An observation of one instance. */
type OfInstance = Extract<Observation, { readonly agoMs: number }>;

/** Another replica makes the check: this much later than it would be made here, it was not. */
const OVERDUE = 1.5;

export class SignsOfLife {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A heartbeat for this one instance. */
  beat(instance: Instance, at: Moment, named: boolean): Transition[] {
    // Said at length, as no other: there are thousands a second.
    const { service, id, incarnation } = instance.registration;
    return this.#see({ kind: 'beat', service, id, incarnation, named, agoMs: 0 }, instance, at);
  }

  /** A heartbeat that is for one of these instances, and does not say which: as Directory.beatUnnamed. */
  beatUnnamed(instances: readonly Instance[], sender: string, at: Moment): Transition[] {
    const near = instances.filter(({ registration }) => registration.registeredFrom === sender);
    const possible = near.length > 0 ? near : instances;
    const [only] = possible;
    if (only !== undefined && possible.length === 1) return this.beat(only, at, false);
    return possible.flatMap((instance) => {
      const { healthUrl, beats } = instance.registration;
      if (healthUrl === null) return this.beat(instance, at, false);
      if (!beats || instance.lastBeat?.named === true) return [];
      return this.#see({ kind: 'ambiguous-beat', ...identityOf(instance), agoMs: 0 }, instance, at);
    });
  }

  /** A health check ended: `problem` null where it passed. */
  checked(done: DueCheck, problem: string | null, at: Moment): Transition[] {
    const instance = this.#current(done);
    if (instance === undefined) return [];
    const { check } = instance;
    const leaseNow = this.#parts.leaseClock.advance(at.now);
    const passed = problem === null;
    const failures = passed ? 0 : failuresOf(instance) + 1;
    const failingMs = passed ? 0 : leaseNow - (check.failingSince ?? leaseNow);
    const told: OfInstance = { kind: 'checked', ...identityOf(instance), failures, failingMs, agoMs: 0 };
    const transitions = this.#see(told, instance, at, problem);
    this.#parts.checks.schedule(instance, at.now + this.#jittered(nextCheckIn(check, this.#parts.timings)));
    return transitions;
  }

  /** A check said nothing of the instance. */
  notChecked(done: DueCheck, { now }: Moment): void {
    const instance = this.#current(done);
    if (instance === undefined) return;
    this.#parts.checks.schedule(instance, now + this.#jittered(repeatCheckIn(this.#parts.timings)));
  }

  /** What another replica saw. It records what becomes of it, too. */
  learn(observation: OfInstance, at: Moment): void {
    const instance = this.#current(observation);
    if (instance === undefined) return;
    const transition = this.#hear(observation, instance, at, null);
    if (transition !== undefined) this.#parts.unrecorded.add(transition, at.now);
    if (observation.kind !== 'checked') return;
    const { checks, timings } = this.#parts;
    checks.schedule(instance, at.now + OVERDUE * nextCheckIn(instance.check, timings));
  }

  /** As Directory.leases. */
  *leases({ now }: Moment): Generator<Observation> {
    const { catalog, leaseClock, timings } = this.#parts;
    const leaseNow = leaseClock.advance(now);
    for (const instance of catalog.instances()) {
      const { registration, lastBeat } = instance;
      if (!registration.beats || lastBeat === null) continue;
      const agoMs = Math.max(0, leaseNow + timings.downAfterMs - lastBeat.leaseEnds);
      yield { kind: 'lease', ...identityOf(instance), named: lastBeat.named, agoMs };
    }
  }

  /** Something was seen here: the others are told, and what becomes of it is to be recorded. */
  #see(observation: OfInstance, instance: Instance, at: Moment, detail: string | null = null): Transition[] {
    this.#parts.tell(observation);
    const transition = this.#hear(observation, instance, at, detail);
    if (transition === undefined) return [];
    this.#parts.unrecorded.delete(transition.audit);
    return [transition];
  }

  #hear(seen: OfInstance, instance: Instance, at: Moment, detail: string | null): Transition | undefined {
    const { leaseClock, timings } = this.#parts;
    const when = at.now - seen.agoMs;
    const wall = at.wall.getTime() - seen.agoMs;
    if (seen.kind === 'checked') {
      const { failures, failingMs } = seen;
      const failingSince = failures === 0 ? null : leaseClock.before(at.now, seen.agoMs) - failingMs;
      return this.#hearCheck(instance, { madeAt: when, failures, failingSince }, at, wall, detail);
    }
    if (seen.kind === 'ambiguous-beat') {
      heardAmbiguousBeat(instance, when);
      const transition = this.#settle(instance, 'ambiguous-heartbeat', at);
      if (transition !== undefined) this.#parts.checks.schedule(instance, at.now);
      return transition;
    }
    const leaseEnds = leaseClock.before(at.now, seen.agoMs) + timings.downAfterMs;
    const beat = { at: when, named: seen.named, leaseEnds };
    if (seen.kind === 'lease') heardLease(instance, beat);
    else heardBeat(instance, beat);
    if (instance.lastHeartbeat === null || instance.lastHeartbeat < wall) instance.lastHeartbeat = wall;
    this.#parts.sweep.schedule(instance);
    return this.#settle(instance, 'heartbeat', at);
  }

  #hearCheck(
    instance: Instance,
    outcome: CheckOutcome,
    at: Moment,
    wall: number,
    detail: string | null,
  ): Transition | undefined {
    const { check } = instance;
    heardCheck(instance, outcome);
    if (check.lastAt === null || check.lastAt < wall) check.lastAt = wall;
    this.#parts.sweep.schedule(instance);
    if (!isChecked(instance)) return undefined;
    const cause = outcome.failures === 0 ? 'health-check-passed' : 'health-check-failed';
    return this.#settle(instance, cause, at, detail);
  }

  /** Makes of the instance what is known of it by now. */
  #settle(
    instance: Instance,
    cause: Cause,
    at: Moment,
    detail: string | null = null,
  ): Transition | undefined {
    const { catalog, guard, leaseClock, sweep, timings } = this.#parts;
    const { state, beats } = instance.registration;
    const verdict = judge(instance, leaseClock.advance(at.now), timings);
    if (verdict.state === state && verdict.beats === beats) return undefined;
    const transition = change(catalog, instance, verdict, cause, at, detail);
    guard.suspect(instance.registration.service);
    sweep.schedule(instance);
    return transition;
  }

  #current(seen: { service: string; id: string; incarnation: number }): Instance | undefined {
    const instance = this.#parts.catalog.instance(seen.service, seen.id);
    return instance?.registration.incarnation === seen.incarnation ? instance : undefined;
  }

  #jittered(ms: number): number {
    return ms * (0.9 + 0.2 * this.#parts.random());
  }
}

function identityOf({ registration: { service, id, incarnation } }: Instance) {
  return { service, id, incarnation };
}
