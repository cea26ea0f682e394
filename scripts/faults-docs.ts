// Writes docs/faults.md: the rows of the fault suite, what was promised, and what was seen when they last ran
// (`npm run test:faults`). `--check` writes nothing and fails where the page is not what it would write.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Fault } from '../test/faults/fault.js';
import { readResults } from '../test/faults/results.js';
import { ROWS } from '../test/faults/rows/index.js';

const PAGE = fileURLToPath(new URL('../docs/faults.md', import.meta.url));

const TITLES: Readonly<Record<Fault['mode'], string>> = {
  embedded: 'Embedded: one process, SQLite',
  cluster: 'Cluster: replicas over ZooKeeper, PostgreSQL and Redis',
};

const INTRODUCTION = `# What was done to the registry, and what came of it

Made by \`npm run faults:docs\` of the results of \`npm run test:faults\`; \`FAULTS_LONG=1\` makes more rounds of what is a matter of luck.

Every row plays against real processes, over real engines, with a TCP proxy before each of them. Instances that beat, registrations, moves, deregistrations, reads and a watcher go on before and during the fault: a row without that traffic, or whose fault was not really there, fails. Every request is written down with its answer, and all of it is judged by a [model](../test/faults/model.ts):

- what was acknowledged is there, what was deregistered is not, and what was answered "nothing was changed" is so;
- what beats, at whichever replica, is never answered as down or missing;
- what crashed is not handed out once its lease is over, less the time in which the registry stood still or could not know;
- a replica that does not know what another acknowledged says so;
- revisions never go back in a watch, and in the end all registries and all watchers know the same.
`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

function page(rows: readonly Fault[]): string {
  const results = readResults();
  const former = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
  const lineOf = ({ name, promise }: Fault): string => {
    const seen = results.get(name)?.seen ?? undefined;
    const begin = `| ${cell(name)} | ${cell(promise)} | `;
    // A row that was not run this time: as it was seen before.
    const before = former.split('\n').find((line) => line.startsWith(begin));
    return seen === undefined ? (before ?? `${begin}not run yet |`) : `${begin}${cell(seen)} |`;
  };
  const parts = (Object.keys(TITLES) as Fault['mode'][]).map((mode) => {
    const lines = rows.filter((row) => row.mode === mode).map(lineOf);
    return [`## ${TITLES[mode]}`, '', '| Fault | Promised | Seen |', '| --- | --- | --- |', ...lines].join(
      '\n',
    );
  });
  return `${INTRODUCTION}\n${parts.join('\n\n')}\n`;
}

const text = page(ROWS);
const stands = existsSync(PAGE) && readFileSync(PAGE, 'utf8') === text;
if (!process.argv.includes('--check')) {
  writeFileSync(PAGE, text);
  process.stdout.write(stands ? 'Nothing changed.\n' : 'Written: docs/faults.md\n');
} else if (!stands || text.includes('| not run yet |')) {
  process.stderr.write(
    'docs/faults.md is not what the suite saw. Run `npm run test:faults`, then `npm run faults:docs`, and commit the result.\n',
  );
  process.exitCode = 1;
}
