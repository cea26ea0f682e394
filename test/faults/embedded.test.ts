// The fault suite of the embedded registry: one process, SQLite.
import { DISK } from './rows/embedded-disk.js';
import { KILLS } from './rows/embedded-kill.js';
import { RACES } from './rows/embedded-races.js';
import { TIME } from './rows/embedded-time.js';
import { WATCH } from './rows/embedded-watch.js';
import { runRows } from './run-rows.js';

runRows('embedded', [...KILLS, ...TIME, ...RACES, ...WATCH, ...DISK]);
