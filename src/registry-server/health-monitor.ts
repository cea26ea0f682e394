// Makes the health checks that are due, and the sweep over the leases: one timer for all instances.
import { setTimeout as sleep } from 'node:timers/promises';
import { checkOf, type DueCheck } from './check-schedule.js';
import type { Directory } from './directory.js';
import type { Instance } from './instance.js';
import type { Probe, ProbeResult } from './probe.js';
import type { Transition } from './registration.js';
import { type Clock, moment, sweepIntervalMs, type Timings } from './settings.js';

/** Checks under way at once. */
const CONCURRENCY = 256;
/** Of these, checks that somebody asked for: the others are what keeps the registry true. */
const ASKED_CONCURRENCY = CONCURRENCY / 4;
/** The result of a check that was asked for is shared with whoever asks within this time. */
const REUSE_MS = 2000;
/** Between two looks at what is due: many checks that end together cost one. */
const LOOK_EVERY_MS = 50;
/** Between the tries of a check that somebody waits for; doubles. */
const RETRY_MS = 250;

/** The result of a check that was asked for. */
export interface CheckResult extends ProbeResult {
  readonly url: string;
  /** ISO 8601. */
  readonly timestamp: string;
}

export class HealthMonitor {
  readonly #directory: Directory;
  readonly #probe: Probe;
  readonly #timings: Timings;
  readonly #clock: Clock;
  readonly #onTransitions: (transitions: Transition[]) => void;
  readonly #onTick: (lateMs: number, now: number) => void;
  #stopped = false;
  readonly #asked = new Map<string, Promise<CheckResult>>();
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;
  #askedUnderWay = 0;
  #timer: NodeJS.Timeout | undefined;
  #tickAt = 0;
  #awake = false;
  #sweepDueAt: number;

  constructor(
    directory: Directory,
    probe: Probe,
    timings: Timings,
    clock: Clock,
    onTransitions: (transitions: Transition[]) => void,
    onTick: (lateMs: number, now: number) => void,
  ) {
    this.#directory = directory;
    this.#probe = probe;
    this.#timings = timings;
    this.#clock = clock;
    this.#onTransitions = onTransitions;
    this.#onTick = onTick;
    this.#sweepDueAt = clock.now();
  }

  /** Starts, or looks again at once: a registration may be due earlier than what was known. */
  wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    this.#tickIn(LOOK_EVERY_MS, this.#clock.now());
  }

  /** No more checks; those under way no longer count. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#stopped = true;
  }

  /**
   * Checks the instances that have a health URL now, each up to the usual number of tries, and waits for the results.
   * Those being checked for somebody else, or checked less than 2 s ago, are not checked twice.
   */
  checkNow(instances: readonly Instance[]): Promise<CheckResult[]> {
    const results: Promise<CheckResult>[] = [];
    for (const { registration } of instances) {
      const check = checkOf(registration);
      if (check === undefined) continue;
      const key = `${check.service}/${check.id}/${check.incarnation}`;
      const asked = this.#asked.get(key) ?? this.#ask(key, check);
      results.push(asked);
    }
    return Promise.all(results);
  }

  #ask(key: string, check: DueCheck): Promise<CheckResult> {
    const asked = this.#tryRepeatedly(check).finally(() => {
      setTimeout(() => this.#asked.delete(key), REUSE_MS).unref();
    });
    this.#asked.set(key, asked);
    return asked;
  }

  #tick(): void {
    this.#awake = false;
    const at = moment(this.#clock);
    this.#onTick(at.now - this.#tickAt, at.now);
    if (at.now >= this.#sweepDueAt) {
      this.#sweepDueAt = at.now + sweepIntervalMs(this.#timings);
      this.#onTransitions(this.#directory.sweep(at));
    }
    for (const check of this.#directory.takeDueChecks(at.now, CONCURRENCY - this.#underWay)) {
      void this.#run(check).then(() => this.wake());
    }
    // With every place taken, the next check to end wakes this up.
    const full = this.#underWay >= CONCURRENCY;
    const next = full ? this.#sweepDueAt : Math.min(this.#sweepDueAt, this.#directory.nextCheckAt());
    this.#tickIn(Math.max(1, next - at.now), at.now);
  }

  #tickIn(ms: number, now: number): void {
    clearTimeout(this.#timer);
    this.#tickAt = now + ms;
    if (!this.#stopped) this.#timer = setTimeout(() => this.#tick(), ms);
  }

  async #run(check: DueCheck): Promise<ProbeResult> {
    this.#underWay += 1;
    const result = await this.#probe(check.url);
    this.#underWay -= 1;
    if (this.#stopped) return result;
    const at = moment(this.#clock);
    if (result.counts) this.#onTransitions(this.#directory.checked(check, result.problem, at));
    else this.#directory.notChecked(check, at);
    return result;
  }

  async #tryRepeatedly(check: DueCheck): Promise<CheckResult> {
    for (let failed = 0; ; ) {
      while (this.#askedUnderWay >= ASKED_CONCURRENCY) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
      this.#askedUnderWay += 1;
      const result = await this.#run(check);
      this.#askedUnderWay -= 1;
      this.#waiting.shift()?.();
      if (result.problem !== null) failed += 1;
      if (result.problem === null || failed >= this.#timings.checkTries || this.#stopped) {
        return { ...result, url: check.url, timestamp: this.#clock.wall().toISOString() };
      }
      await sleep(RETRY_MS * 2 ** (failed - 1));
    }
  }
}
