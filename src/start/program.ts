// What a process of regctl is: the command line, or one of the services that `regctl serve --samples` starts.
import { writeSync } from 'node:fs';
import { PROGRAM_VARIABLE, SAMPLE_PROGRAM } from '../samples/program.js';
import { raiseWasmBudget } from '../undici/wasm-budget.js';
import { COMMAND_WORDS } from './build.js';
import { VERSION_LINE } from './version-line.js';

const isSample = process.env[PROGRAM_VARIABLE] === SAMPLE_PROGRAM;

/** A code cache for each command: what another one compiled is of no use to it, and takes time to read. */
export function cacheName(): string {
  if (isSample) return SAMPLE_PROGRAM;
  const [, , word = ''] = process.argv;
  return COMMAND_WORDS.includes(word) ? word : 'other';
}

/** Command lines that send no request, and do without what only requests need. */
const WITHOUT_REQUESTS = ['context', 'mint-token', 'other'];

/** From Node 22 on, V8 waits for nothing at the end of a process. */
const WAITS_FOR_V8 = process.version.startsWith('v20.');

/** Says to V8 what has to be said before it reads a code cache. */
export function prepareV8(): void {
  if (WAITS_FOR_V8 && !WITHOUT_REQUESTS.includes(cacheName())) raiseWasmBudget();
}

/** Says so little without Node's stream, which takes a tenth of a start to make; false where that has to find out why not. */
function saidAtOnce(text: string): boolean {
  try {
    return writeSync(1, text) === text.length;
  } catch {
    return false;
  }
}

/** Runs the program of this process with a `require` for the chunks of the bundle. */
export function runProgram(load: (name: string) => unknown): void {
  if (isSample) {
    load('sample.cjs');
    return;
  }
  if (process.argv[2] === '--version' && saidAtOnce(`${VERSION_LINE}\n`)) return;
  const { run } = load('main.cjs') as typeof import('../main.js');
  void run();
}
