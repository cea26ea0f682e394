// Health checks to be made: of what, when, and how many failures mean unhealthy.
import type { CheckState } from './instance.js';
import type { Registration } from './registration.js';
import type { Timings } from './settings.js';

/** A health check to be made of an instance as it was registered then. */
export interface DueCheck {
  readonly service: string;
  readonly id: string;
  readonly incarnation: number;
  readonly url: string;
}

/** The health check of a registration as a job, undefined where it has no health URL. */
export function checkOf({ service, id, incarnation, healthUrl }: Registration): DueCheck | undefined {
  return healthUrl === null ? undefined : { service, id, incarnation, url: healthUrl };
}

/** After the first failure; doubles with each further one. Shorter where the instance may not be listening yet. */
const FIRST_RETRY_MS = { proven: 1000, unproven: 250 };

/** A service may register before it listens: at 0, 0.25, 0.75, 1.75, 3.75 and 7.75 s, then it is unhealthy. */
const UNPROVEN_TRIES_FACTOR = 2;

/** And it may take its time to load: in its first minute it is asked this often, so that it is found once it listens. */
const EARLY_INTERVAL_MS = 5000;
const EARLY_FAILURES = 16;

/** A check that says nothing of the instance (the registry itself was late) is made again after this long. */
const REPEAT_MS = 1000;

/** Milliseconds until the next check, before jitter. */
export function nextCheckIn({ failures, proven }: CheckState, { checkIntervalMs }: Timings): number {
  if (failures === 0) return checkIntervalMs;
  const first = proven ? FIRST_RETRY_MS.proven : FIRST_RETRY_MS.unproven;
  const most = !proven && failures < EARLY_FAILURES ? EARLY_INTERVAL_MS : checkIntervalMs;
  return Math.min(checkIntervalMs, most, first * 2 ** (failures - 1));
}

/** Milliseconds until a check that did not count is repeated, before jitter. */
export function repeatCheckIn({ checkIntervalMs }: Timings): number {
  return Math.min(checkIntervalMs, REPEAT_MS);
}

/** Failures in a row that mean unhealthy; one that has not proved to listen yet gets more tries. */
export function triesOf({ proven }: CheckState, { checkTries }: Timings): number {
  return proven ? checkTries : checkTries * UNPROVEN_TRIES_FACTOR;
}
