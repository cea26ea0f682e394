// Loads the files of the bundle, each with the code that V8 made of it in an earlier run.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import type { CodeCache } from './code-cache.js';

interface Module {
  exports: unknown;
}

const PARAMETERS = 'exports, require, module, __filename, __dirname';

/** A `require` for the chunks of `folder` by their file names. */
export function chunkLoader(folder: string, cache: CodeCache): (name: string) => unknown {
  const loaded = new Map<string, Module>();
  const load = (name: string): unknown => {
    const before = loaded.get(name);
    if (before !== undefined) return before.exports;
    const filename = join(folder, name);
    const module: Module = { exports: {} };
    // Chunks may need each other in a circle, as CommonJS lets them.
    loaded.set(name, module);
    const source = `(function(${PARAMETERS}){${readFileSync(filename, 'latin1')}\n})`;
    const cachedData = cache.get(name);
    const script = new Script(source, { filename, ...(cachedData === undefined ? {} : { cachedData }) });
    // V8 itself looks whether it is of the same source, version and flags.
    if (cachedData === undefined || script.cachedDataRejected) cache.add(name, script);
    const requireHere = (id: string) =>
      id.startsWith('./') ? load(id.slice(2)) : (process.getBuiltinModule(id) ?? require(id));
    script.runInThisContext().call(module.exports, module.exports, requireHere, module, filename, folder);
    return module.exports;
  };
  return load;
}
