// Bad input, each row run as an operator would: what is told, in every format, and that nothing was changed.
import { describe, expect, it } from 'vitest';
import { CATALOGUE, type ErrorCode } from '../../src/errors.js';
import { answers } from './rows/answers.js';
import { commandLine } from './rows/command-line.js';
import { connection } from './rows/connection.js';
import { names } from './rows/names.js';
import { registration } from './rows/registration.js';
import { secrets } from './rows/secrets.js';
import { serve } from './rows/serve.js';
import { services } from './rows/services.js';
import { settings } from './rows/settings.js';
import { FORMATS, type Format } from './support/outcome.js';
import type { Row } from './support/row.js';
import { runRow } from './support/run-row.js';

const TABLES = { connection, answers, services, names, registration, settings, secrets, commandLine, serve };
const ROWS: Row[] = Object.values(TABLES).flat();

/** In hostile.test.ts these are met in all formats. */
const MET: readonly ErrorCode[] = [
  ...(['NOT_THE_API', 'SERVER_ERROR', 'CONNECTION_FAILED', 'REDIRECTED', 'TIMED_OUT'] as const),
  ...(['UNAUTHORIZED', 'FORBIDDEN', 'REGISTRY_REFUSED_INPUT', 'TLS_FAILED'] as const),
];

/** Of every other code the first line of the first row runs in all formats; all other lines in one each, in turn. */
const first = new Map(ROWS.toReversed().map((row) => [row.code, row]));
let turn = 0;
const formatsOf = (row: Row, index: number): readonly Format[] => {
  if (first.get(row.code) === row && index === 0 && !MET.includes(row.code)) return FORMATS;
  turn += 1;
  return FORMATS.slice(turn % FORMATS.length, (turn % FORMATS.length) + 1);
};

for (const [title, rows] of Object.entries(TABLES)) {
  describe.concurrent(title, () => {
    for (const row of rows) {
      for (const [index, line] of row.lines.entries()) {
        const shown = (typeof line === 'string' ? line : line.join(' ')).slice(0, 80);
        for (const format of formatsOf(row, index)) {
          it(`${row.name}: ${JSON.stringify(shown).slice(1, -1)} -o ${format}`, { timeout: 60_000 }, (test) =>
            runRow(row, line, format, test),
          );
        }
      }
    }
  });
}

it('has a row for every error an operator can run into', () => {
  // Tested elsewhere: answers beyond the limit in bulk.test.ts, prompts and signals with the commands.
  const elsewhere = ['ANSWER_TOO_LARGE', 'NO_SERVICES', 'OUTPUT_FAILED', 'INTERRUPTED', 'BUG'];
  const missing = Object.keys(CATALOGUE).filter((code) => !ROWS.some((row) => row.code === code));
  expect(missing.filter((code) => !elsewhere.includes(code))).toEqual([]);
});
