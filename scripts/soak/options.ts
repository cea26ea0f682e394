// `npm run soak -- --minutes N [--mode embedded|cluster] [--seed S]`
import { parseArgs } from 'node:util';

export interface Options {
  readonly minutes: number;
  readonly mode: 'embedded' | 'cluster';
  /** The same seed brings the same faults, at about the same times. */
  readonly seed: number;
}

export const USAGE = 'npm run soak -- --minutes N [--mode embedded|cluster] [--seed S]';
const LONGEST_MINUTES = 10_000;

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Throws UsageError. */
export function optionsOf(args: readonly string[], anySeed: number): Options {
  const values = valuesOf(args);
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= LONGEST_MINUTES)) throw new UsageError('--minutes is a number above 0.');
  const { mode = 'embedded' } = values;
  if (mode !== 'embedded' && mode !== 'cluster') throw new UsageError('--mode is embedded or cluster.');
  const seed = Number(values.seed ?? anySeed);
  if (!Number.isInteger(seed)) throw new UsageError('--seed is an integer.');
  return { minutes, mode, seed };
}

function valuesOf(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({ args: [...args], options: { minutes: text, mode: text, seed: text } }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
