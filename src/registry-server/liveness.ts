// What the signs of life of an instance make of it. All that is kept of them is the latest of each kind, so that
// neither the order in which they come to be known nor their repetition changes what is true in the end.
import type { State } from '../wire/status.js';
import { triesOf } from './check-schedule.js';
import { aliveState, type Beat, type Instance } from './instance.js';
import type { Timings } from './settings.js';

/** What is judged of an instance. */
export interface Verdict {
  readonly state: State;
  /** Its heartbeats decide, not its health check. */
  readonly beats: boolean;
}

/** What a health check showed. */
export interface CheckOutcome {
  /** Monotonic. */
  readonly madeAt: number;
  /** In a row, 0 where it passed. */
  readonly failures: number;
  /** In lease time, since the first of these failures. */
  readonly failingSince: number | null;
}

/** A heartbeat counted. */
export function heardBeat(instance: Instance, beat: Beat): void {
  const { lastBeat } = instance;
  const isLater = lastBeat === null || beat.at > lastBeat.at || (beat.at === lastBeat.at && beat.named);
  if (isLater) instance.lastBeat = beat;
  instance.leaseEnds = Math.max(instance.leaseEnds, beat.leaseEnds);
}

/** As heardBeat, from who knows when the latest was: a lease that was given without a sign of life ends as that says. */
export function heardLease(instance: Instance, beat: Beat): void {
  heardBeat(instance, beat);
  if (!instance.leaseGuessed || instance.lastBeat === null) return;
  instance.leaseGuessed = false;
  instance.leaseEnds = instance.lastBeat.leaseEnds;
}

/** A heartbeat at `at` (monotonic) may be this one's or another's. */
export function heardAmbiguousBeat(instance: Instance, at: number): void {
  instance.ambiguousAt = Math.max(instance.ambiguousAt, at);
}

/** Health checks that failed in a row since its latest heartbeat. */
export function failuresOf({ lastBeat, check }: Instance): number {
  return check.madeAt > (lastBeat?.at ?? Number.NEGATIVE_INFINITY) ? check.failures : 0;
}

/** A health check was made. Of two at the same time the worse counts. */
export function heardCheck({ check }: Instance, { madeAt, failures, failingSince }: CheckOutcome): void {
  if (failures === 0) {
    check.proven = true;
    check.passedAt = Math.max(check.passedAt, madeAt);
  }
  if (madeAt < check.madeAt || (madeAt === check.madeAt && failures < check.failures)) return;
  check.madeAt = madeAt;
  check.failures = failures;
  check.failingSince = failingSince;
}

/** What an instance is by the signs of life that are known of it, at the lease time `leaseNow`. */
export function judge(instance: Instance, leaseNow: number, timings: Timings): Verdict {
  const { lastBeat, leaseEnds, ambiguousAt, check, registration } = instance;
  const { state, healthUrl } = registration;
  const alive = aliveState(registration);
  if (lastBeat !== null && (lastBeat.named || lastBeat.at > ambiguousAt)) {
    return { state: leaseNow < leaseEnds ? alive : 'down', beats: true };
  }
  const beats = registration.beats && ambiguousAt === Number.NEGATIVE_INFINITY;
  if (healthUrl === null) return { state, beats };
  const passed = check.passedAt > (lastBeat?.at ?? Number.NEGATIVE_INFINITY);
  // Beside a lease a check only brings good news.
  if (beats) return { state: passed && state !== 'down' ? alive : state, beats };
  if (failuresOf(instance) >= triesOf(check, timings)) return { state: 'unhealthy', beats };
  if (passed || (lastBeat !== null && leaseNow < leaseEnds)) return { state: alive, beats };
  return { state, beats };
}
