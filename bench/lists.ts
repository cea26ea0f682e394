// What a long list costs, against a bare Node program that holds it whole.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Form, Row } from './benchmark.js';
import { startCatalog } from './catalog.js';
import { REGCTL } from './measured.js';
import { compare, peakMiB } from './processes.js';

const BARE = fileURLToPath(new URL('bare/list-json.cjs', import.meta.url));
const SERVICES: Record<Form, number> = { long: 100_000, short: 10_000 };

export const lists: Benchmark = {
  about:
    'The whole catalog into a pipe, one service a row, against a bare Node program: GET, JSON.parse, JSON.stringify. ' +
    'Whole processes, by turns; peak is the most memory that was ever resident.',
  async measure(runs, form) {
    const services = SERVICES[form];
    const folder = await mkdtemp(join(tmpdir(), 'regctl-bench-'));
    const catalog = await startCatalog(services);
    try {
      const env = { HOME: folder, CONFIG_SERVICE_URL: catalog.url };
      const bare = { command: [process.execPath, BARE, catalog.url] as const, env };
      const bareMiB = await peakMiB(bare);
      const rows: Row[] = [];
      for (const output of ['json', 'ndjson', 'table']) {
        const program = { command: [process.execPath, REGCTL, 'list', '-o', output] as const, env };
        const [ms = Number.NaN, bareMs = Number.NaN] = await compare([program, bare], runs);
        const peak = await peakMiB(program);
        rows.push({
          what: `-o ${output}`,
          services,
          s: (ms / 1000).toFixed(2),
          'bare s': (bareMs / 1000).toFixed(2),
          ratio: (ms / bareMs).toFixed(2),
          'peak MiB': peak.toFixed(0),
          'bare MiB': bareMiB.toFixed(0),
          'peak ratio': (peak / bareMiB).toFixed(2),
        });
      }
      return rows;
    } finally {
      catalog.close();
      await rm(folder, { recursive: true });
    }
  },
};
