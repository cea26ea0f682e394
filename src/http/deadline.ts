import { setMaxListeners } from 'node:events';
import { monotonicMs } from '../monotonic.js';

/** A signal that fires after a time or when another one fires. */
export interface Deadline {
  signal: AbortSignal;
  /** True where it was the time that ran out. */
  passed(): boolean;
  /** Time does not count until `resume`. */
  pause(): void;
  resume(): void;
  /** Lets go of the timer and of the other signals. */
  clear(): void;
}

/**
 * Starts a deadline. `AbortSignal.any` over `AbortSignal.timeout` would be shorter, but on Node 20 it may be
 * collected as garbage before it fires (nodejs/node#57736), and the request then hangs.
 */
export function startDeadline(ms: number, others: readonly (AbortSignal | undefined)[]): Deadline {
  const controller = new AbortController();
  let passed = false;
  let left = ms;
  let since = monotonicMs();
  const start = () =>
    setTimeout(() => {
      passed = true;
      controller.abort(new Error(`no answer within ${ms} ms`));
    }, left);
  let timer = start();
  const end = (event: Event) => controller.abort((event.target as AbortSignal).reason);
  for (const other of others) {
    if (other === undefined) continue;
    if (other.aborted) controller.abort(other.reason);
    // As many listen as requests are under way; Node warns of more than ten.
    setMaxListeners(0, other);
    other.addEventListener('abort', end, { once: true });
  }
  return {
    signal: controller.signal,
    passed: () => passed,
    pause() {
      clearTimeout(timer);
      left = Math.max(0, left - (monotonicMs() - since));
    },
    resume() {
      since = monotonicMs();
      timer = start();
    },
    clear() {
      clearTimeout(timer);
      for (const other of others) other?.removeEventListener('abort', end);
    },
  };
}
