// The `.env` of the working folder: who else could read it.
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';

export interface EnvFile {
  path: string;
  /** File mode in octal, e.g. `644`; undefined where modes mean nothing (Windows). */
  mode: string | undefined;
  readableByOthers: boolean;
  holdsSecret: boolean;
  git: 'ignored' | 'not-ignored' | 'no-repository';
}

/** Examines `.env` in `folder`; undefined where there is none. Throws the file system's or git's error. */
export async function examineEnvFile(folder: string, signal: AbortSignal): Promise<EnvFile | undefined> {
  const path = join(folder, '.env');
  const found = await stat(path).catch(absent);
  if (found === undefined) return undefined;
  const secret = parseEnv(await readFile(path, 'utf8')).JWT_SECRET;
  const windows = found.mode === undefined || (found.mode & 0o777) === 0o666;
  return {
    path,
    mode: windows ? undefined : (found.mode & 0o777).toString(8),
    readableByOthers: !windows && (found.mode & 0o077) !== 0,
    holdsSecret: secret !== undefined && secret !== '',
    git: (await inRepository(folder)) ? await ignored(path, folder, signal) : 'no-repository',
  };
}

async function inRepository(folder: string): Promise<boolean> {
  if ((await stat(join(folder, '.git')).catch(absent)) !== undefined) return true;
  const parent = dirname(folder);
  return parent !== folder && inRepository(parent);
}

/** `git check-ignore`: 0 ignored, 1 not (a tracked file never is), anything else an error. */
function ignored(path: string, folder: string, signal: AbortSignal): Promise<'ignored' | 'not-ignored'> {
  return new Promise((resolve, reject) => {
    execFile('git', ['check-ignore', '--quiet', path], { cwd: folder, signal }, (error) => {
      if (error === null) resolve('ignored');
      else if (error.code === 1) resolve('not-ignored');
      else reject(error);
    });
  });
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
