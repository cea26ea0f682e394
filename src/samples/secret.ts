import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '../errors.js';

export interface SampleSecret {
  secret: string;
  /** The file it is in, readable by its owner alone: for --secret-file. */
  file: string;
  /** Removes the file where it was made for this run alone. */
  remove(): Promise<void>;
}

/**
 * The JWT secret for samples where none is configured: the one in `folder`, made with the first run; without a folder
 * (a registry in memory) one that lasts for this run. Throws CANNOT_SERVE where it cannot be kept.
 */
export async function sampleSecret(folder: string | null): Promise<SampleSecret> {
  try {
    if (folder === null) {
      const own = await mkdtemp(join(tmpdir(), 'regctl-samples-'));
      return { ...(await secretIn(own)), remove: () => rm(own, { recursive: true, force: true }) };
    }
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return { ...(await secretIn(folder)), remove: async () => undefined };
  } catch (error) {
    throw fail(
      'CANNOT_SERVE',
      {
        what: 'The sample services cannot start:',
        why: `the secret they sign with cannot be kept in ${folder ?? tmpdir()} (${error instanceof Error ? error.message : String(error)}).`,
        next: 'Give a folder that can be written to with --data-dir, or a secret with JWT_SECRET or --secret-file.',
      },
      error,
    );
  }
}

async function secretIn(folder: string): Promise<{ secret: string; file: string }> {
  const file = join(folder, 'jwt-secret');
  const made = randomBytes(32).toString('hex');
  try {
    await writeFile(file, `${made}\n`, { mode: 0o600, flag: 'wx' });
    return { secret: made, file };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return { secret: (await readFile(file, 'utf8')).trimEnd(), file };
  }
}
