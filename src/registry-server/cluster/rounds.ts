// Work on things that change: each is worked on once for many changes, never twice at the same time, a bounded number
// of them at once, and again where it failed.
import { setTimeout as delay } from 'node:timers/promises';

export interface RoundsOptions {
  /** Milliseconds until it is to be looked at again; undefined: when it is marked. */
  work(key: string): Promise<number | undefined>;
  /** Nothing is begun while it is false; `wake` tells that it has become true. */
  ready(): boolean;
  /** Told when the first failed, and when all of them have succeeded since. */
  onTrouble(problem: unknown): void;
  onRecovered(): void;
}

/** Changes within this time are worked on together. */
const COALESCE_MS = 50;
const RETRY_MS = 1000;
const CLOSE_MS = 1000;
/** Keys that are worked on at once: ZooKeeper answers in order, and what replicas tell each other waits behind them. */
const WIDTH = 32;

export class Rounds {
  readonly #options: RoundsOptions;
  /** Marked within the latest moments. */
  #fresh = new Set<string>();
  readonly #due = new Set<string>();
  /** Being worked on; true where it was marked meanwhile. */
  readonly #running = new Map<string, boolean>();
  readonly #failing = new Set<string>();
  readonly #later = new Map<string, NodeJS.Timeout>();
  #tick: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  /** Something about the key has changed. */
  mark(key: string): void {
    if (this.#closed) return;
    if (this.#running.has(key)) this.#running.set(key, true);
    else if (!this.#due.has(key)) this.#fresh.add(key);
    this.#tick ??= setTimeout(() => {
      this.#tick = undefined;
      for (const each of this.#fresh) this.#due.add(each);
      this.#fresh = new Set();
      this.wake();
    }, COALESCE_MS);
  }

  /** As `mark`, after so many milliseconds; in the place of an earlier call for the key. */
  markIn(key: string, ms: number): void {
    if (this.#closed) return;
    clearTimeout(this.#later.get(key));
    const timer = setTimeout(() => {
      this.#later.delete(key);
      this.mark(key);
    }, ms);
    this.#later.set(key, timer.unref());
  }

  /** Begins what is due, as far as there is room. */
  wake(): void {
    for (const key of this.#due) {
      if (this.#closed || this.#running.size >= WIDTH || !this.#options.ready()) return;
      this.#due.delete(key);
      void this.#run(key);
    }
  }

  /** Begins nothing any more; resolves when what is under way has ended, or has had a second for it. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#tick);
    for (const timer of this.#later.values()) clearTimeout(timer);
    for (let waited = 0; this.#running.size > 0 && waited < CLOSE_MS; waited += 5) await delay(5);
  }

  async #run(key: string): Promise<void> {
    this.#running.set(key, false);
    let again: number | undefined;
    try {
      again = await this.#options.work(key);
      if (this.#failing.delete(key) && this.#failing.size === 0) this.#options.onRecovered();
    } catch (error) {
      if (this.#failing.size === 0) this.#options.onTrouble(error);
      this.#failing.add(key);
      again = RETRY_MS;
    }
    const marked = this.#running.get(key) === true;
    this.#running.delete(key);
    if (this.#closed) return;
    if (marked) this.mark(key);
    else if (again !== undefined) this.markIn(key, again);
    this.wake();
  }
}

/** Calls `work` for every item, at most `width` at a time; rejects with the first error once all have had their turn. */
export async function eachOf<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  let failed: { error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true; next = left.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  if (failed !== undefined) throw failed.error;
}
