// A world of its own for the engine: checks in place of the doctor's, and time that passes only in the test.
import { type Check, deploymentCheck, finding, pass, serviceCheck } from '../../src/doctor/check.js';
import { type Clock, type RunOptions, runChecks, type Send } from '../../src/doctor/run-checks.js';

export interface World {
  signal: AbortSignal;
  service: string | null;
  send: Send;
}

/** Time that passes only when everybody waits for it. */
export function fakeClock(): Clock & { now(): number } {
  let now = 0;
  let sleepers: { at: number; wake: () => void }[] = [];
  let scheduled = false;
  const step = () => {
    scheduled = false;
    const next = Math.min(...sleepers.map(({ at }) => at));
    if (!Number.isFinite(next)) return;
    now = next;
    const due = sleepers.filter(({ at }) => at <= now);
    sleepers = sleepers.filter(({ at }) => at > now);
    for (const { wake } of due) wake();
    schedule();
  };
  // A macrotask later every promise that could settle without time passing has settled.
  const schedule = () => {
    if (scheduled || sleepers.length === 0) return;
    scheduled = true;
    setImmediate(step);
  };
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { at: now + ms, wake: resolve };
        signal.addEventListener(
          'abort',
          () => {
            sleepers = sleepers.filter((each) => each !== sleeper);
            reject(signal.reason);
          },
          { once: true },
        );
        sleepers.push(sleeper);
        schedule();
      }),
  };
}

export const FAULT = finding('SECRET_MISSING', {});

export function run(checks: readonly Check<unknown, World>[], options: Partial<RunOptions<World>> = {}) {
  return runChecks<World>({
    checks,
    services: [],
    contextFor: (service, signal, send) => ({ service, signal, send }),
    clock: fakeClock(),
    concurrency: 4,
    deadlineMs: 60_000,
    waitMs: 0,
    active: false,
    signal: new AbortController().signal,
    leaveOut: () => undefined,
    ...options,
  });
}

/** Checks of this small world in place of the doctor's. */
export const ofDeployment = <F, const R extends readonly Check<unknown, World>[] = readonly []>(
  spec: Parameters<typeof deploymentCheck<F, R, World>>[0],
) => deploymentCheck<F, R, World>(spec);
export const ofService = <F, const R extends readonly Check<unknown, World>[] = readonly []>(
  spec: Parameters<typeof serviceCheck<F, R, World>>[0],
) => serviceCheck<F, R, World>(spec);

export const texts = { title: 't', about: 'a', codes: [] };
export const check = (id: string, body: () => Promise<unknown>, more: Partial<Check<unknown, World>> = {}) =>
  deploymentCheck({ ...texts, id, ...more, run: body } as never) as Check<unknown, World>;

export const green = (id: string, more: Partial<Check<unknown, World>> = {}) =>
  check(id, async () => pass('seen', id), more);
