// What the rows are held to: what is aimed at, and what was reached when it was last written down.
import { readFileSync } from 'node:fs';
import type { Row } from './benchmark.js';

/** A number in a column of the row. */
interface Mark {
  readonly column: string;
  readonly at: number;
}

/** Of one row. Its key in committed.json is the name of the benchmark, and the `what` of the row. */
interface Goal {
  readonly bigger: 'is better' | 'is worse';
  readonly reach: Mark;
  /** What another machine would measure as well: a ratio of the two sides where there are two. */
  readonly committed: Mark;
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
      const goal = this.#of(benchmark, row);
      if (goal === undefined || timesWorse(row, goal.committed, goal) <= GROSS) return [];
      const { column, at } = goal.committed;
      return [`${benchmark} ${row.what}: ${column} ${row[column]}, committed ${at}`];
    });
  }

  /** The rows with their goals beside them, where any has one. */
  beside(benchmark: string, rows: readonly Row[]): Row[] {
    if (!rows.some((row) => this.#of(benchmark, row) !== undefined)) return [...rows];
    return rows.map((row) => {
      const goal = this.#of(benchmark, row);
      if (goal === undefined) return { ...row, reach: '', committed: '' };
      const { reach, committed, bigger } = goal;
      const missed = timesWorse(row, reach, goal) > 1 ? ' (missed)' : '';
      const sign = bigger === 'is better' ? '≥' : '≤';
      return {
        ...row,
        reach: `${reach.column} ${sign} ${reach.at}${missed}`,
        committed: `${committed.column} ${committed.at}`,
      };
    });
  }

  #of(benchmark: string, { what }: Row): Goal | undefined {
    return this.#goals.get(`${benchmark} ${what}`);
  }
}

/** More than 1 where the row is worse than the mark; infinite where it has no such number. */
function timesWorse(row: Row, { column, at }: Mark, { bigger }: Goal): number {
  const value = Number(row[column]);
  const times = bigger === 'is better' ? at / value : value / at;
  return Number.isNaN(times) ? Number.POSITIVE_INFINITY : times;
}
