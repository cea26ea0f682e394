// The folder a registry keeps its database in, and what can be wrong with it.
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, type RegctlError } from '../../errors.js';
import { EmbeddedStore } from './embedded.js';

const DATABASE = 'registry.db';

const FREE_SPACE = 'Free some space on that disk and start it again; nothing was changed.';

/** What the file system says of a folder that can hold no database. */
const NO_FOLDER: Record<string, string> = {
  EEXIST: 'is a file, not a folder',
  ENOTDIR: 'is below a file, not a folder',
  EROFS: 'is on a read-only file system',
  // What Node makes of EROFS and the like where it cannot make the folder.
  ENOENT: 'cannot be made there',
  EACCES: 'is not yours to write to',
  EPERM: 'is not yours to write to',
};

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** What an error at opening means to an operator; the database itself is never touched. */
function explain(error: unknown, dataDir: string, file: string): RegctlError {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const cannot = (why: string, next: string): RegctlError =>
    fail('CANNOT_SERVE', { what: 'The registry cannot start:', why, next }, error);

  if (NO_FOLDER[code] !== undefined) {
    return cannot(`${dataDir} ${NO_FOLDER[code]}.`, 'Give a folder you may write to with --data-dir.');
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return cannot(
      `another registry is using ${file}.`,
      'Stop the other `regctl serve`, or give this one its own --data-dir.',
    );
  }
  if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT')) {
    return cannot(
      `${file} is not an intact registry database (${message}). It was left as it is.`,
      `Restore it from a backup, or move ${file} away to start with an empty registry.`,
    );
  }
  if (code.startsWith('SQLITE_FULL') || code === 'ENOSPC' || code === 'EDQUOT') {
    return cannot(`the disk with ${dataDir} is full (${message}).`, FREE_SPACE);
  }
  if (code.startsWith('SQLITE_IOERR')) {
    return cannot(`${file} cannot be read or written (${message}).`, `Check the disk. ${FREE_SPACE}`);
  }
  if (message.includes('corrupted migrations')) {
    return cannot(
      `${file} was written by a newer version of regctl.`,
      'Start that version, or give this one its own --data-dir.',
    );
  }
  return cannot(
    `${file} cannot be opened (${message}).`,
    `Check that ${dataDir} is a folder you may write to, or give another with --data-dir.`,
  );
}

/**
 * Opens the registry database in `dataDir`, which is made (for its owner alone) where it does not exist.
 * Throws CANNOT_SERVE, naming the file, where it is in use, damaged, of a newer version, or cannot be written.
 */
export async function openDataDir(dataDir: string): Promise<EmbeddedStore> {
  const file = join(dataDir, DATABASE);
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    // Made here for its mode, which SQLite gives to the files beside it as well.
    await (await open(file, 'a', 0o600)).close();
    return await EmbeddedStore.open(file);
  } catch (error) {
    throw explain(error, dataDir, file);
  }
}
