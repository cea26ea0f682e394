// `npm run bench [-- NAME] [--runs N] [--short]`: measures against real processes, and prints a table with the machine it
// is of. A benchmark is a file beside this one and a line in BENCHMARKS; what its rows are held to is in committed.json.
import { availableParallelism, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { type Benchmark, type Form, Missing, type Row } from './benchmark.js';
import { cluster } from './cluster.js';
import { doctorAll } from './doctor-all.js';
import { Goals } from './goals.js';
import { heartbeats } from './heartbeats.js';
import { lists } from './lists.js';
import { memory } from './memory.js';
import { reads } from './reads.js';
import { registrations } from './registrations.js';
import { startup } from './startup.js';
import { watch } from './watch.js';

const BENCHMARKS: Record<string, Benchmark> = {
  startup,
  lists,
  'doctor-all': doctorAll,
  reads,
  registrations,
  heartbeats,
  memory,
  cluster,
  watch,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string' }, short: { type: 'boolean', default: false } },
});
const form: Form = values.short ? 'short' : 'long';
const unknown = positionals.find((name) => !(name in BENCHMARKS));
const runs = Number(values.runs ?? (values.short ? 1 : 3));
if (unknown !== undefined || !Number.isInteger(runs) || runs < 1) {
  process.stderr.write(
    `npm run bench [-- NAME] [--runs N] [--short], where NAME is ${Object.keys(BENCHMARKS)}\n`,
  );
  process.exit(2);
}

const installed = `${Math.round(totalmem() / 2 ** 30)} GiB`;
process.stdout.write(
  `Node ${process.versions.node}, ${process.platform}-${process.arch}, ${availableParallelism()} cores, ${installed}; medians of ${runs}\n`,
);
const goals = new Goals();
const losses: string[] = [];
const notRun: string[] = [];
// What is started goes with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  process.stdout.write(`\n${name}: ${benchmark.about}\n\n`);
  const began = performance.now();
  try {
    losses.push(...(await measured(name, benchmark)));
    process.stdout.write(`\nTook ${((performance.now() - began) / 1000).toFixed(0)} s.\n`);
  } catch (error) {
    // The others are measured all the same.
    if (!(error instanceof Missing)) process.exitCode = 1;
    const why = error instanceof Missing ? error.message : `it failed: ${(error as Error).stack}`;
    process.stdout.write(`Not run: ${why}\n`);
    notRun.push(`${name} (${why.split('\n')[0]})`);
  }
}
if (notRun.length > 0) process.stdout.write(`\nNot run: ${notRun.join(', ')}\n`);
for (const loss of losses) process.stdout.write(`\nWorse than twice: ${loss}\n`);
if (losses.length > 0) process.exitCode = 1;

/** Prints what was measured; answers the gross losses, in the short form, which another measurement has to confirm. */
async function measured(name: string, { measure }: Benchmark): Promise<string[]> {
  const rows = await measure(runs, form);
  process.stdout.write(`${markdown(goals.beside(name, rows))}\n`);
  if (form === 'long' || goals.losses(name, rows).length === 0) return [];
  const again = await measure(runs, form);
  process.stdout.write(`\nAgain, as that is a loss:\n\n${markdown(goals.beside(name, again))}\n`);
  return goals.losses(name, again);
}

/** The rows as a Markdown table, to be pasted into docs/performance.md. */
function markdown(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = [columns, columns.map(() => '---'), ...rows.map((row) => columns.map((name) => row[name]))];
  return cells.map((line) => `| ${line.join(' | ')} |`).join('\n');
}
