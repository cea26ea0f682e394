// Makes a test of every row.
import { describe, test } from 'vitest';
import { missingPackages } from '../support/engines.js';
import { enginesOfRun } from './engines-of-run.js';
import type { Fault } from './fault.js';
import { writeResult } from './results.js';
import { Stage } from './stage.js';

/** On demand: more rounds of what is a matter of luck. */
export const LONG = process.env.FAULTS_LONG !== undefined;
const LIMIT_MS = 300_000;

/** Rows of the cluster are skipped, named, where an engine is not installed; where `CI` is set they fail. */
export function runRows(title: string, rows: readonly Fault[], { concurrent = false } = {}): void {
  const missing = rows.some(({ mode }) => mode === 'cluster') ? missingPackages() : [];
  const skipped = missing.length > 0 && process.env.CI === undefined;
  const named = skipped ? `${title}, not tried without ${missing.join(', ')}` : title;
  describe.skipIf(skipped)(named, { concurrent }, () => {
    for (const row of rows) test(row.name, () => runRow(row), LIMIT_MS);
  });
}

async function runRow({ name, mode, promise, run }: Fault): Promise<void> {
  const stage = new Stage(enginesOfRun());
  const began = performance.now();
  let seen: string | null = null;
  try {
    const told = await run(stage);
    if (stage.crashes.length > 0) throw new Error('the registry crashed');
    seen = told;
  } catch (error) {
    if (stage.crashes.length === 0) throw error;
    throw new Error(`${String(error)}\n${stage.crashes.join('\n')}`, { cause: error });
  } finally {
    const seconds = Math.round((performance.now() - began) / 1000);
    writeResult({ name, mode, promise, seen, seconds });
    await stage.end();
  }
}
