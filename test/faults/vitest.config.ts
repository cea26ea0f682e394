import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/faults/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts', 'test/faults/compile.ts', 'test/faults/engines-of-run.ts'],
    // Rows mostly wait; each file has a process of its own, so that the traffic of one does not hold up another's.
    maxWorkers: 4,
  },
});
