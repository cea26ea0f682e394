#!/usr/bin/env node
// Runs src/ directly: `npm run dev -- list`.
import { run } from '../src/main.ts';

await run(import.meta.url, { development: true });
