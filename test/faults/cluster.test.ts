// The fault suite of replicas over real engines.
import { afterAll, beforeAll } from 'vitest';
import { startEngines, withoutEngines } from '../support/cluster.js';
import { missingPackages } from '../support/engines.js';
import { CLUSTER } from './rows/index.js';
import { runRows } from './run-rows.js';
import { Stage } from './stage.js';

let engines: Awaited<ReturnType<typeof startEngines>> | undefined;
beforeAll(async () => {
  if (!withoutEngines) engines = await startEngines();
});
afterAll(() => engines?.close());

runRows('cluster', CLUSTER, {
  stageOf: () => new Stage(engines),
  missing: missingPackages().map((name) => `the package ${name}`),
});
