// The fault suite of replicas over real engines.
import { afterAll, beforeAll } from 'vitest';
import { startEngines } from '../support/cluster.js';
import { ENGINE_FAULTS } from './rows/cluster-engines.js';
import { runRows } from './run-rows.js';
import { Stage } from './stage.js';

let engines: Awaited<ReturnType<typeof startEngines>> | undefined;
beforeAll(async () => {
  engines = await startEngines();
});
afterAll(() => engines?.close());

runRows('cluster', [...ENGINE_FAULTS], () => new Stage(engines));
