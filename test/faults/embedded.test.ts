// The fault suite of the embedded registry: one process, SQLite.
import { KILLS } from './rows/embedded-kill.js';
import { runRows } from './run-rows.js';

runRows('embedded', [...KILLS]);
