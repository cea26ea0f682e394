// A guide's own checklist, answered by a run: a tick, a cross or a reason at each item.
import { type ChecklistName, itemsOf } from './guides.js';
import type { CheckResult, Report, Status } from './result.js';
import { isOpen } from './skips.js';

export interface Checklist
  extends Pick<
    Report,
    'schemaVersion' | 'tool' | 'started_at' | 'duration_ms' | 'registry' | 'services' | 'causes'
  > {
  checklist: ChecklistName;
  /** `fail` also where a check fails that those of the list require. */
  verdict: Report['verdict'];
  exit: number;
  /** How many items. */
  summary: Record<Status, number>;
  items: AnsweredItem[];
}

export interface AnsweredItem {
  /** `integration.1` */
  item: string;
  /** In the words of the guide. */
  text: string;
  /**
   * `pass` is the tick: at least one check was carried out, and none that was found anything. `unknown`: not enough
   * was carried out. `skip`: waived, or it does not apply here.
   */
  status: Status;
  /** What was not carried out and could be, and why not. */
  open: Open[];
  /** Why it is skipped; null where it is not. */
  why: string | null;
  checks: CheckResult[];
}

export interface Open {
  id: string;
  /** Says what stands in the way, or which option has it carried out. */
  why: string;
}

/** Answers the items of a list from the results of a run. `checks` are all that answer one, with their items. */
export function answerChecklist(
  list: ChecklistName,
  report: Report,
  checks: readonly { id: string; checklist: readonly string[] }[],
): Checklist {
  const items = itemsOf(list).map(({ item, text }) => {
    const ids = new Set(checks.filter(({ checklist }) => checklist.includes(item)).map(({ id }) => id));
    return answer(
      item,
      text,
      report.results.filter(({ id }) => ids.has(id)),
    );
  });
  const summary = { pass: 0, warn: 0, fail: 0, skip: 0, unknown: 0 };
  for (const { status } of items) summary[status] += 1;
  const verdict = verdictOf(summary, report);
  const { schemaVersion, tool, started_at, duration_ms, registry, services, causes } = report;
  return {
    ...{ schemaVersion, tool, started_at, duration_ms, registry, services, causes },
    checklist: list,
    verdict,
    exit: exitOf(verdict, report),
    summary,
    items,
  };
}

function answer(item: string, text: string, checks: CheckResult[]): AnsweredItem {
  const open = openOf(checks);
  const has = (status: Status) => checks.some((check) => check.status === status);
  const isSkipped = (kind: string) => checks.some(({ skip }) => skip?.kind === kind);
  const status = (): Status => {
    if (has('fail')) return 'fail';
    if (has('unknown') || isSkipped('blocked')) return 'unknown';
    if (has('warn')) return 'warn';
    if (isSkipped('waived')) return 'skip';
    if (has('pass')) return 'pass';
    return open.length > 0 || checks.length === 0 ? 'unknown' : 'skip';
  };
  const decided = status();
  const waived = checks.find(({ skip }) => skip?.kind === 'waived') ?? checks[0];
  const why = decided === 'skip' ? `${waived?.skip?.kind}: ${waived?.skip?.why}` : null;
  return { item, text, status: decided, open, why, checks };
}

/** Each check and reason once, whatever the number of services. */
function openOf(checks: readonly CheckResult[]): Open[] {
  const open = new Map<string, Open>();
  for (const { id, skip } of checks) {
    if (skip === null || !isOpen(skip)) continue;
    const why = skip.kind === 'blocked' ? `blocked by ${skip.by}: ${skip.why}` : skip.why;
    open.set(`${id} ${why}`, { id, why });
  }
  return [...open.values()];
}

function verdictOf(summary: Record<Status, number>, report: Report): Report['verdict'] {
  if (summary.fail > 0 || report.verdict === 'fail') return 'fail';
  if (summary.unknown > 0 || summary.pass + summary.warn === 0) return 'unknown';
  return summary.warn > 0 ? 'warn' : 'pass';
}

/** An item that is neither ticked nor crossed is not known to be done: 3. */
function exitOf(verdict: Report['verdict'], report: Report): number {
  if (report.exit === 1 || verdict === 'fail') return 1;
  return verdict === 'unknown' ? 3 : 0;
}
