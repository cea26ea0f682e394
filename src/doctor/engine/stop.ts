import { setMaxListeners } from 'node:events';
import { type Finding, finding } from '../check.js';
import type { Clock } from './options.js';

const OVER = new Error('the run is over');

/** The end of a run before all is done: by the person, or by its deadline. */
export class Stop {
  private readonly controller = new AbortController();
  private readonly listeners = new Set<(why: Finding) => void>();
  private cause: { finding: () => Finding; mayBlock: boolean } | undefined;

  constructor() {
    // As many listen as checks are between two attempts.
    setMaxListeners(0, this.controller.signal);
  }

  /** Stops at the signal or `deadlineMs` after `startedAt`, whichever comes first; the function returned lets go of both. */
  watch(signal: AbortSignal, deadlineMs: number, clock: Clock, startedAt = clock.now()): () => void {
    const over = new AbortController();
    const interrupt = () => this.now({ finding: () => finding('INTERRUPTED', {}), mayBlock: false });
    if (signal.aborted) interrupt();
    signal.addEventListener('abort', interrupt, { once: true });
    const late = () => finding('DEADLINE_PASSED', { seconds: deadlineMs / 1000 });
    clock.sleep(startedAt + deadlineMs - clock.now(), over.signal).then(
      () => this.now({ finding: late, mayBlock: true }),
      () => undefined,
    );
    return () => {
      over.abort(OVER);
      signal.removeEventListener('abort', interrupt);
    };
  }

  /** Fires when the run is stopped. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** What a check that was not done has found; undefined while the run goes on. */
  finding(): Finding | undefined {
    return this.cause?.finding();
  }

  /** A check that was cut off had its time, so that it may be what the others wait for. */
  get mayBlock(): boolean {
    return this.cause?.mayBlock === true;
  }

  /** Calls back once when the run is stopped; the function returned takes that back. */
  listen(listener: (why: Finding) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private now(cause: NonNullable<Stop['cause']>): void {
    if (this.cause) return;
    this.cause = cause;
    this.controller.abort(OVER);
    for (const listener of this.listeners) listener(cause.finding());
    this.listeners.clear();
  }
}
