import { PARTITIONS } from './rows/cluster-partitions.js';
import { runRows } from './run-rows.js';

runRows('replicas that are cut off', PARTITIONS);
