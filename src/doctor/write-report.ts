import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { fail } from '../errors.js';

/** Writes a report whole or not at all: into a file beside it, then in its place. Throws USAGE where it cannot. */
export async function writeReport(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(draft, text);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw fail('USAGE', {
      what: `The report ${path} cannot be written:`,
      why: `${why}.`,
      next: 'Check the folder, its permissions and the room on the disk.',
    });
  }
}
