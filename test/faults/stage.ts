// What a row plays on: registries in processes of their own, traffic, a history of it, and the model that judges it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FEED_TIMINGS } from '../../src/registry-server/cluster/feed-settings.js';
import type { Timings } from '../../src/registry-server/settings.js';
import { requireSoundAudit } from './audit.js';
import { seenOf, type Target } from './client.js';
import { Cluster } from './cluster.js';
import type { Ports } from './engines-of-run.js';
import { History, type Op } from './history.js';
import { BEATING, CHURNING, type Kind, Load, type LoadOptions, type Member } from './load.js';
import { lostBetween } from './machine.js';
import { momentOf, type Rules, type Stretch, violationsOf } from './model.js';
import { type RegistryProcess, startProcess } from './processes.js';
import type { ProcessOptions } from './registry-process.js';

/** The default times, thirty times as fast: 90 s without a heartbeat are 3 s, and SIGSTOP for 120 s is one for 4 s. */
export const FAST = 30;
export const FAST_TIMINGS: Partial<Timings> = {
  downAfterMs: 90_000 / FAST,
  evictAfterMs: 600_000 / FAST,
  checkIntervalMs: 30_000 / FAST,
};
/** Answered requests of each kind before a fault, and requests of each kind during it. */
const ENOUGH_BEFORE = 10;
const ENOUGH_DURING = 2;
const PATIENCE_MS = 30_000;

