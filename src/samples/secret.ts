import { randomBytes } from 'node:crypto';
import { link, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, RegctlError } from '../errors.js';
import { MIN_SECRET_BYTES } from '../secret.js';

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
    if (error instanceof RegctlError) throw error;
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

/** The secret in the folder, made where there is none; it is there whole or not at all. */
async function secretIn(folder: string): Promise<{ secret: string; file: string }> {
  const file = join(folder, 'jwt-secret');
  const made = randomBytes(32).toString('hex');
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, `${made}\n`, { mode: 0o600, flag: 'wx' });
    // Unlike a rename, a link replaces nothing: the first of two starts wins.
    await link(draft, file);
    return { secret: made, file };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return { secret: usable((await readFile(file, 'utf8')).trimEnd(), file), file };
  } finally {
    await rm(draft, { force: true });
  }
}

/** Throws where the file does not hold what was once made: it was cut off, or is somebody else's. */
function usable(secret: string, file: string): string {
  const bytes = Buffer.byteLength(secret);
  if (bytes >= MIN_SECRET_BYTES) return secret;
  throw fail('CANNOT_SERVE', {
    what: 'The sample services cannot start:',
    why: `${file}, the secret they sign with, ${bytes === 0 ? 'is empty' : `has ${bytes} bytes`}, and HS256 needs at least ${MIN_SECRET_BYTES}.`,
    next: `Remove ${file}: a new one is made with the next start.`,
  });
}
