// How long this process has stood still: SIGSTOP, a slow disk, a frozen machine. What waited meanwhile is not to blame.

const TICK_MS = 100;
/** Lateness of timers that is nothing to speak of. */
const TOLERANCE_MS = 50;

export class LoopWatch {
  #timer: NodeJS.Timeout | undefined;
  #watchers = 0;
  #lastTick = 0;
  #stoodStillMs = 0;

  /** Watches until the function it returns is called. */
  start(): () => void {
    if (this.#watchers === 0) {
      this.#lastTick = performance.now();
      this.#timer = setInterval(() => this.stoodStillMs(), TICK_MS);
    }
    this.#watchers += 1;
    return () => {
      this.#watchers -= 1;
      if (this.#watchers === 0) clearInterval(this.#timer);
    };
  }

  /** Milliseconds in all in which timers could not fire; grows only while somebody watches. */
  stoodStillMs(): number {
    const now = performance.now();
    const late = now - this.#lastTick - TICK_MS;
    if (late > TOLERANCE_MS) this.#stoodStillMs += late;
    this.#lastTick = now;
    return this.#stoodStillMs;
  }
}
