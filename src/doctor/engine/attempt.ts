import { type Check, type Finding, finding, type Outcome } from '../check.js';
import { Lane } from './lane.js';
import type { Clock, RunOptions } from './options.js';
import type { Tried } from './outcome.js';
import type { Places } from './places.js';
import type { Stop } from './stop.js';

/** One for all: what aborts without a reason makes an error with a stack, twice an attempt. */
const ENDED = new Error('the check has ended');

export interface Surroundings<Context> {
  options: Pick<RunOptions<Context>, 'clock' | 'contextFor' | 'observe'>;
  places: Places;
  stop: Stop;
}

/** Carries out a check once, in a place that its caller holds: to its end, its timeout, or the end of the run. */
export async function attempt<Context>(
  check: Check<unknown, Context>,
  service: string | null,
  facts: readonly unknown[],
  { options, places, stop }: Surroundings<Context>,
): Promise<Tried> {
  const { clock, contextFor, observe } = options;
  observe?.({ kind: 'started', id: check.id, service });
  const began = clock.now();
  const lane = new Lane(places, clock.now, !check.background);
  const end = new AbortController();
  const timer = new AbortController();
  const running = Promise.resolve()
    .then(() => check.run(contextFor(service, end.signal, lane.send), facts))
    .catch((error: unknown) => unknown(finding('CHECK_CRASHED', { id: check.id, cause: causeOf(error) })));
  let cutOff = false;
  // No Promise.race with the end of the run: a promise that lives as long as the run would keep every attempt.
  const outcome = await new Promise<Outcome<unknown>>((resolve) => {
    const unlisten = stop.listen((why) => {
      cutOff = true;
      resolve(unknown(why));
    });
    timeUp(check.timeoutMs, lane, clock, timer.signal).then(
      () => resolve(unknown(finding('CHECK_TIMED_OUT', { id: check.id, seconds: check.timeoutMs / 1000 }))),
      () => undefined,
    );
    running.then(resolve).finally(unlisten);
  });
  end.abort(ENDED);
  if (check.cleanupMs > 0)
    await Promise.race([running, clock.sleep(check.cleanupMs, timer.signal).catch(() => undefined)]);
  timer.abort(ENDED);
  lane.end();
  return { outcome, began, ended: clock.now(), cutOff };
}

/** Resolves when a check has had its time; what its requests waited for a place is not of it. */
async function timeUp(ms: number, lane: Lane, clock: Clock, signal: AbortSignal): Promise<void> {
  for (let had = 0, due = ms; had < due; had = due, due = ms + lane.queuedMs())
    await clock.sleep(due - had, signal);
}

function causeOf(error: unknown): string {
  // A sentence to put behind a colon: without its full stop.
  return (error instanceof Error ? error.message || error.name : String(error)).replace(/\.$/, '');
}

function unknown(cause: Finding): Outcome<never> {
  return { status: 'found', findings: [cause], transient: false };
}
