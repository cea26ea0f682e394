// The rows that keep a whole process busy with their traffic, in one of their own.
import { CROWD } from './rows/index.js';
import { runRows } from './run-rows.js';

runRows('crowds', CROWD);
