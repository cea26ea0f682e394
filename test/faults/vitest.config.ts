import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/faults/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts', 'test/faults/compile.ts'],
    hookTimeout: 60_000,
    // The embedded rows and those of the cluster, beside each other; rows mostly wait.
    maxWorkers: 2,
    maxConcurrency: 4,
  },
});
