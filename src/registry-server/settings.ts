// Times and limits of the registry, and where its time and chance come from.
import { HEARTBEAT_INTERVAL_S, MISSED_BEATS_MEAN_DOWN } from '../wire/coordinator.js';

export interface Timings {
  /** What the answer to a heartbeat asks for, seconds. */
  readonly heartbeatIntervalS: number;
  /** Without a heartbeat for this long an instance that had sent one is down. */
  readonly downAfterMs: number;
  /** Down for this long, it is removed. */
  readonly evictAfterMs: number;
  /** Without a health check that passed for this long, an instance that sends no heartbeats is removed. */
  readonly evictUnhealthyAfterMs: number;
  readonly checkIntervalMs: number;
  readonly checkTimeoutMs: number;
  /** Health checks that fail in a row before an instance is unhealthy. */
  readonly checkTries: number;
  /** Where most of a service is lost at once, none of it is removed. */
  readonly expiryGuard: boolean;
}

export const DEFAULT_TIMINGS: Timings = {
  heartbeatIntervalS: HEARTBEAT_INTERVAL_S,
  downAfterMs: HEARTBEAT_INTERVAL_S * MISSED_BEATS_MEAN_DOWN * 1000,
  evictAfterMs: 600_000,
  evictUnhealthyAfterMs: 24 * 3_600_000,
  checkIntervalMs: 30_000,
  checkTimeoutMs: 3_000,
  checkTries: 3,
  expiryGuard: true,
};

/** Seconds between heartbeats, so that three fit into a lease: at most the guide's 30, at least 1. */
export function heartbeatIntervalFor(downAfterMs: number): number {
  const third = Math.floor(downAfterMs / MISSED_BEATS_MEAN_DOWN / 1000);
  return Math.max(1, Math.min(HEARTBEAT_INTERVAL_S, third));
}

export interface Clock {
  /** Monotonic, milliseconds: every lease and schedule runs on it. */
  now(): number;
  /** For people to read, and for tokens. */
  wall(): Date;
}

export const SYSTEM_CLOCK: Clock = { now: () => performance.now(), wall: () => new Date() };

/** A point in time on both clocks. */
export interface Moment {
  readonly now: number;
  readonly wall: Date;
}

export function moment(clock: Clock): Moment {
  return { now: clock.now(), wall: clock.wall() };
}

/** In [0, 1), as Math.random. */
export type Random = () => number;

/** How often leases are looked at: a lapsed one is noticed this late at most. */
export function sweepIntervalMs({ downAfterMs }: Timings): number {
  return Math.min(1000, Math.max(20, downAfterMs / 90));
}
