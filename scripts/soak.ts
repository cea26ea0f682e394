// `npm run soak -- --minutes N`: mixed load on real registries for so long, with random faults; every answer is judged.
// Exit code 0 where nothing was answered that must not be, 1 where something was, 2 for usage, 130 after ctrl-C.
import { readFile } from 'node:fs/promises';
import setup from '../test/faults/compile.js';
import { openCluster } from './soak/cluster.js';
import { openEmbedded } from './soak/embedded.js';
import { type Lap, runLap } from './soak/lap.js';
import { type Options, optionsOf, USAGE, UsageError } from './soak/options.js';
import { randomFrom } from './soak/random.js';
import { lapLine, type Memory, summary } from './soak/report.js';

const MINUTE_MS = 60_000;
const CTRL_C = 130;

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort());

try {
  const options = optionsOf(process.argv.slice(2), Math.floor(Math.random() * 2 ** 31));
  process.exitCode = await soak(options, interrupted.signal);
} catch (error) {
  const isUsage = error instanceof UsageError;
  process.exitCode = isUsage ? 2 : 1;
  const why = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${why}\n${isUsage ? `${USAGE}\n` : ''}`);
}

/** Runs to its end, and answers the exit code. */
async function soak({ minutes, mode, seed }: Options, interruption: AbortSignal): Promise<number> {
  await setup();
  const random = randomFrom(seed);
  const deployment = await (mode === 'embedded' ? openEmbedded() : openCluster());
  const began = performance.now();
  const over = AbortSignal.timeout(Math.ceil(minutes * MINUTE_MS));
  const signal = AbortSignal.any([over, interruption]);
  process.stdout.write(`${mode}, ${minutes} min, --seed ${seed}\n`);
  const laps: Lap[] = [];
  const before = await megabytes(deployment.pids);
  let memory: Memory = { start: before, end: before, most: before };
  try {
    do {
      const lap = await runLap(deployment, random, signal);
      laps.push(lap);
      const now = await megabytes(deployment.pids);
      memory = { ...memory, end: now, most: Math.max(memory.most, now) };
      process.stdout.write(`${lapLine(lap, laps.length, performance.now() - began, now)}\n`);
      for (const violation of lap.violations) process.stdout.write(`  ${violation}\n`);
    } while (!signal.aborted && laps.at(-1)?.isBroken === false);
  } finally {
    await deployment.close();
  }
  process.stdout.write(`\n${summary(laps, memory, seed)}`);
  if (laps.some(({ violations }) => violations.length > 0)) return 1;
  return interruption.aborted ? CTRL_C : 0;
}

/** Resident memory of all of them together (proc(5)). */
async function megabytes(pids: readonly number[]): Promise<number> {
  const kilobytes = await Promise.all(
    pids.map(async (pid) => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    }),
  );
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1024;
}
