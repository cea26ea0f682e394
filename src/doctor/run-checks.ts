// The engine: carries out checks as the graph of their requirements allows. It knows no check, registry or terminal.
import { setMaxListeners } from 'node:events';
import {
  type Attempt,
  type Check,
  type CheckResult,
  type Finding,
  finding,
  type Level,
  type Outcome,
  type Skip,
} from './check.js';

export interface Clock {
  /** Milliseconds on a clock that never jumps. */
  now(): number;
  /** Resolves after `ms`; rejects when the signal fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export type RunEvent =
  | { kind: 'started'; id: string; service: string | null }
  | { kind: 'finished'; result: CheckResult; done: number; total: number };

export interface RunOptions<Context> {
  /** In the order of the report; what a check requires must be among them. */
  checks: readonly Check<unknown, Context>[];
  /** The services that checks of scope `service` examine, each. */
  services: readonly string[];
  /** What a check gets; made anew for every attempt, whose end `signal` tells. */
  contextFor(service: string | null, signal: AbortSignal): Context;
  clock: Clock;
  /** How many checks work side by side. */
  concurrency: number;
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

const WAIT_STEP_MS = 1_000;

interface Done {
  result: CheckResult;
  facts: { value: unknown } | undefined;
}

/** Carries out every check; the results are in the order of `checks`: first the deployment's, then service by service. */
export async function runChecks<Context>(options: RunOptions<Context>): Promise<CheckResult[]> {
  const { checks, services, clock } = options;
  const plan = [
    ...checks.filter((check) => check.scope === 'deployment').map((check) => ({ check, service: null })),
    ...(services.length === 0 ? [null] : services).flatMap((service) =>
      checks.filter((check) => check.scope === 'service').map((check) => ({ check, service })),
    ),
  ];
  const run = new Run(options, plan.length);
  const over = new AbortController();
  const interrupt = () => run.stop(() => finding('INTERRUPTED', {}));
  if (options.signal.aborted) interrupt();
  options.signal.addEventListener('abort', interrupt, { once: true });
  clock.sleep(options.deadlineMs, over.signal).then(
    () => run.stop(() => finding('DEADLINE_PASSED', { seconds: options.deadlineMs / 1000 })),
    () => undefined,
  );
  try {
    const done = await Promise.all(plan.map(({ check, service }) => run.of(check, service)));
    return done.map(({ result }) => result);
  } finally {
    over.abort();
    options.signal.removeEventListener('abort', interrupt);
  }
}

/** One run: what is done already, who waits for a place, and whether it was stopped. */
class Run<Context> {
  private readonly started = new Map<string, Promise<Done>>();
  private readonly startedAt: number;
  private readonly waiting: (() => void)[] = [];
  private readonly stopping = new AbortController();
  private stopFinding: (() => Finding) | undefined;
  private places: number;
  private done = 0;

  constructor(
    private readonly options: RunOptions<Context>,
    private readonly total: number,
  ) {
    this.startedAt = options.clock.now();
    this.places = options.concurrency;
    // As many listen as checks are under way.
    setMaxListeners(0, this.stopping.signal);
  }

  /** Ends all that is under way and keeps the rest from starting; `why` is found for each. */
  stop(why: () => Finding): void {
    if (this.stopFinding) return;
    this.stopFinding = why;
    this.stopping.abort();
    for (const next of this.waiting.splice(0)) next();
  }

  /** The result of a check for a service, carried out at most once. */
  of(check: Check<unknown, Context>, service: string | null): Promise<Done> {
    const key = `${check.id} ${service ?? ''}`;
    const known = this.started.get(key);
    if (known) return known;
    const done = this.decide(check, service).then((made) => {
      this.done += 1;
      this.options.observe?.({ kind: 'finished', result: made.result, done: this.done, total: this.total });
      return made;
    });
    this.started.set(key, done);
    return done;
  }

  private async decide(check: Check<unknown, Context>, service: string | null): Promise<Done> {
    const skip = this.leftOut(check, service);
    if (skip) return conclude(check, service, { status: 'skip', skip }, []);
    const required = await Promise.all(
      check.requires.map((other) => this.of(other, other.scope === 'service' ? service : null)),
    );
    const obstacle = required.find(({ facts }) => facts === undefined);
    if (obstacle) return conclude(check, service, { status: 'skip', skip: inherited(obstacle) }, []);
    return this.repeat(
      check,
      service,
      required.map(({ facts }) => facts?.value),
    );
  }

  private leftOut(check: Check<unknown, Context>, service: string | null): Skip | undefined {
    const left = this.options.leaveOut(check);
    if (left) return left;
    if (check.scope === 'service' && service === null)
      return { kind: 'not-applicable', why: 'no service to examine: set SERVICE_NAME or give --service' };
    if (check.effects === 'write' && !this.options.active)
      return { kind: 'filtered', why: 'it changes something; --active runs it' };
    return undefined;
  }

