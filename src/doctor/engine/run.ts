import { type Check, type CheckResult, finding, type Outcome, type Skip } from '../check.js';
import { attempt } from './attempt.js';
import type { RunOptions } from './options.js';
import { conclude, type Done, inherited, notTried, statusOf, type Tried } from './outcome.js';
import { Places } from './places.js';
import { Scope } from './scope.js';
import { Stop } from './stop.js';

/** Between two attempts under `waitMs`. */
const WAIT_STEP_MS = 1_000;

const NO_SERVICE: Skip = {
  kind: 'not-applicable',
  why: 'no service to examine: set SERVICE_NAME or give --service',
};

/** One run: its places, what is known of the deployment, and how far it came. */
export class Run<Context> {
  readonly stop = new Stop();
  readonly places: Places;
  private readonly startedAt: number;
  private readonly deployment = new Scope<Context>(null);
  private done = 0;
  private examined = 0;

  constructor(
    readonly options: RunOptions<Context>,
    private readonly total: number,
  ) {
    this.places = new Places(options.concurrency);
    this.startedAt = options.startedAt ?? options.clock.now();
  }

  async ofDeployment(checks: readonly Check<unknown, Context>[]): Promise<CheckResult[]> {
    const done = await Promise.all(checks.map((check) => this.of(check, this.deployment)));
    return done.map(({ result }) => result);
  }

  /** The services in turn: as many at once as there are places, so that what is kept of them is bounded. */
  async ofServices(
    checks: readonly Check<unknown, Context>[],
    services: readonly (string | null)[],
  ): Promise<CheckResult[][]> {
    const rooms = new Places(this.options.concurrency);
    const results: Promise<CheckResult[]>[] = [];
    for (const service of services) {
      await rooms.take();
      results.push(this.ofService(checks, new Scope<Context>(service, () => rooms.give())));
    }
    return Promise.all(results);
  }

  private async ofService(
    checks: readonly Check<unknown, Context>[],
    scope: Scope<Context>,
  ): Promise<CheckResult[]> {
    const all = checks.map((check) => this.of(check, scope));
    await Promise.all(all.filter((_, index) => checks[index]?.background === false));
    scope.makeRoom();
    const done = await Promise.all(all);
    this.examined += 1;
    this.options.observe?.({ kind: 'examined', service: scope.service, done: this.examined });
    return done.map(({ result }) => result);
  }

  /** What a check comes to, carried out at most once; what is of the deployment is shared. */
  private of(check: Check<unknown, Context>, asking: Scope<Context>): Promise<Done> {
    const scope = check.scope === 'service' ? asking : this.deployment;
    return scope.once(check, async () => {
      const made = await this.decide(check, scope);
      this.done += 1;
      this.options.observe?.({ kind: 'finished', result: made.result, done: this.done, total: this.total });
      return made;
    });
  }

  private async decide(check: Check<unknown, Context>, scope: Scope<Context>): Promise<Done> {
    const skip = this.leftOut(check) ?? (await this.unserved(check, scope.service));
    if (skip) return { ...notTried(check, scope.service, skip), undone: false };
    const required = await Promise.all(check.requires.map((other) => this.of(other, scope)));
    const obstacles = required.filter(({ facts }) => facts === undefined);
    // What was left undone is nobody's cause.
    const obstacle = obstacles.find(({ undone }) => !undone);
    if (obstacle) return { ...notTried(check, scope.service, inherited(obstacle)), undone: false };
    if (obstacles.length > 0) return this.leaveUndone(check, scope);
    return this.repeat(
      check,
      scope,
      required.map(({ facts }) => facts?.value),
    );
  }

  /** Why a check of a service has none; undefined where it has. */
  private async unserved(check: Check<unknown, Context>, service: string | null): Promise<Skip | undefined> {
    if (check.scope !== 'service' || service !== null) return undefined;
    const { checks, withoutServices: skip = NO_SERVICE } = this.options;
    const cause = skip.kind === 'blocked' ? checks.find(({ id }) => id === skip.by) : undefined;
    const done = cause && (await this.of(cause, this.deployment));
    return done && done.facts === undefined && !done.undone ? inherited(done) : skip;
  }

  private leftOut(check: Check<unknown, Context>): Skip | undefined {
    const left = this.options.leaveOut(check);
    if (left) return left;
    if (check.effects === 'write' && !this.options.active)
      return { kind: 'filtered', why: 'it changes something; --active runs it' };
    return undefined;
  }

  private async repeat(
    check: Check<unknown, Context>,
    scope: Scope<Context>,
    facts: unknown[],
  ): Promise<Done> {
    const tries: Tried[] = [];
    for (;;) {
      const tried = await this.inPlace(check, scope.service, facts);
      if (tried) tries.push(tried);
      const pause = tried && this.pauseBeforeNext(check, tried.outcome, tries.length);
      if (pause === undefined) break;
      if (pause.wait) scope.makeRoom();
      await this.options.clock.sleep(pause.ms, this.stop.signal).catch(() => undefined);
    }
    const [first, ...more] = tries;
    if (first === undefined) return this.leaveUndone(check, scope);
    const undone = tries.at(-1)?.cutOff === true && !this.stop.mayBlock;
    return { ...conclude(check, scope.service, [first, ...more], this.startedAt), undone };
  }

  /** One attempt, when there is a place for it; undefined where the run is over. */
  private async inPlace(
    check: Check<unknown, Context>,
    service: string | null,
    facts: unknown[],
  ): Promise<Tried | undefined> {
    // What watches rather than works needs a place only for what it sends.
    if (!check.background) await this.places.take();
    try {
      return this.stop.finding() ? undefined : await attempt(check, service, facts, this);
    } finally {
      if (!check.background) this.places.give();
    }
  }

  /** Milliseconds until the next attempt, undefined where there is none. */
  private pauseBeforeNext(
    check: Check<unknown, Context>,
    outcome: Outcome<unknown>,
    attempts: number,
  ): { ms: number; wait: boolean } | undefined {
    const { waitMs, clock } = this.options;
    if (!isOpen(outcome) || this.stop.finding()) return undefined;
    if (outcome.status === 'found' && outcome.transient && attempts < check.retry.attempts)
      return { ms: check.retry.delayMs, wait: false };
    const left = waitMs - (clock.now() - this.startedAt);
    const mayBecomeTrue = check.settles && statusOf(outcome) !== 'warn' && left >= WAIT_STEP_MS;
    return mayBecomeTrue ? { ms: WAIT_STEP_MS, wait: true } : undefined;
  }

  private leaveUndone(check: Check<unknown, Context>, { service }: Scope<Context>): Done {
    return { ...notTried(check, service, this.stop.finding() ?? finding('INTERRUPTED', {})), undone: true };
  }
}

/** Another attempt may end otherwise, also where what stood in the way of this one was another's finding. */
function isOpen(outcome: Outcome<unknown>): boolean {
  return outcome.status === 'found' || (outcome.status === 'skip' && outcome.skip.kind === 'blocked');
}
