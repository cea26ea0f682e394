// What bin/run.js loads: the files of the bundle, and the code cache they start with.
import { readFileSync } from 'node:fs';
import { chunkLoader } from './chunks.js';
import { openCodeCache } from './code-cache.js';
import { cacheName, runProgram } from './program.js';

const cache = openCodeCache(cacheName(), process.env);
// Whatever ends the process, it has done its work by then.
process.once('exit', () => cache.save());

const read = (name: string) => readFileSync(`${__dirname}/${name}`, 'utf8');
// What a test run covers is counted in files that Node itself loads.
const load = process.env.NODE_V8_COVERAGE
  ? (name: string): unknown => require(`./${name}`)
  : chunkLoader({ folder: __dirname, read, require }, cache);
runProgram(load);
