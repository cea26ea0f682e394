#!/usr/bin/env node
// regctl of a checkout. The package has dist/start.cjs as its command: one file to load less, which is 2 ms.
require('../dist/start.cjs');
