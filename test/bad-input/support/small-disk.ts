// A disk that can be filled and freed: a small tmpfs where this user may mount one, else a limit on what the process may
// write, which fails the same writes.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  /** From now on the process can write nothing more. */
  fill(pid: number): void;
  free(pid: number): void;
  remove(): void;
}

const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'pipe' });

/** Mounts a tmpfs of `size` (`4m`), or one that is read-only; undefined where this user may not mount. */
export function mountTmpfs(options: string): { folder: string; remove(): void } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'regctl-disk-'));
  try {
    run('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', folder);
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  const remove = () => {
    run('umount', '--lazy', folder);
    rmSync(folder, { recursive: true });
  };
  return { folder, remove };
}

export function smallDisk(): SmallDisk {
  const mounted = mountTmpfs('size=4m');
  return mounted === undefined ? limitedWrites() : { ...mounted, ...filler(mounted.folder) };
}

function filler(folder: string): Pick<SmallDisk, 'fill' | 'free'> {
  const file = join(folder, 'filler');
  return {
    fill() {
      const handle = openSync(file, 'w');
      try {
        for (;;) writeSync(handle, Buffer.alloc(4096));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      } finally {
        closeSync(handle);
      }
    },
    free: () => rmSync(file),
  };
}

/** RLIMIT_FSIZE of the process, at the size its largest file has (getrlimit(2)). */
function limitedWrites(): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'regctl-disk-'));
  const largest = () =>
    Math.max(
      ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
        (name) => statSync(join(folder, name)).size,
      ),
    );
  return {
    folder,
    fill: (pid) => run('prlimit', `--pid=${pid}`, `--fsize=${largest()}:`),
    free: (pid) => run('prlimit', `--pid=${pid}`, '--fsize=unlimited:'),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
