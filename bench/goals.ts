// What the rows are held to: what is aimed at, and what was reached when it was last written down.
import { readFileSync } from 'node:fs';
import type { Row } from './benchmark.js';

/** Of one row. Its key in committed.json is the name of the benchmark, and the `what` of the row. */
export interface Goal {
  /** Where in the row the number stands. */
  readonly column: string;
  readonly reach: number;
  readonly bigger: 'is better' | 'is worse';
  /** Left out where the number says more of the machine than of the code. */
  readonly committed?: number;
}

/** So many times worse than committed is a loss that no noise of a machine explains. */
const GROSS = 2;

export class Goals {
  readonly #goals = new Map(
    Object.entries(
      JSON.parse(readFileSync(new URL('committed.json', import.meta.url), 'utf8')) as Record<string, Goal>,
    ),
  );

  /** What is worse than twice what is committed. */
  losses(benchmark: string, rows: readonly Row[]): string[] {
    return rows.flatMap((row) => {
      const goal = this.#goals.get(`${benchmark} ${row.what}`);
      if (goal?.committed === undefined) return [];
      const value = Number(row[goal.column]);
      if (timesWorse(value, goal.committed, goal) <= GROSS) return [];
      return [`${benchmark} ${row.what}: ${goal.column} ${value}, committed ${goal.committed}`];
    });
  }

  /** The rows of the benchmark with their goals beside them, where they have any. */
  beside(benchmark: string, rows: readonly Row[]): Row[] {
    const of = (row: Row) => this.#goals.get(`${benchmark} ${row.what}`);
    if (!rows.some((row) => of(row) !== undefined)) return [...rows];
    return rows.map((row) => {
      const goal = of(row);
      if (goal === undefined) return { ...row, reach: '', committed: '' };
      const { column, reach, bigger, committed } = goal;
      const value = Number(row[column]);
      const missed = timesWorse(value, reach, goal) > 1 ? ' (missed)' : '';
      const sign = bigger === 'is better' ? '≥' : '≤';
      return { ...row, reach: `${column} ${sign} ${reach}${missed}`, committed: committed ?? '' };
    });
  }
}

/** More than 1 where the value is worse than the other; infinite where nothing was reached. */
function timesWorse(value: number, than: number, { bigger }: Goal): number {
  const times = bigger === 'is better' ? than / value : value / than;
  return Number.isNaN(times) ? Number.POSITIVE_INFINITY : times;
}
