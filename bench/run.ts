// `npm run bench [-- NAME] [--runs N]`: measures against real processes, and prints a table with the machine it is of.
// A benchmark is a file beside this one and a line in BENCHMARKS.
import { availableParallelism, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { Benchmark, Row } from './benchmark.js';
import { doctorAll } from './doctor-all.js';
import { startup } from './startup.js';

const BENCHMARKS: Record<string, Benchmark> = { startup, 'doctor-all': doctorAll };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '3' } },
});
const unknown = positionals.find((name) => !(name in BENCHMARKS));
const runs = Number(values.runs);
if (unknown !== undefined || !Number.isInteger(runs) || runs < 1) {
  process.stderr.write(`npm run bench [-- NAME] [--runs N], where NAME is ${Object.keys(BENCHMARKS)}\n`);
  process.exit(2);
}

const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
process.stdout.write(
  `Node ${process.versions.node}, ${process.platform}-${process.arch}, ${availableParallelism()} cores, ${memory}; medians of ${runs}\n`,
);
for (const [name, { about, measure }] of Object.entries(BENCHMARKS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  process.stdout.write(`\n${name}: ${about}\n\n${markdown(await measure(runs))}\n`);
}

/** The rows as a Markdown table, to be pasted into docs/performance.md. */
function markdown(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = [columns, columns.map(() => '---'), ...rows.map((row) => columns.map((name) => row[name]))];
  return cells.map((line) => `| ${line.join(' | ')} |`).join('\n');
}
