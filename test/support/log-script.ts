// What log-sink.test.ts starts: logs so many lines to stderr, a turn of the event loop each, then ends.
import { setImmediate as turn } from 'node:timers/promises';
import { openLog } from '../../src/registry-server/log-sink.js';

// As in the command: what is read late is noticed here, too.
process.stderr.on('error', () => undefined);
const log = await openLog(2, 64 * 1024);
for (let i = 0; i < Number(process.argv[2]); i += 1) {
  log.write(`${'x'.repeat(999)}\n`);
  await turn();
}
await log.close();
process.exit();
