// A directory on a clock that the test turns: registers, beats and sweeps as the server does.
import { Directory, type DirectoryOptions } from '../../src/registry-server/directory.js';
import type { Instance } from '../../src/registry-server/instance.js';
import type { Observation } from '../../src/registry-server/observation.js';
import { type Caller, planDeregistration, planRegistration } from '../../src/registry-server/plan.js';
import type { Registration, Transition } from '../../src/registry-server/registration.js';
import {
  DEFAULT_TIMINGS,
  type Moment,
  sweepIntervalMs,
  type Timings,
} from '../../src/registry-server/settings.js';

export const ANYBODY: Caller = { serviceId: null, address: '127.0.0.1' };

export const SECOND = 1000;

export class Life {
  readonly directory: Directory;
  /** What it told the other replicas. */
  readonly told: Observation[] = [];
  #now = 1_000_000;

  constructor(
    random: () => number = () => 0.5,
    options: DirectoryOptions & { timings?: Partial<Timings> } = {},
  ) {
    const tell = (observation: Observation) => void this.told.push(observation);
    const timings = { ...DEFAULT_TIMINGS, ...options.timings };
    this.directory = new Directory(timings, random, this.#now, { tell, ...options });
  }

  get at(): Moment {
    return { now: this.#now, wall: new Date(Date.UTC(2026, 10, 21) + this.#now) };
  }

  /** Registers `asr/<id>`, with a health URL where `healthUrl` is given. */
  register(
    id: string | undefined,
    rest: {
      url?: string;
      healthUrl?: string;
      metadata?: Record<string, unknown>;
      serviceId?: number;
      caller?: Caller;
    } = {},
  ): Registration {
    const request = {
      service: 'asr',
      id,
      url: rest.url ?? 'http://asr:8000',
      healthUrl: rest.healthUrl ?? null,
      metadata: rest.metadata ?? {},
      serviceId: rest.serviceId ?? null,
    };
    const at = this.at;
    const { changes, answer } = planRegistration(
      this.directory.catalog,
      request,
      rest.caller ?? ANYBODY,
      at.wall.toISOString(),
      () => '00000000-0000-4000-8000-000000000001',
    );
    for (const change of changes) this.directory.apply(change, at);
    return answer;
  }

  deregister(id: string): boolean {
    const target = { service: 'asr', id, reason: null };
    const plan = planDeregistration(this.directory.catalog, target, ANYBODY, this.at.wall.toISOString());
    for (const change of plan.changes) this.directory.apply(change, this.at);
    return plan.answer;
  }

  instance(id: string): Instance {
    const found = this.directory.catalog.instance('asr', id);
    if (found === undefined) throw new Error(`asr/${id} is not registered`);
    return found;
  }

  state(id: string): string {
    return this.directory.catalog.find('asr', id)?.state ?? 'gone';
  }

  beat(id: string): Transition[] {
    return this.directory.beat(this.instance(id), this.at);
  }

  /** Another replica told this. */
  learn(observations: readonly Observation[]): void {
    this.directory.learn(observations, this.at);
  }

  /** Another replica wrote these rows. */
  take(...puts: Registration[]): void {
    this.directory.take({ puts, removes: [] }, () => false, this.at);
  }

  /** Time passes, with the sweeps that belong to it. */
  pass(ms: number): Transition[] {
    const step = sweepIntervalMs(DEFAULT_TIMINGS);
    const end = this.#now + ms;
    const seen: Transition[] = [];
    while (this.#now < end) {
      this.#now = Math.min(end, this.#now + step);
      seen.push(...this.directory.sweep(this.at));
    }
    return seen;
  }

  /** The process stands still: time passes and nothing is done. */
  standStill(ms: number): void {
    this.#now += ms;
  }

  /** Makes every check that is due with this result; answers how many there were. */
  check(problem: string | null): number {
    const due = this.directory.takeDueChecks(this.#now, 100);
    for (const check of due) this.directory.checked(check, problem, this.at);
    return due.length;
  }
}
