// What the directory is made of, for those who work on it.
import type { Catalog } from './catalog.js';
import type { CheckQueue } from './check-queue.js';
import type { ExpiryGuard } from './expiry-guard.js';
import type { LeaseClock } from './lease-clock.js';
import type { LeaseSweep } from './lease-sweep.js';
import type { Observation } from './observation.js';
import type { Random, Timings } from './settings.js';
import type { Unrecorded } from './unrecorded.js';

export interface Parts {
  readonly catalog: Catalog;
  readonly timings: Timings;
  readonly random: Random;
  readonly leaseClock: LeaseClock;
  readonly guard: ExpiryGuard;
  readonly sweep: LeaseSweep;
  readonly checks: CheckQueue;
  readonly unrecorded: Unrecorded;
  readonly tell: (observation: Observation) => void;
}
