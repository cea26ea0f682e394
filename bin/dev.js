#!/usr/bin/env node
// Runs src/ directly: `npm run dev -- list`. Help is that of oclif.manifest.json, which may be older than the sources.
import('../src/main.ts').then(({ run }) => run());
