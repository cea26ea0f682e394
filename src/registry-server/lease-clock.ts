/**
 * The time leases run on: monotonic, less every stretch in which this process stood still (SIGSTOP, a frozen virtual
 * machine). Heartbeats could not be received then, so that time counts against nobody.
 */
export class LeaseClock {
  readonly #toleranceMs: number;
  #lastSeen: number;
  #stoodStillMs = 0;

  /** `expectedMs`: how often `advance` is called at least, when nothing is wrong. */
  constructor(now: number, expectedMs: number) {
    this.#lastSeen = now;
    this.#toleranceMs = 2 * expectedMs;
  }

  /** Lease time at the monotonic time `now`. */
  advance(now: number): number {
    const late = now - this.#lastSeen - this.#toleranceMs;
    if (late > 0) this.#stoodStillMs += late;
    this.#lastSeen = now;
    return now - this.#stoodStillMs;
  }
}
