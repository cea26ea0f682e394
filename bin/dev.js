#!/usr/bin/env node
// Runs src/ directly: `npm run dev -- list`.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from '../src/main.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const pjson = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
// A version of its own, so that oclif does not take the manifest, which points into dist/.
pjson.version += '-dev';
pjson.oclif.commands = './src/commands';
await run({ root, pjson });
