import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../src/context.js';

/** Longer sleeps are limits: what they guard takes real time. */
const LONGEST_JUMP_MS = 10_000;

/**
 * A clock on which short sleeps are over at once, and on which so much time has passed then. What `events` (in order)
 * make happen after so many seconds of sleep has happened when a sleep is over that goes beyond.
 */
export function jumpingClock(events: readonly [second: number, happen: () => Promise<unknown>][]): Clock {
  const ahead = [...events];
  let jumped = 0;
  return {
    now: () => Date.now() + jumped,
    monotonic: () => performance.now() + jumped,
    async sleep(ms, signal) {
      if (ms > LONGEST_JUMP_MS) return void (await delay(ms, undefined, signal ? { signal } : {}));
      const end = jumped + ms;
      for (let [next] = ahead; next !== undefined && next[0] * 1000 <= end; [next] = ahead) {
        jumped = next[0] * 1000;
        ahead.shift();
        await next[1]();
      }
      jumped = end;
    },
  };
}
