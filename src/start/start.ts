#!/usr/bin/env node
// What the package installs as regctl: the files of the bundle, and the code cache they start with.
import { readFileSync } from 'node:fs';
import { chunkLoader } from './chunks.js';
import { openCodeCache } from './code-cache.js';
import { cacheName, runProgram } from './program.js';

type Load = (name: string) => unknown;

/** Made for the first chunk: `--version` needs none, and no code cache. */
let load: Load | undefined;
runProgram((name) => {
  load ??= openChunks();
  return load(name);
});

function openChunks(): Load {
  // What a test run covers is counted in files that Node itself loads.
  if (process.env.NODE_V8_COVERAGE) return (name) => require(`./${name}`);
  const cache = openCodeCache(cacheName(), process.env);
  // Whatever ends the process, it has done its work by then.
  process.once('exit', () => cache.save());
  const read = (name: string) => readFileSync(`${__dirname}/${name}`, 'utf8');
  return chunkLoader({ folder: __dirname, read, require }, cache);
}
