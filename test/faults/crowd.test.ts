import { CROWD } from './rows/embedded-crowd.js';
import { runRows } from './run-rows.js';

runRows('crowds', CROWD);
