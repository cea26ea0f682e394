import { setFlagsFromString } from 'node:v8';

/**
 * undici parses HTTP in WebAssembly. V8 counts the code that a loop jumps back over, so with its own budget the parser is
 * hot after one answer, and optimising it takes 0.15 s of CPU, which the end of the process waits for, and 25 MiB, also in a
 * long answer. V8 keeps compiled code by its flags: this is said before any is read from a cache.
 */
export function raiseWasmBudget(): void {
  setFlagsFromString('--wasm-tiering-budget=2000000000');
}
