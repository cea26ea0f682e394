// What bin/run.js loads: the bundle's main, and the code cache it starts with.
import { raiseWasmBudget } from '../undici/wasm-budget.js';
import { COMMAND_WORDS } from './build.js';
import { chunkLoader } from './chunks.js';
import { openCodeCache } from './code-cache.js';

raiseWasmBudget();
// A cache for each command: what another one compiled is of no use to it, and takes time to read.
const [, , word = ''] = process.argv;
const cache = openCodeCache(COMMAND_WORDS.includes(word) ? word : 'other', process.env);
const load = chunkLoader(__dirname, cache);
// Whatever ends the process, it has done its work by then.
process.once('exit', () => cache.save());

const { run } = load('main.cjs') as typeof import('../main.js');
void run();
