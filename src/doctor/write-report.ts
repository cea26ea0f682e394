import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fail, RegctlError } from '../errors.js';

/** Writes a report whole or not at all: into a file beside it, then in its place. Throws USAGE where it cannot. */
export async function writeReport(path: string, text: string): Promise<void> {
  let draft: string | undefined;
  try {
    // A link stays, and what it leads to is replaced.
    const target = await realpath(path).catch(() => path);
    draft = join(dirname(target), `.regctl-${randomUUID()}.tmp`);
    await writeFile(draft, text, { flush: true });
    await rename(draft, target);
  } catch (error) {
    if (draft !== undefined) await rm(draft, { force: true });
    throw cannotWrite(path, codeOf(error), 'Check the folder, its permissions and the room on the disk.');
  }
}

/** Throws USAGE where reports could not be written; `folder` is where relative paths begin. */
export async function requireWritableReports(paths: readonly string[], folder: string): Promise<void> {
  const taken = new Map<string, string>();
  for (const path of paths) {
    const target = await targetOf(path, folder);
    const other = taken.get(target);
    if (other !== undefined)
      throw cannotWrite(path, `it is the file of another report, ${other}`, 'Give each report a file.');
    taken.set(target, path);
  }
}

/** The file that would be replaced. */
async function targetOf(path: string, from: string): Promise<string> {
  const inFolder = join(await folderOf(path, from), basename(path));
  const found = await stat(inFolder).catch(() => undefined);
  if (found?.isDirectory()) throw cannotWrite(path, 'it is a folder', 'Name a file in it.');
  // Also where stdout leads to a file: /dev/stdout would be replaced by one.
  const special = (found !== undefined && !found.isFile()) || /^\/(dev|proc)\//.test(inFolder);
  if (special || path === '-')
    throw cannotWrite(path, 'it is no file', 'Name a file; -o json writes the report to stdout.');
  return found === undefined ? inFolder : realpath(inFolder);
}

async function folderOf(path: string, from: string): Promise<string> {
  const next = 'Check the folder and its permissions.';
  try {
    const folder = await realpath(resolve(from, dirname(path)));
    if (!(await stat(folder)).isDirectory()) throw cannotWrite(path, `${folder} is no folder`, next);
    await access(folder, constants.W_OK | constants.X_OK);
    return folder;
  } catch (error) {
    if (error instanceof RegctlError) throw error;
    const code = codeOf(error);
    throw cannotWrite(path, code === 'ENOENT' ? `there is no folder ${dirname(path)}` : code, next);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function cannotWrite(path: string, why: string, next: string): RegctlError {
  return fail('USAGE', { what: `The report ${path} cannot be written:`, why: `${why}.`, next });
}
