import { KILLS } from './rows/embedded-kill.js';
import { runRows } from './run-rows.js';

runRows('an embedded registry is killed', KILLS);
