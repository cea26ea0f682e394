// Makes a test of every row; rows mostly wait, so several run side by side.
import { describe, test } from 'vitest';
import type { Fault } from './fault.js';
import { writeResult } from './results.js';
import { Stage } from './stage.js';

/** Minutes, on demand: more rounds of what is a matter of luck. */
export const LONG = process.env.FAULTS_LONG !== undefined;
const LIMIT_MS = 300_000;

export function runRows(
  title: string,
  rows: readonly Fault[],
  stageOf: () => Stage = () => new Stage(),
): void {
  const slowFirst = [...rows].sort((a, b) => Number(b.slow ?? false) - Number(a.slow ?? false));
  describe.concurrent(title, () => {
    for (const row of slowFirst) {
      const missing = process.env.CI === undefined ? row.missing?.() : undefined;
      const name = missing === undefined ? row.name : `${row.name} (not tried: ${missing})`;
      test.skipIf(missing !== undefined)(name, () => runRow(row, stageOf()), LIMIT_MS);
    }
  });
}

async function runRow({ name, mode, promise, run }: Fault, stage: Stage): Promise<void> {
  const began = performance.now();
  let seen: string | null = null;
  try {
    seen = await run(stage);
  } finally {
    const seconds = Math.round((performance.now() - began) / 1000);
    writeResult({ name, mode, promise, seen, seconds });
    await stage.end();
  }
}
