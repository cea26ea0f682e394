import { networkFaults } from './rows/cluster-engines.js';
import { runRows } from './run-rows.js';

runRows('the network to Redis', networkFaults('redis'));
