/**
 * The time leases run on: monotonic, less every stretch in which this process stood still (SIGSTOP, a frozen virtual
 * machine) or could not know of the heartbeats that others receive. That time counts against nobody.
 */
export class LeaseClock {
  readonly #toleranceMs: number;
  #lastSeen: number;
  #stoodStillMs = 0;
  /** The latest stretch in which lease time stood still, monotonic. */
  #pause = { from: 0, to: 0 };
  #blind = false;

  /** `expectedMs`: how often `advance` is called at least, when nothing is wrong. */
  constructor(now: number, expectedMs: number) {
    this.#lastSeen = now;
    this.#toleranceMs = 2 * expectedMs;
  }

  /** Lease time at the monotonic time `now`. */
  advance(now: number): number {
    const late = now - this.#lastSeen - (this.#blind ? 0 : this.#toleranceMs);
    if (late > 0) {
      const goesOn = this.#blind && this.#pause.to === this.#lastSeen;
      this.#pause = { from: goesOn ? this.#pause.from : now - late, to: now };
      this.#stoodStillMs += late;
    }
    this.#lastSeen = now;
    return now - this.#stoodStillMs;
  }

  /** Lease time `agoMs` before the monotonic time `now`. */
  before(now: number, agoMs: number): number {
    const leaseNow = this.advance(now);
    const { from, to } = this.#pause;
    const stoodStill = Math.max(0, to - Math.max(from, now - agoMs));
    return leaseNow - agoMs + stoodStill;
  }

  get blind(): boolean {
    return this.#blind;
  }

  /** From `now` on lease time stands still, or goes on. */
  setBlind(blind: boolean, now: number): void {
    this.advance(now);
    this.#blind = blind;
  }
}
