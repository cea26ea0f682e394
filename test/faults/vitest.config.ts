import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest first, so that none of them runs on alone at the end. */
const ORDER = [
  ...['time', 'cluster-replicas', 'cluster-network-zookeeper', 'cluster-network-postgres'],
  ...['cluster-network-redis', 'cluster-store', 'cluster-partitions', 'cluster-races', 'cluster-zookeeper'],
  ...['disk', 'kill', 'crowd', 'races', 'watch', 'model'],
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      ORDER.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
    return [...files].sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/faults/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts', 'test/faults/compile.ts', 'test/faults/engines-of-run.ts'],
    sequence: { sequencer: LongestFirst },
    // Rows mostly wait, and judge by the clock: with more at once some fail on two slow cores. Each file has a process of its
    // own, so that the traffic of one does not hold up another's.
    maxWorkers: 5,
  },
});
