#!/usr/bin/env node
// CommonJS, as is what it loads: Node starts it 10 ms sooner than a module.
require('../dist/start.cjs');
