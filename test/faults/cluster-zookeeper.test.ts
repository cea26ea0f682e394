import { ZOOKEEPER_FAULTS } from './rows/cluster-zookeeper.js';
import { runRows } from './run-rows.js';

runRows('ZooKeeper', ZOOKEEPER_FAULTS);
