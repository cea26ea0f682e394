// Every row, in the order of the page that is made of them.
import type { Fault } from '../fault.js';
import { networkFaults } from './cluster-engines.js';
import { PARTITIONS } from './cluster-partitions.js';
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

export const ROWS: readonly Fault[] = [
  ...KILLS,
  ...TIME,
  ...RACES,
  ...WATCH,
  ...CROWD,
  ...DISK,
  ...REPLICA_FAULTS,
  ...PARTITIONS,
  ...CLUSTER_RACES,
  ...STORE_FAULTS,
  ...ZOOKEEPER_FAULTS,
  ...networkFaults('zookeeper'),
  ...networkFaults('postgres'),
  ...networkFaults('redis'),
];
