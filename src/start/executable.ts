// The main script of the single executable that scripts/executable.ts makes: what start.ts reads from files is inside it.
import { join } from 'node:path';
import { getRawAsset } from 'node:sea';
import { loadAddon } from './addon.js';
import { chunkLoader } from './chunks.js';
import { type CodeCache, chunksOf } from './code-cache.js';
import { cacheName, runProgram } from './program.js';

// What scripts/executable.ts writes in its place: what libsql requires the addon as, and a hash of it.
declare const REGCTL_ADDON: { module: string; hash: string };

// Below a file there is nothing: who looks for more beside the chunks finds none of somebody else's.
const folder = join(process.execPath, 'dist');
const read = (name: string) => asset(`dist/${name}`).toString('latin1');
const load = chunkLoader({ folder, read, require: outside }, carriedCodeCache(cacheName()));
runProgram(load);

/** The memory it is mapped to, not a copy: to be read alone. */
function asset(name: string): Buffer {
  return Buffer.from(getRawAsset(name) as ArrayBuffer);
}

/** What the finished commands compiled when the executable was built. Nothing is added to it, nor written. */
function carriedCodeCache(name: string): CodeCache {
  const own = chunksOf(asset(`code-cache/${name}`));
  let shared: Map<string, Buffer> | undefined;
  const other = () => {
    shared ??= chunksOf(asset('code-cache/other'));
    return shared;
  };
  return {
    // Help is the same for every command.
    get: (chunk) => own.get(chunk) ?? other().get(chunk),
    add: () => undefined,
    save: () => undefined,
  };
}

/** The packages that the bundle leaves outside. */
function outside(id: string): unknown {
  if (id === 'libsql/promise') return load('libsql.cjs');
  if (id === REGCTL_ADDON.module)
    return loadAddon({ bytes: asset('addon'), hash: REGCTL_ADDON.hash }, process.env);
  throw Object.assign(new Error(`Cannot find module '${id}'`), { code: 'MODULE_NOT_FOUND' });
}
