// Code in a folder of its own, and what the source checks say of it.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Survey, survey } from '../../../src/doctor/source/survey.js';

/** Examines files, given as path → text, as `--source` does. */
export async function examineFiles(files: Record<string, string | Buffer>): Promise<Survey> {
  const folder = await mkdtemp(join(tmpdir(), 'regctl-source-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    return await survey(folder, '', new AbortController().signal);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** All that was found: `CODE path:line`, in the order of the places. */
export function findingsOf({ rules, unread, waivers }: Survey): string[] {
  const found = [...rules.values()].flatMap((rule) => (rule.applies ? rule.findings : []));
  const all = [...unread, ...found.map(({ finding }) => finding), ...waivers];
  return all
    .map(({ code, location }) => `${code} ${location?.path}:${location?.line}`)
    .sort((a, b) => (a.replace(/^\S+ /, '') < b.replace(/^\S+ /, '') ? -1 : 1));
}
