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

/** Throws with what is wrong. */
export function optionsOf(args: readonly string[], anySeed: number): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string' },
      mode: { type: 'string', default: 'embedded' },
      seed: { type: 'string', default: String(anySeed) },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= LONGEST_MINUTES)) throw new Error('--minutes is a number above 0.');
  const { mode } = values;
  if (mode !== 'embedded' && mode !== 'cluster') throw new Error('--mode is embedded or cluster.');
  const seed = Number(values.seed);
  if (!Number.isInteger(seed)) throw new Error('--seed is an integer.');
  return { minutes, mode, seed };
}
