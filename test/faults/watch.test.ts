import { WATCH } from './rows/embedded-watch.js';
import { runRows } from './run-rows.js';

runRows('a watch of an embedded registry is cut', WATCH);
