import { TIME } from './rows/embedded-time.js';
import { runRows } from './run-rows.js';

runRows('an embedded registry stands still, and its clock is set', TIME, { concurrent: true });
