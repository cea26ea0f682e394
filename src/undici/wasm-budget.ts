import { setFlagsFromString } from 'node:v8';

const FLAG = '--wasm-tiering-budget=';
/** Of V8 11.3, which all of Node 20 has. */
const USUAL = 1_800_000;
/** For more than 100,000 services. */
const LARGE = 2_000_000_000;

/**
 * Runs `compile`, which compiles undici's HTTP parser, a WebAssembly module, so that V8 does not optimise it later. With
 * the usual budget it is hot after one answer, which takes 0.15 s of CPU, and 25 MiB, and on Node 20 the end of the
 * process waits for it. A module keeps the budget it was compiled with. The flag is put back at once: code that was
 * cached under other flags, Node's own among it, is compiled again.
 */
export function withoutTiering<T>(compile: () => T): T {
  if (!process.version.startsWith('v20.')) return compile();
  setFlagsFromString(`${FLAG}${LARGE}`);
  try {
    return compile();
  } finally {
    setFlagsFromString(`${FLAG}${USUAL}`);
  }
}
