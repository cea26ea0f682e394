// When an instance's health is checked next, and what failures make of its state.
import type { State } from '../wire/status.js';
import type { CheckState } from './instance.js';
import type { Registration } from './registration.js';
import type { Timings } from './settings.js';

/** After the first failure; doubles with each further one. Shorter where the instance may not be listening yet. */
const FIRST_RETRY_MS = { proven: 1000, unproven: 250 };

/** Milliseconds until the next check, before jitter. */
export function nextCheckIn({ failures, proven }: CheckState, { checkIntervalMs }: Timings): number {
  if (failures === 0) return checkIntervalMs;
  const first = proven ? FIRST_RETRY_MS.proven : FIRST_RETRY_MS.unproven;
  return Math.min(checkIntervalMs, first * 2 ** (failures - 1));
}

/**
 * The state of an instance whose check has just failed. A service may register before it listens: while it is
 * starting, failures make it unhealthy only once the checks have come down to their usual interval.
 */
export function stateAfterFailure({ state }: Registration, check: CheckState, timings: Timings): State {
  if (check.failures < timings.checkTries) return state;
  const stillQuick = nextCheckIn(check, timings) < timings.checkIntervalMs;
  return state === 'starting' && stillQuick ? 'starting' : 'unhealthy';
}
