// Loads the chunks of the bundle, each with the code that V8 made of it in an earlier run.
import { Script } from 'node:vm';
import type { CodeCache } from './code-cache.js';

/** Where chunks come from. */
export interface Chunks {
  /** Their place, as they and stack traces see it. */
  folder: string;
  /** The source of one of them, which is ASCII. */
  read(name: string): string;
  /** A module that is neither a chunk nor Node's own. */
  require(id: string): unknown;
}

interface Module {
  exports: unknown;
}

const PARAMETERS = 'exports, require, module, __filename, __dirname';

/** A `require` for chunks by their file names. */
export function chunkLoader(chunks: Chunks, cache: CodeCache): (name: string) => unknown {
  const loaded = new Map<string, Module>();
  const load = (name: string): unknown => {
    const before = loaded.get(name);
    if (before !== undefined) return before.exports;
    const filename = `${chunks.folder}/${name}`;
    const module: Module = { exports: {} };
    // Chunks may need each other in a circle, as CommonJS lets them.
    loaded.set(name, module);
    const source = `(function(${PARAMETERS}){${chunks.read(name)}\n})`;
    const cachedData = cache.get(name);
    const script = new Script(source, { filename, ...(cachedData === undefined ? {} : { cachedData }) });
    // V8 itself looks whether it is of the same source, version and flags.
    if (cachedData === undefined || script.cachedDataRejected) cache.add(name, script);
    const requireHere = (id: string) =>
      id.startsWith('./') ? load(id.slice(2)) : (process.getBuiltinModule(id) ?? chunks.require(id));
    const wrapped = script.runInThisContext();
    wrapped.call(module.exports, module.exports, requireHere, module, filename, chunks.folder);
    return module.exports;
  };
  return load;
}
