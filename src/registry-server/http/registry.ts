// What the routes work on.
import type { ReadToken } from '../auth.js';
import type { Directory } from '../directory.js';
import type { HealthMonitor } from '../health-monitor.js';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { LoadMeter } from '../pacing.js';
import type { Replica } from '../replica.js';
import type { Clock, Random, Timings } from '../settings.js';
import type { Store } from '../store/store.js';
import type { Writer } from '../writer.js';
import type { KnownAddresses } from './known-addresses.js';

export interface Registry {
  readonly directory: Directory;
  readonly writer: Writer;
  readonly monitor: HealthMonitor;
  readonly timings: Timings;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: () => string;
  /** Tells this run of the registry from every other. */
  readonly run: string;
  /** Undefined where no token is asked for. */
  readonly readToken: ReadToken | undefined;
  readonly known: KnownAddresses;
  readonly audit: Store['audit'];
  readonly log: Log;
  readonly metrics: Metrics;
  /** How busy the registry is. */
  readonly load: LoadMeter;
  /** Changes are refused. */
  readonly readOnly: boolean;
  /** Of regctl. */
  readonly version: string;
  /** Undefined where the registry stands by itself. */
  readonly replica: Replica | undefined;
  /** What was registered has been read back. */
  loaded: boolean;
  /** It is about to end: a proxy should ask another replica. */
  leaving: boolean;
}
