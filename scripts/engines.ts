// `npm run engines`: ZooKeeper, PostgreSQL and Redis on free ports, until ctrl-C; their addresses as lines to export.
import { once } from 'node:events';
import { type EngineName, missingPackages, startEngine } from '../test/support/engines.js';

const VARIABLES: Record<EngineName, string> = {
  zookeeper: 'ZOOKEEPER',
  postgres: 'POSTGRES_URL',
  redis: 'REDIS_URL',
};

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort());

const missing = missingPackages();
if (missing.length > 0) {
  process.stderr.write(`Not installed: ${missing.join(', ')}. apt-get install ${missing.join(' ')}\n`);
  process.exit(1);
}

const names = Object.keys(VARIABLES) as EngineName[];
const starting = names.map((name) => startEngine(name));
try {
  const engines = await Promise.all(starting);
  names.forEach((name, i) => {
    process.stdout.write(`export ${VARIABLES[name]}=${engines[i]?.address}\n`);
  });
  process.stderr.write('They run until ctrl-C, and leave nothing behind.\n');
  const lost = engines.map(async ({ child }, i) => {
    await once(child, 'exit');
    if (interrupted.signal.aborted) return;
    process.exitCode = 1;
    process.stderr.write(`${names[i]} has ended by itself.\n`);
  });
  await Promise.race([aborted(interrupted.signal), ...lost]);
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
} finally {
  interrupted.abort();
  const started = await Promise.allSettled(starting);
  await Promise.all(started.map((each) => (each.status === 'fulfilled' ? each.value.close() : undefined)));
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return signal.aborted ? Promise.resolve() : once(signal, 'abort');
}
