// What an error of the embedded database means to an operator.
import { dirname } from 'node:path';
import { fail, type RegctlError } from '../../errors.js';

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

/** A row that cannot be read back; the rest of the database is intact. */
export class UnreadableRow extends Error {
  override readonly name = 'UnreadableRow';

  constructor(service: string, id: string, why: string) {
    super(`the row of ${JSON.stringify(`${service}/${id}`).slice(1, -1)}: ${why}`);
  }
}

/** Of Node, SQLite or PostgreSQL; empty where there is none. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** CANNOT_SERVE for an error at opening or reading `file`; the database itself is never touched. */
export function cannotUse(error: unknown, file: string): RegctlError {
  const code = codeOf(error);
  const folder = dirname(file);
  const message = error instanceof Error ? error.message : String(error);
  const cannot = (why: string, next: string): RegctlError =>
    fail('CANNOT_SERVE', { what: 'The registry cannot start:', why, next }, error);

  if (error instanceof UnreadableRow) {
    return cannot(
      `${file} holds what this version of regctl cannot read, ${message}. It was left as it is.`,
      `Start the version that wrote it, restore it from a backup, or move ${file} away to start with an empty registry.`,
    );
  }
  if (code === 'ERR_DLOPEN_FAILED') {
    return cannot(
      `SQLite cannot be loaded (${message}).`,
      'Set TMPDIR or XDG_CACHE_HOME to a folder of yours from which programs may be loaded, or install regctl anew where npm did.',
    );
  }
  if (NO_FOLDER[code] !== undefined) {
    return cannot(`${folder} ${NO_FOLDER[code]}.`, 'Give a folder you may write to with --data-dir.');
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
    return cannot(`the disk with ${folder} is full (${message}).`, FREE_SPACE);
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
    `Check that ${folder} is a folder you may write to, or give another with --data-dir.`,
  );
}
