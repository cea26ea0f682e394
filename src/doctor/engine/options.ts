// What a run of the engine is given, and what it tells while it runs.
import type { Check, CheckResult, Skip } from '../check.js';

export interface Clock {
  /** Milliseconds on a clock that never jumps. */
  now(): number;
  /** Resolves after `ms`; rejects when the signal fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Sends a request of a check when there is a place for it. Rejects where the check has ended. */
export type Send = <T>(request: () => Promise<T>) => Promise<T>;

export type RunEvent =
  | { kind: 'started'; id: string; service: string | null }
  | { kind: 'finished'; result: CheckResult; done: number; total: number }
  /** All checks of a service are done; `done` counts services. */
  | { kind: 'examined'; service: string | null; done: number };

export interface RunOptions<Context> {
  /** In the order of the report; what a check requires must be among them. */
  checks: readonly Check<unknown, Context>[];
  /** The services that checks of scope `service` examine, each. */
  services: readonly string[];
  /** What becomes of those checks where there is no service; blocked by a check, they get its first cause. */
  withoutServices?: Skip;
  /**
   * What a check gets; made anew for every attempt, whose end `signal` tells. What the check sends besides its first
   * request goes through `send`, so that no more than `concurrency` are under way.
   */
  contextFor(service: string | null, signal: AbortSignal, send: Send): Context;
  clock: Clock;
  /** How many requests are under way side by side, over all checks. */
  concurrency: number;
  /** When the run began, on the clock, if not just now: deadline and wait count from there. */
  startedAt?: number;
  /** Milliseconds after which what is not done becomes `unknown`. */
  deadlineMs: number;
  /** Milliseconds for which checks that may still become true are repeated. */
  waitMs: number;
  /** Checks that write may run. */
  active: boolean;
  /** Interrupts the run; it still ends with a result for every check. */
  signal: AbortSignal;
  /** Why a check is left out, undefined where it is not. */
  leaveOut(check: Check<unknown, Context>): Skip | undefined;
  observe?(event: RunEvent): void;
}
