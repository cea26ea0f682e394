// Makes a test of every row; rows mostly wait, so several run side by side.
import { describe, test } from 'vitest';
import type { Fault } from './fault.js';
import { writeResult } from './results.js';
import { Stage } from './stage.js';

/** Minutes, on demand: more rounds of what is a matter of luck. */
export const LONG = process.env.FAULTS_LONG !== undefined;
const LIMIT_MS = 300_000;

interface How {
  readonly stageOf: () => Stage;
  /** What these rows need and this machine has not: named, and skipped. Where `CI` is set they are tried, and fail. */
  readonly missing: readonly string[];
}

export function runRows(
  title: string,
  rows: readonly Fault[],
  { stageOf, missing }: How = { stageOf: () => new Stage(), missing: [] },
): void {
  const slowFirst = [...rows].sort((a, b) => Number(b.slow ?? false) - Number(a.slow ?? false));
  const skipped = missing.length > 0 && process.env.CI === undefined;
  const named = skipped ? `${title}, not tried without ${missing.join(', ')}` : title;
  describe.skipIf(skipped)(named, { concurrent: true }, () => {
    for (const row of slowFirst) test(row.name, () => runRow(row, stageOf()), LIMIT_MS);
  });
}

async function runRow({ name, mode, promise, run }: Fault, stage: Stage): Promise<void> {
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
