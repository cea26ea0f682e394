import { RACES } from './rows/embedded-races.js';
import { runRows } from './run-rows.js';

runRows('callers of an embedded registry race', RACES);
