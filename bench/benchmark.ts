// What a benchmark is, and the sums they share.

/** A row of the table; numbers are medians over the runs. */
export type Row = Record<string, string | number>;

export interface Benchmark {
  /** What is measured, against what, in a sentence or two. */
  about: string;
  /** Measures `runs` times each. */
  measure(runs: number): Promise<Row[]>;
}

/** The middle of an odd number of values, the lower of the two in the middle of an even one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.ceil(sorted.length / 2) - 1];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}