  private async repeat(check: Check<unknown, Context>, service: string | null, facts: unknown[]) {
    const { clock, waitMs } = this.options;
    const attempts: Attempt[] = [];
    let began: number | undefined;
    for (;;) {
      await this.enter(check);
      began ??= clock.now();
      const attemptBegan = clock.now();
      const outcome = await this.attempt(check, service, facts).finally(() => this.leave(check));
      attempts.push(attemptOf(outcome, clock.now() - attemptBegan));
      const pause = this.pauseBeforeNext(check, outcome, attempts.length, waitMs);
      if (pause === undefined)
        return conclude(check, service, outcome, attempts, {
          began: began - this.startedAt,
          ms: clock.now() - began,
        });
      await clock.sleep(pause, this.stopping.signal).catch(() => undefined);
    }
  }

  /** Milliseconds until the next attempt, undefined where there is none. */
  private pauseBeforeNext(
    check: Check<unknown, Context>,
    outcome: Outcome<unknown>,
    attempts: number,
    waitMs: number,
  ): number | undefined {
    if (outcome.status !== 'found' || this.stopFinding) return undefined;
    if (outcome.transient && attempts < check.retry.attempts) return check.retry.delayMs;
    const left = waitMs - (this.options.clock.now() - this.startedAt);
    return check.settles && statusOf(outcome) !== 'warn' && left >= WAIT_STEP_MS ? WAIT_STEP_MS : undefined;
  }

  private async attempt(
    check: Check<unknown, Context>,
    service: string | null,
    facts: unknown[],
  ): Promise<Outcome<unknown>> {
    if (this.stopFinding) return unknown(this.stopFinding());
    this.options.observe?.({ kind: 'started', id: check.id, service });
    const { clock, contextFor } = this.options;
    const end = new AbortController();
    const stopped = new Promise<Outcome<unknown>>((resolve) => {
      const onStop = () => resolve(unknown(this.stopFinding?.() ?? finding('INTERRUPTED', {})));
      this.stopping.signal.addEventListener('abort', onStop, { once: true, signal: end.signal });
    });
    const timedOut = new AbortController();
    const late = clock.sleep(check.timeoutMs, timedOut.signal).then(
      () => unknown(finding('CHECK_TIMED_OUT', { id: check.id, seconds: check.timeoutMs / 1000 })),
      () => stopped,
    );
    const running = Promise.resolve()
      .then(() => check.run(contextFor(service, end.signal), facts))
      .catch((error: unknown) => unknown(finding('CHECK_CRASHED', { id: check.id, cause: causeOf(error) })));
    const outcome = await Promise.race([running, late, stopped]);
    end.abort();
    if (check.cleanupMs > 0)
      await Promise.race([running, clock.sleep(check.cleanupMs, timedOut.signal).catch(() => undefined)]);
    timedOut.abort();
    return outcome;
  }

  private async enter(check: Check<unknown, Context>): Promise<void> {
    if (check.background || this.stopFinding) return;
    if (this.places === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.places -= 1;
  }

  private leave(check: Check<unknown, Context>): void {
    if (check.background) return;
    const next = this.waiting.shift();
    if (next) next();
    else this.places += 1;
  }
}

function unknown(cause: Finding): Outcome<never> {
  return { status: 'found', findings: [cause], transient: false };
}

/** Why a check cannot run, from one that it requires and that has no facts: the first cause is handed on. */
function inherited({ result }: Done): Skip {
  const { id, skip, findings } = result;
  if (skip === null) return { kind: 'blocked', by: id, why: findings[0]?.seen ?? `${id} did not pass` };
  if (skip.kind === 'blocked') return skip;
  return { kind: skip.kind, why: `it needs ${id}, which was not carried out: ${skip.why}` };
}

const WEIGHT: Record<Level, number> = { warn: 1, unknown: 2, fail: 3 };

/** The heaviest of the findings: fail, then unknown, then warn. */
function statusOf(outcome: Outcome<unknown>) {
  if (outcome.status !== 'found') return outcome.status;
  const levels = outcome.findings.map(({ level }) => level);
  return levels.reduce((worst, level) => (WEIGHT[level] > WEIGHT[worst] ? level : worst), 'warn');
}

function attemptOf(outcome: Outcome<unknown>, ms: number): Attempt {
  return {
    status: statusOf(outcome),
    codes: outcome.status === 'found' ? outcome.findings.map(({ code }) => code) : [],
    duration_ms: Math.round(ms),
  };
}

function conclude(
  check: Check<unknown, never>,
  service: string | null,
  outcome: Outcome<unknown>,
  attempts: Attempt[],
  took?: { began: number; ms: number },
): Done {
  const result: CheckResult = {
    id: check.id,
    title: check.title,
    category: check.id.split('.', 1)[0] ?? check.id,
    service,
    status: statusOf(outcome),
    seen: outcome.status === 'pass' ? outcome.seen : null,
    findings: outcome.status === 'found' ? [...outcome.findings] : [],
    waived: [],
    skip: outcome.status === 'skip' ? outcome.skip : null,
    started_ms: took ? Math.round(took.began) : null,
    duration_ms: Math.round(took?.ms ?? 0),
    attempts,
  };
  const facts = 'facts' in outcome ? { value: outcome.facts } : undefined;
  return { result, facts };
}

function causeOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
