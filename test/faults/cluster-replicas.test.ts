import { REPLICA_FAULTS } from './rows/cluster-replicas.js';
import { runRows } from './run-rows.js';

runRows('what happens to a replica', REPLICA_FAULTS);
