// The fault suite of replicas over real engines.
import { afterAll, beforeAll } from 'vitest';
import { startEngines, withoutEngines } from '../support/cluster.js';
import { missingPackages } from '../support/engines.js';
import { ENGINE_FAULTS } from './rows/cluster-engines.js';
import { CLUSTER_RACES } from './rows/cluster-races.js';
import { REPLICA_FAULTS } from './rows/cluster-replicas.js';
import { STORE_FAULTS } from './rows/cluster-store.js';
import { ZOOKEEPER_FAULTS } from './rows/cluster-zookeeper.js';
import { runRows } from './run-rows.js';
import { Stage } from './stage.js';

let engines: Awaited<ReturnType<typeof startEngines>> | undefined;
beforeAll(async () => {
  if (!withoutEngines) engines = await startEngines();
});
afterAll(() => engines?.close());

const rows = [...ZOOKEEPER_FAULTS, ...STORE_FAULTS, ...REPLICA_FAULTS, ...CLUSTER_RACES, ...ENGINE_FAULTS];
runRows('cluster', rows, {
  stageOf: () => new Stage(engines),
  missing: missingPackages().map((name) => `the package ${name}`),
});
