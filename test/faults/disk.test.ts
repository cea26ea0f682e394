import { DISK } from './rows/embedded-disk.js';
import { runRows } from './run-rows.js';

runRows('the disk of an embedded registry', DISK);
