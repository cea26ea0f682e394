// A run beside an earlier one: what is new, what is gone, what is still there.
import type { CheckResult, Comparison, Report, Trouble } from './result.js';

/** What a comparison needs of an earlier report. */
export interface PreviousReport {
  started_at: string;
  results: readonly (Pick<CheckResult, 'id' | 'service' | 'status'> & {
    findings: readonly { code: string; level: Trouble['level'] }[];
  })[];
}

/** Compares findings by check, service and code. What was not examined this time is not called fixed. */
export function compare(previous: PreviousReport, results: Report['results']): Comparison {
  const then = troublesOf(previous.results);
  const now = troublesOf(results);
  const gone = [...then].filter(([key]) => !now.has(key)).map(([, trouble]) => trouble);
  const examined = new Set(results.filter(wasExamined).map(keyOfCheck));
  const before = new Set(previous.results.filter(wasExamined).map(keyOfCheck));
  return {
    previous: previous.started_at,
    new: [...now].filter(([key]) => !then.has(key)).map(([, trouble]) => trouble),
    fixed: gone.filter((trouble) => examined.has(keyOfCheck(trouble))),
    still: [...now].filter(([key]) => then.has(key)).map(([, trouble]) => trouble),
    unexamined: gone.filter((trouble) => !examined.has(keyOfCheck(trouble))),
    lost: results
      .filter((result) => result.skip?.kind === 'blocked' && before.has(keyOfCheck(result)))
      .map(({ id, service }) => ({ id, service })),
  };
}

/** Each once, by what identifies it. */
function troublesOf(results: PreviousReport['results']): Map<string, Trouble> {
  return new Map(
    results.flatMap(({ id, service, findings }) =>
      findings.map(({ code, level }) => {
        const trouble = { id, service, code, level };
        return [`${keyOfCheck(trouble)} ${code}`, trouble] as const;
      }),
    ),
  );
}

function keyOfCheck({ id, service }: Pick<Trouble, 'id' | 'service'>): string {
  return `${id} ${service ?? ''}`;
}

function wasExamined({ status }: Pick<CheckResult, 'status'>): boolean {
  return status === 'pass' || status === 'warn' || status === 'fail';
}
