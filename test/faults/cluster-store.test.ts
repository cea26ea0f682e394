import { STORE_FAULTS } from './rows/cluster-store.js';
import { runRows } from './run-rows.js';

runRows('PostgreSQL and Redis', STORE_FAULTS);
