// Answers beyond all measure: 104 MiB of JSON, and a few KiB that expand to 80 MiB. Neither fills the memory.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startHostile } from '../support/hostile-registry.js';
import { emptyFolder, runCli } from '../support/run-cli.js';
import { type Format, told } from './support/outcome.js';

const MIB = 1024 * 1024;
const LIMIT = 64 * MIB;
/** What the kernel holds between the two processes after the reader has hung up. */
const IN_FLIGHT = 24 * MIB;

const PEAK = fileURLToPath(new URL('support/peak.cjs', import.meta.url));

interface Case {
  line: string;
  format: Format;
  /** How many answers it takes in at once. */
  answers: number;
  /** Where the shape is all that is asked for. */
  limit?: number;
}

const CASES: Case[] = [
  { line: 'list --api config-service', format: 'json', answers: 1 },
  { line: 'list --api coordinator', format: 'table', answers: 1 },
  { line: 'describe asr-service --api config-service', format: 'yaml', answers: 3 },
  { line: 'discover asr-service --api config-service', format: 'name', answers: 1 },
  { line: 'register asr-service --port 8090 --api config-service', format: 'ndjson', answers: 1 },
  { line: 'list', format: 'wide', answers: 2, limit: MIB },
];

describe.for(['huge', 'gzip-bomb'] as const)('%s', (kind) => {
  it.for(CASES)('$line -o $format', { timeout: 60_000 }, async ({ line, format, answers, limit = LIMIT }) => {
    const hostile = await startHostile(kind);
    const folder = emptyFolder();
    const peakFile = join(folder, 'peak');
    try {
      const result = await runCli(
        [...line.split(' '), '--registry', hostile.url, '--timeout', '40s', '-o', format],
        { env: { NODE_OPTIONS: `--require ${PEAK}`, PEAK_FILE: peakFile } },
      );

      expect(told(result, format)).toMatchObject({
        exit: 3,
        message: expect.stringMatching(
          new RegExp(`^The answer of http://\\S+ is larger than ${limit / MIB} MiB: reading was stopped\\.$`),
        ),
        hint: expect.stringContaining('Check the URL'),
      });
      expect(hostile.bytesTaken()).toBeLessThan(answers * (limit + IN_FLIGHT));
      const peakBytes = Number(await readFile(peakFile, 'utf8')) * 1024;
      expect(peakBytes, 'it is what was measured').toBeGreaterThan(20 * MIB);
      expect(peakBytes).toBeLessThan(200 * MIB + 2 * answers * limit);
    } finally {
      await Promise.all([hostile.close(), rm(folder, { recursive: true, force: true })]);
    }
  });
});
