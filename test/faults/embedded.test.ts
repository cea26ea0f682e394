// The fault suite of the embedded registry: one process, SQLite.
import { EMBEDDED } from './rows/index.js';
import { runRows } from './run-rows.js';

runRows('embedded', EMBEDDED);
