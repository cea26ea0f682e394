import { CLUSTER_RACES } from './rows/cluster-races.js';
import { runRows } from './run-rows.js';

runRows('callers race at several replicas', CLUSTER_RACES);
