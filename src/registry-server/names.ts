// Looks host names up: one lookup a name at a time, and names that hang keep no others waiting.
import type { LookupAddress } from 'node:dns';

/** Resolves a host name to all its addresses, as `dns.promises.lookup` does. */
export type Lookup = (host: string) => Promise<LookupAddress[]>;

/**
 * Node gives lookups half of its four threads, and one that hangs (no DNS server answers) holds its thread for seconds.
 * One place is therefore kept for names that were found quickly the last time.
 */
const PLACES = 2;
const PLACES_FOR_UNPROVEN = PLACES - 1;

/** A lookup that takes longer is one of a name that hangs. */
const SLOW_MS = 1000;
/** An answer is shared with whoever asks within this time. */
const FRESH_MS = 1000;
/** A name that hung is not looked up again for as long as that took, this at most. */
const MAX_BACK_OFF_MS = 10_000;
const MAX_NAMES = 10_000;

/** What is known of a name: 'quick' was found quickly the last time, 'slow' hung. */
interface Name {
  readonly kind: 'quick' | 'slow';
  readonly restUntil: number;
}

interface Job {
  readonly host: string;
  /** Monotonic; undefined while it waits for a place. */
  startedAt: number | undefined;
  readonly result: Promise<LookupAddress[]>;
  run(): void;
}

/** The name was not looked up: it hung the last time, and others come first. */
export class Rested extends Error {}

export class Names {
  readonly #lookup: Lookup;
  readonly #now: () => number;
  readonly #known = new Map<string, Name>();
  readonly #jobs = new Map<string, Job>();
  #waiting: Job[] = [];
  #running = 0;
  #runningUnproven = 0;

  constructor(lookup: Lookup, now: () => number = () => performance.now()) {
    this.#lookup = lookup;
    this.#now = now;
  }

  /** The addresses of a name; joins a lookup that is under way or just ended. Rejects with Rested, or what went wrong. */
  addresses(host: string): Promise<LookupAddress[]> {
    const shared = this.#jobs.get(host);
    if (shared !== undefined) return shared.result;
    const known = this.#known.get(host);
    if (known !== undefined && this.#now() < known.restUntil) {
      return Promise.reject(new Rested('its host name hung the last time'));
    }
    const job = this.#job(host);
    this.#jobs.set(host, job);
    this.#waiting.push(job);
    this.#startNext();
    return job.result;
  }

  /** How long the lookup of a name has been running, 0 where it waits for a place. */
  runningMs(host: string): number {
    const startedAt = this.#jobs.get(host)?.startedAt;
    return startedAt === undefined ? 0 : this.#now() - startedAt;
  }

  #job(host: string): Job {
    let begin = (): void => undefined;
    const turn = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const result = turn.then(() => this.#lookup(host));
    // Whoever asked sees the error; nobody may be left waiting.
    result.catch(() => undefined);
    return { host, startedAt: undefined, result, run: begin };
  }

  #startNext(): void {
    while (this.#running < PLACES) {
      const job = this.#next();
      if (job === undefined) return;
      this.#waiting = this.#waiting.filter((other) => other !== job);
      this.#start(job);
    }
  }

  /** Names that are found quickly first, then those that nothing is known of, then those that hung. */
  #next(): Job | undefined {
    const of = (kind: Name['kind'] | undefined) =>
      this.#waiting.find(({ host }) => this.#known.get(host)?.kind === kind);
    const quick = of('quick');
    if (quick !== undefined || this.#runningUnproven >= PLACES_FOR_UNPROVEN) return quick;
    return of(undefined) ?? of('slow');
  }

  #start(job: Job): void {
    const unproven = this.#known.get(job.host)?.kind === 'quick' ? 0 : 1;
    this.#running += 1;
    this.#runningUnproven += unproven;
    const startedAt = this.#now();
    job.startedAt = startedAt;
    const ended = (): void => {
      this.#running -= 1;
      this.#runningUnproven -= unproven;
      this.#learn(job.host, this.#now() - startedAt);
      setTimeout(() => this.#jobs.delete(job.host), FRESH_MS).unref();
      this.#startNext();
    };
    job.result.then(ended, ended);
    job.run();
  }

  #learn(host: string, ms: number): void {
    this.#known.delete(host);
    const slow = ms >= SLOW_MS;
    const restUntil = slow ? this.#now() + FRESH_MS + Math.min(ms, MAX_BACK_OFF_MS) : 0;
    this.#known.set(host, { kind: slow ? 'slow' : 'quick', restUntil });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_NAMES && oldest !== undefined) this.#known.delete(oldest);
  }
}
