// A deadline in time in which this process ran: a stall gives back what it took.
import type { LoopWatch } from './loop-watch.js';

export interface Deadline {
  readonly signal: AbortSignal;
  /** True where this process stood still since the deadline was set. */
  stalled(): boolean;
  clear(): void;
}

/** Aborts with `reason` once the event loop has run for `ms`. Answers that came in during a stall are read first. */
export function setDeadline(ms: number, reason: Error, watch: LoopWatch): Deadline {
  const controller = new AbortController();
  const unwatch = watch.start();
  const before = watch.stoodStillMs();
  let given = 0;
  let timer = setTimeout(fire, ms);

  function fire(): void {
    const lost = watch.stoodStillMs() - before - given;
    if (lost <= 0) {
      controller.abort(reason);
      return;
    }
    given += lost;
    timer = setTimeout(fire, Math.min(lost, ms));
  }

  return {
    signal: controller.signal,
    stalled: () => watch.stoodStillMs() > before,
    clear: () => {
      clearTimeout(timer);
      unwatch();
    },
  };
}
