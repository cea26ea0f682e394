// Before the suite: the registry as it is in the sources, in one file, so that a process of it starts in half a second.
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Within the project, whose libsql it needs. */
const FOLDER = fileURLToPath(new URL('compiled', import.meta.url));

/** What processes.ts starts. */
export const COMPILED = `${FOLDER}/registry-process.js`;

export default async function setup(): Promise<void> {
  await build({
    cwd: ROOT,
    input: 'test/faults/registry-process.ts',
    platform: 'node',
    external: [/^libsql/, 'pg-native'],
    output: { dir: FOLDER, cleanDir: true, sourcemap: true },
    logLevel: 'warn',
  });
}
