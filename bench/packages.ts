// Programs of Debian packages that benchmarks need.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { missingPackages } from '../test/support/engines.js';
import { Missing } from './benchmark.js';

/** Programs, and the packages they are in. */
const PACKAGES = { wrk: 'wrk', etcd: 'etcd-server' } as const;

/** Throws Missing, with the packages to install, where a program is not on the PATH, or an engine not installed. */
export function requirePrograms(
  programs: readonly (keyof typeof PACKAGES)[],
  { engines = false }: { engines?: boolean } = {},
): void {
  const missing: string[] = programs.filter((name) => !isOnPath(name)).map((name) => PACKAGES[name]);
  if (engines) missing.push(...missingPackages());
  if (missing.length > 0) throw new Missing(missing);
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
