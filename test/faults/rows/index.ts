// Every row, in the order of the page that is made of them.
import type { Fault } from '../fault.js';
import { ENGINE_FAULTS } from './cluster-engines.js';
import { CLUSTER_RACES } from './cluster-races.js';
import { REPLICA_FAULTS } from './cluster-replicas.js';
import { STORE_FAULTS } from './cluster-store.js';
import { ZOOKEEPER_FAULTS } from './cluster-zookeeper.js';
import { CROWD } from './embedded-crowd.js';
import { DISK } from './embedded-disk.js';
import { KILLS } from './embedded-kill.js';
import { RACES } from './embedded-races.js';
import { TIME } from './embedded-time.js';
import { WATCH } from './embedded-watch.js';

export const EMBEDDED: readonly Fault[] = [...KILLS, ...TIME, ...RACES, ...WATCH, ...DISK];
export { CROWD };
export const CLUSTER: readonly Fault[] = [
  ...REPLICA_FAULTS,
  ...CLUSTER_RACES,
  ...ZOOKEEPER_FAULTS,
  ...STORE_FAULTS,
  ...ENGINE_FAULTS,
];
export const ROWS: readonly Fault[] = [...EMBEDDED, ...CROWD, ...CLUSTER];
