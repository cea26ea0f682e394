// What a benchmark is, and the sums they share.

/** A row of the table; numbers are medians over the runs. `what` names it where it has a goal (committed.json). */
export type Row = Record<string, string | number>;

/** How much is measured: everything, or what says within seconds whether something has gone badly wrong. */
export type Form = 'long' | 'short';

export interface Benchmark {
  /** What is measured, against what, in a sentence or two. */
  about: string;
  /** Measures `runs` times each. Throws Missing where it cannot be run here. */
  measure(runs: number, form: Form): Promise<Row[]>;
}

/** The benchmark needs Debian packages that are not installed. */
export class Missing extends Error {
  override readonly name = 'Missing';

  constructor(packages: readonly string[]) {
    super(`Debian packages are missing: apt-get install ${packages.join(' ')}`);
  }
}

/** The middle of an odd number of values, the lower of the two in the middle of an even one. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The smallest value that so large a share of the values, in (0, 1], is not above. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.ceil(sorted.length * share) - 1];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}

/**
 * Measures the sides by turns (A B A B), so that what else the machine does falls on both, and answers the median of
 * each. Before that, all at once warm up, which counts for nothing.
 */
export async function byTurns<Side extends string>(
  runs: number,
  sides: Readonly<Record<Side, () => Promise<number>>>,
): Promise<Record<Side, number>> {
  const names = Object.keys(sides) as Side[];
  const measured = new Map(names.map((name) => [name, [] as number[]]));
  await Promise.all(names.map((name) => sides[name]()));
  for (let turn = 0; turn < runs; turn += 1) {
    for (const name of names) measured.get(name)?.push(await sides[name]());
  }
  return Object.fromEntries([...measured].map(([name, values]) => [name, median(values)])) as Record<
    Side,
    number
  >;
}
