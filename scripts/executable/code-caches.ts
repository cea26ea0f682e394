// The code that V8 makes of the commands: taken from runs of the bundle, and checked in runs of the executable, since V8
// says nothing where it rejects a cache, and all that shows is that it takes longer.
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { runEveryCommand } from './commands.js';

const ROOT = new URL('../..', import.meta.url).pathname;
const WATCH = new URL('watch-scripts.cjs', import.meta.url).pathname;

/** What scripts/executable/watch-scripts.cjs notes. */
interface Loaded {
  chunk: string;
  cache: 'none' | 'accepted' | 'rejected';
  words: string[];
}

/** Runs every command of the bundle with a cache folder below `folder`; answers the files by command. */
export async function recordCodeCaches(folder: string): Promise<Map<string, string>> {
  // V8 keeps where a script was, for stack traces: not in the folders of whoever builds.
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await runEveryCommand([process.execPath, join(folder, 'dist', 'start.cjs')], { XDG_CACHE_HOME: folder });
  const base = join(folder, 'regctl');
  const [build, ...others] = readdirSync(base);
  assert(build !== undefined && others.length === 0);
  return new Map(readdirSync(join(base, build)).map((name) => [name, join(base, build, name)]));
}

/**
 * Runs every command of the executable; answers how many scripts V8 had the code of. Throws where it rejected one, and
 * where one came without, unless `without` names it.
 */
export async function checkCodeCaches(
  executable: string,
  folder: string,
  without: readonly string[],
): Promise<number> {
  const file = join(folder, 'scripts.ndjson');
  // The executable may want a file for its addon, and has to want no other.
  const cache = join(folder, 'cache');
  await runEveryCommand([executable], {
    NODE_OPTIONS: `--require ${JSON.stringify(WATCH)}`,
    SCRIPTS_FILE: file,
    XDG_CACHE_HOME: cache,
  });
  const loaded: Loaded[] = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const cold = loaded.filter(({ chunk, cache }) => cache !== 'accepted' && !without.includes(chunk));
  assert.deepEqual(cold, [], 'V8 takes the code of every script from its cache');
  const written = readdirSync(join(cache, 'regctl'));
  assert(written.every((name) => name.startsWith('addon-')));
  return loaded.length;
}
