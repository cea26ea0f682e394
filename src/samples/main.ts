// The process of one sample service: configuration from the environment, log on stdout, SIGTERM or SIGINT ends it.
import { lineLog, reason } from './log.js';
import { startService } from './service.js';
import { readSettings } from './settings.js';

const log = lineLog(
  process.env.SERVICE_NAME || 'service',
  (line) => process.stdout.write(line),
  () => new Date(),
);

const asked = new Promise<void>((resolve) => {
  // Nobody is left to end it where the process that started it is gone: the channel to it closes then.
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(event, () => resolve());
});

async function main(): Promise<void> {
  try {
    const service = await startService(readSettings(process.env, process.pid), log);
    process.send?.({ url: service.url, instanceId: service.instanceId });
    await asked;
    await service.stop();
  } catch (error) {
    log.error(`Failed to start: ${reason(error)}`);
    process.exitCode = 1;
  }
  process.exit();
}

void main();