export class Stage {
  readonly history = new History();
  readonly #engines: Ports | undefined;
  readonly #cleanups: (() => Promise<unknown>)[] = [];
  readonly #processes: RegistryProcess[] = [];
  readonly #standstills: Stretch[] = [];
  readonly #apart: Stretch[] = [];
  readonly #renewals: number[] = [];
  #rules: Pick<Rules, 'leaseMs' | 'sweepMs' | 'evictAfterMs' | 'lagMs'> = {
    leaseMs: 90_000 / FAST,
    sweepMs: 2500,
    evictAfterMs: 600_000 / FAST,
    lagMs: 0,
  };
  #isCluster = false;
  #load: Load | undefined;
  #faults = 0;
  #targets: readonly Target[] = [];

  /** `engines` are those of the run, for rows of the cluster. */
  constructor(engines?: Ports) {
    this.#engines = engines;
  }

  get engines(): Ports {
    if (this.#engines === undefined) throw new Error('there are no engines');
    return this.#engines;
  }

  /** Runs when the row has ended, the latest first. */
  onEnd(cleanup: () => Promise<unknown>): void {
    this.#cleanups.push(cleanup);
  }

  async folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'regctl-fault-'));
    this.onEnd(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  /** Starts a registry; it is the one that the traffic goes to, unless others are added with `aim`. */
  async registry(options: Partial<ProcessOptions> = {}, name = 'registry'): Promise<RegistryProcess> {
    const store = options.store ?? { kind: 'sqlite', dataDir: await this.folder() };
    const process = await this.process(name, { timings: FAST_TIMINGS, ...options, store });
    this.#targets = [process];
    return process;
  }

  /** Starts a registry or replica, which the traffic is not aimed at yet. */
  async process(name: string, options: ProcessOptions): Promise<RegistryProcess> {
    const process = await startProcess(name, { port: 0, ...options });
    this.#processes.push(process);
    this.onEnd(async () => {
      if (process.isRunning) await process.kill();
    });
    this.#renewals.push(performance.now());
    return process;
  }

  /** Two replicas (`count`) over the engines of the run, or others, which the traffic goes to in turn. */
  cluster(
    options: Partial<ProcessOptions> & { count?: number } = {},
    engines = this.engines,
  ): Promise<Cluster> {
    this.#isCluster = true;
    return Cluster.start(this, engines, options);
  }

  /** The traffic goes to these from now on. */
  aim(targets: readonly Target[]): void {
    this.#targets = targets;
  }

  /** Other times than the fast ones. */
  rule(rules: Partial<Pick<Rules, 'leaseMs' | 'sweepMs' | 'evictAfterMs' | 'lagMs'>>): void {
    this.#rules = { ...this.#rules, ...rules };
  }

  /** Starts the traffic, and resolves when every kind of it flows. */
  async load(options: Partial<LoadOptions> = {}): Promise<Load> {
    // As the guide's loop: three times in a lease.
    const beatEveryMs = this.#rules.leaseMs / 3;
    const load = new Load(this.history, () => this.#targets, { beatEveryMs, ...options });
    this.#load = load;
    this.onEnd(() => load.stop());
    const from = performance.now();
    await load.start();
    await this.#until(
      () => this.history.answered(from, performance.now()),
      ENOUGH_BEFORE,
      'flows before the fault',
    );
    await this.#requireHealthy(load);
    return load;
  }

  /** Everybody knows of everything that beats. */
  async #requireHealthy(load: Load): Promise<void> {
    const beating = load.services.slice(0, BEATING.length);
    for (const target of this.#targets) {
      for (const service of beating) {
        await this.eventually(
          () => load.client.list(target, service),
          ({ rows = [] }) => rows.every(({ state }) => state === 'healthy'),
          `${service} does not become healthy at ${target.name}`,
        );
      }
    }
  }

  /** The fault is there while `act` runs; the row fails where no traffic came meanwhile. */
  async during<T>(act: () => Promise<T>): Promise<T> {
    const from = performance.now();
    const result = await act();
    await this.#until(
      () => this.history.asked(from, performance.now()),
      ENOUGH_DURING,
      'came during the fault',
    );
    this.#faults += 1;
    return result;
  }

  /** Resolves when every kind of traffic, or those named, has been answered `count` times more. */
  async traffic(count = ENOUGH_BEFORE, kinds?: readonly Kind[]): Promise<void> {
    const from = performance.now();
    await this.#until(() => this.history.answered(from, performance.now()), count, 'is answered', kinds);
  }

  /** Resolves when every kind of traffic has been asked `count` times more, answered or not. */
  async attempts(count = ENOUGH_DURING): Promise<void> {
    const from = performance.now();
    await this.#until(() => this.history.asked(from, performance.now()), count, 'is asked');
  }

  /** Of the reads, some: whoever waits for an answer asks nothing else. */
  async #until(
    count: () => Record<Op['kind'], number>,
    least: number,
    what: string,
    kinds: readonly Kind[] = this.#load?.kinds ?? [],
  ): Promise<void> {
    const lacking = () => {
      const { change, beat, list, discover, url } = count();
      const seen = { change, beat, read: list + discover + url };
      return kinds
        .filter((kind) => seen[kind] < least)
        .flatMap((kind) => [kind, ...this.history.latest(kind)]);
    };
    await this.eventually(
      async () => lacking(),
      (missing) => missing.length === 0,
      `not enough of it ${what}`,
    );
  }

  /** Resolves when an instance that crashed is no longer said to be healthy, by any registry. */
  async noticed(load: Load, { service, id }: Member, patienceMs = PATIENCE_MS): Promise<void> {
    for (const target of this.#targets) {
      await this.eventually(
        async () => (await load.client.list(target, service)).rows?.find((row) => row.id === id)?.state,
        (state) => state === 'down',
        `${service}/${id} crashed, and is not taken for down at ${target.name}`,
        patienceMs,
      );
    }
  }

  /** Resolves when each of them says that all is well with it. */
  async healthy(targets: readonly Target[]): Promise<void> {
    for (const target of targets) {
      await this.eventually(
        async () => (await this.#load?.client.get(target, '/health'))?.text ?? '',
        (text) => /"status":"healthy"/.test(text) && !/"unhealthy"/.test(text),
        `${target.name} is not healthy again`,
      );
    }
  }

  /** Throws where the audit trail does not have what was changed, once. */
  async checkAudit(): Promise<void> {
    const [target] = this.#targets;
    const load = this.#load;
    if (target === undefined || load === undefined) throw new Error('there is no traffic');
    await load.rest();
    await requireSoundAudit(load.client, target, load.services, this.history);
  }

  /** The times that the registry gave to the latest registrations of what is registered again and again. */
  async changeTimes(): Promise<Date[]> {
    const load = this.#load;
    const [target] = this.#targets;
    if (load === undefined || target === undefined) throw new Error('there is no traffic');
    const { body } = await load.client.get(target, `/api/v1/registry/services/${CHURNING}`);
    return (body as { registered_at: string }[]).map(({ registered_at }) => new Date(registered_at));
  }

  /** Leases do not run while `act` does: the registry cannot know. Replicas that missed news judge nobody for a while. */
  async standstill<T>(act: () => Promise<T>): Promise<T> {
    return this.#stretch(this.#standstills, act, this.#isCluster ? FEED_TIMINGS.staleAfterMs : 0);
  }

  /** Replicas cannot tell each other anything while `act` runs. */
  async apart<T>(act: () => Promise<T>): Promise<T> {
    return this.#stretch(this.#apart, act);
  }

  async #stretch<T>(list: Stretch[], act: () => Promise<T>, longerMs = 0): Promise<T> {
    const stretch = { from: performance.now(), to: Number.POSITIVE_INFINITY };
    list.push(stretch);
    try {
      return await act();
    } finally {
      stretch.to = performance.now() + longerMs;
    }
  }

  /** Rejects where it takes longer than anything should. */
  async within<T>(work: Promise<T>, what: string): Promise<T> {
    const late = new AbortController();
    const over = sleep(PATIENCE_MS, undefined, { signal: late.signal }).then(() =>
      Promise.reject(new Error(what)),
    );
    over.catch(() => undefined);
    try {
      return await Promise.race([work, over]);
    } finally {
      late.abort();
    }
  }

  /** Looks again until it holds, also after an error; fails after `patienceMs` with what was seen last. */
  async eventually<T>(
    look: () => Promise<T>,
    holds: (seen: T) => boolean,
    what: string,
    patienceMs = PATIENCE_MS,
  ): Promise<T> {
    const began = performance.now();
    const deadline = began + patienceMs;
    for (;;) {
      const seen = await look().then(
        (value) => ({ value, text: JSON.stringify(value) }),
        (error: unknown) => ({ text: String(error) }),
      );
      if ('value' in seen && holds(seen.value)) return seen.value;
      if (performance.now() > deadline) {
        const lost = lostBetween(began, performance.now());
        throw new Error(
          `${what}, in ${patienceMs} ms, of which this process was not given ${lost.toFixed()}: ${seen.text}`,
        );
      }
      await sleep(20);
    }
  }

  /**
   * Ends the traffic and judges all of it: throws with every violation and what led to it. Before, every service is
   * listed once more at every registry, and all of them and all watchers have to know the same.
   */
  async check(): Promise<void> {
    if (this.#faults === 0) throw new Error('no fault was brought about');
    const load = this.#load;
    if (load === undefined) throw new Error('there was no traffic');
    await this.#requireWatchersToKnow(load);
    await load.rest();
    await load.stop();
    for (const target of this.#targets)
      for (const name of load.services) await load.client.list(target, name);
    load.client.close();
    const violations = violationsOf(this.history, this.#allRules);
    if (violations.length === 0) return;
    const told = violations.map(({ says, excerpt }) =>
      [says, ...excerpt.map((line) => `    ${line}`)].join('\n'),
    );
    throw new Error(`${violations.length} violations:\n${told.join('\n')}`);
  }

  get #allRules(): Rules {
    const [standstills, apart, renewals] = [this.#standstills, this.#apart, this.#renewals];
    return { ...this.#rules, standstills, apart, renewals, lost: lostBetween };
  }

  /** Which moment of the history a registry over `store`, which the traffic does not go to, has kept. */
  async momentOf(store: ProcessOptions['store']): Promise<number> {
    const load = this.#load;
    const process = await startProcess('registry', { port: 0, store });
    if (load === undefined) throw new Error('there was no traffic');
    const listings = await Promise.all(
      load.services.map(async (service) => {
        const { body } = await load.client.get(process, `/api/v1/registry/services/${service}`);
        return { service, replica: process.name, rows: (body as Parameters<typeof seenOf>[0][]).map(seenOf) };
      }),
    );
    await process.kill();
    const moment = momentOf(this.history, this.#allRules, listings);
    if (moment === undefined) throw new Error('what is left was never true at any one moment');
    return moment;
  }

  /** Quiet services, those that beat and those that were kept: what a watcher knows of them is what a list has. */
  async #requireWatchersToKnow(load: Load): Promise<void> {
    const quiet = load.services.filter((name) => !name.startsWith('churn') && !name.startsWith('kept'));
    for (const service of quiet) {
      await this.eventually(
        async () => {
          const lists = this.#targets.map(async (target) => (await load.client.list(target, service)).rows);
          return [...(await Promise.all(lists)), ...load.watchers.map(({ view }) => view.get(service))];
        },
        (views) => new Set(views.map((view) => JSON.stringify(view))).size === 1,
        `not everybody knows ${service} as it is`,
      );
    }
  }

  /** What ended that nobody ended. */
  get crashes(): string[] {
    return this.#processes.flatMap(({ crash }) => crash ?? []);
  }

  /** Ends everything that was started. */
  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
  }
}
