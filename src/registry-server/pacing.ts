// When callers are asked to beat again: as usual, unless so many beat at once that they are better spread.
import type { Random, Timings } from './settings.js';

/** Heartbeats a second from which they are spread, and at which they are spread as far as may be. */
const BUSY = { from: 500, to: 2000 };
/** Milliseconds by which timers fire late, likewise; where few beat, that is not of their making. */
const LATE = { from: 50, to: 500 };
const FEW = 50;
/** What counts is of about the last three seconds. */
const MEMORY_MS = 3000;

/** The interval grows by up to this share. */
const MOST_SPREAD = 1 / 3;
/** Of a lease: two heartbeats fit into it, with time left. */
const MOST_OF_LEASE = 0.45;

/** Seconds until the next heartbeat, whole, at the load from 0 (idle) to 1; chance spreads the callers. */
export function nextHeartbeatS(timings: Timings, load: number, random: Random): number {
  const { heartbeatIntervalS, downAfterMs } = timings;
  const spread = Math.round(heartbeatIntervalS * (1 + MOST_SPREAD * load * random()));
  const most = Math.floor((MOST_OF_LEASE * downAfterMs) / 1000);
  return Math.max(heartbeatIntervalS, Math.min(spread, most));
}

/** How busy the registry is; what it was told of fades. */
export class LoadMeter {
  #beats = 0;
  #lateMs = 0;
  #asOf = Number.NEGATIVE_INFINITY;

  /** A heartbeat came at the monotonic time `now`. */
  beat(now: number): void {
    this.#fade(now);
    this.#beats += 1;
  }

  /** A timer fired so late. */
  late(ms: number, now: number): void {
    this.#fade(now);
    this.#lateMs = Math.max(this.#lateMs, Math.min(ms, LATE.to));
  }

  /** From 0 (idle) to 1. */
  load(now: number): number {
    this.#fade(now);
    const perSecond = this.#beats / (MEMORY_MS / 1000);
    return Math.max(share(perSecond, BUSY), perSecond < FEW ? 0 : share(this.#lateMs, LATE));
  }

  #fade(now: number): void {
    const factor = Math.exp(-Math.max(0, now - this.#asOf) / MEMORY_MS);
    this.#beats *= factor;
    this.#lateMs *= factor;
    this.#asOf = now;
  }
}

function share(value: number, { from, to }: { from: number; to: number }): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}
