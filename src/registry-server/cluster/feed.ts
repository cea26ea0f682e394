// What replicas tell each other: every observation of one reaches all others within a fraction of a second, or they know
// that they may have missed some and judge nobody meanwhile.
import type { Observation } from '../observation.js';
import { FeedReader } from './feed-reader.js';
import { FeedSender } from './feed-sender.js';
import type { FeedOptions } from './feed-settings.js';

export { FEED_TIMINGS, type FeedOptions, type FeedTimings } from './feed-settings.js';

export class Feed {
  readonly #sender: FeedSender;
  readonly #reader: FeedReader;
  readonly #listeners = new Set<(observations: readonly Observation[]) => void>();
  readonly #blindListeners = new Set<(since: number | undefined) => void>();

  constructor(options: FeedOptions) {
    this.#sender = new FeedSender(options);
    this.#reader = new FeedReader(
      options,
      (observations) => {
        for (const listener of this.#listeners) listener(observations);
      },
      (since) => {
        for (const listener of this.#blindListeners) listener(since);
      },
    );
  }

  /** Since when (monotonic) others may know what this replica does not; undefined where it has heard everything. */
  get blindSince(): number | undefined {
    return this.#reader.blindSince;
  }

  /** What is told reaches nobody at the moment: it waits, and grows older. */
  get cutOff(): boolean {
    return this.#sender.cutOff;
  }

  /** Hears and tells from now on. Rejects with ZookeeperUnavailable where it is not known how the others stand. */
  async start(): Promise<void> {
    await this.#reader.start();
    await this.#sender.start();
  }

  /** To reach the other replicas within 150 ms or so. */
  tell(observation: Observation): void {
    this.#sender.tell(observation);
  }

  /** Sends what was told so far at once; resolves when it was taken, or was not. */
  flush(): Promise<void> {
    return this.#sender.flush();
  }

  /** An entry of any replica that came by PostgreSQL, `agoMs` after it was told. */
  receive(entry: Uint8Array, agoMs: number): void {
    this.#reader.receive(entry, agoMs);
  }

  /** Called with what other replicas tell, once with each. Returns how to stop it. */
  onObservations(listener: (observations: readonly Observation[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Called when this replica becomes blind, with since when, and with undefined when it sees again. */
  onBlind(listener: (since: number | undefined) => void): () => void {
    this.#blindListeners.add(listener);
    return () => void this.#blindListeners.delete(listener);
  }

  /** Tells the rest, and hears nothing any more. Takes a few seconds at most. */
  async close(): Promise<void> {
    this.#reader.close();
    await this.#sender.close();
  }
}
