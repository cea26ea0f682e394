// Before the suite: the registry as it is in the sources, compiled once, so that a process of it starts in a second.
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Within the project, whose packages it needs. */
const OUT = join(ROOT, 'test/faults/compiled');

/** What processes.ts starts. */
export const COMPILED = join(OUT, 'test/faults/registry-process.js');

export default function setup(): void {
  rmSync(OUT, { recursive: true, force: true });
  try {
    execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', join(ROOT, 'test/faults')], { stdio: 'pipe' });
  } catch (error) {
    // Types are checked elsewhere; what could not be written is noticed here.
    if (!existsSync(COMPILED)) throw error;
  }
}
