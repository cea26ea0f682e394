// From outcomes to results.
import type { Attempt, Check, CheckResult, Finding, Level, Outcome, Skip } from '../check.js';

/** What a check comes to, for the report and for the checks that require it. */
export interface Done {
  result: CheckResult;
  /** Undefined where there are none, and what requires it is blocked. */
  facts: { value: unknown } | undefined;
  /** The run was over before it: what requires it was not done either, rather than blocked by it. */
  undone: boolean;
}

/** Why a check cannot run, from one that it requires and that has no facts: the first cause is handed on. */
export function inherited({ result }: Done): Skip {
  const { id, skip, findings } = result;
  if (skip === null) return { kind: 'blocked', by: id, why: findings[0]?.seen ?? `${id} did not pass` };
  if (skip.kind === 'blocked' || skip.kind === 'not-applicable') return skip;
  return { kind: skip.kind, why: `it needs ${id}, which was not carried out: ${skip.why}` };
}

const WEIGHT: Record<Level, number> = { warn: 1, unknown: 2, fail: 3 };

/** The heaviest of the findings: fail, then unknown, then warn. */
export function statusOf(outcome: Outcome<unknown>) {
  if (outcome.status !== 'found') return outcome.status;
  const levels = outcome.findings.map(({ level }) => level);
  return levels.reduce((worst, level) => (WEIGHT[level] > WEIGHT[worst] ? level : worst), 'warn');
}

/** One attempt of a check, on the clock of the run. */
export interface Tried {
  outcome: Outcome<unknown>;
  began: number;
  ended: number;
  /** The run was over before it was. */
  cutOff: boolean;
}

/** The last attempt decides; `startedAt` is the start of the run. */
export function conclude(
  check: Check<unknown, never>,
  service: string | null,
  tries: readonly [Tried, ...Tried[]],
  startedAt: number,
): Omit<Done, 'undone'> {
  const [first] = tries;
  const last = tries.at(-1) ?? first;
  const { outcome } = last;
  const result: CheckResult = {
    ...describe(check, service),
    status: statusOf(outcome),
    seen: outcome.status === 'pass' ? outcome.seen : null,
    findings: outcome.status === 'found' ? [...outcome.findings] : [],
    waived: [],
    skip: outcome.status === 'skip' ? outcome.skip : null,
    started_ms: Math.round(first.began - startedAt),
    duration_ms: Math.round(last.ended - first.began),
    attempts: tries.map(attemptOf),
  };
  return { result, facts: 'facts' in outcome ? { value: outcome.facts } : undefined };
}

/** A check that no attempt was made of: left out, blocked, or the run was over. */
export function notTried(
  check: Check<unknown, never>,
  service: string | null,
  why: Skip | Finding,
): Omit<Done, 'undone'> {
  const skip = 'kind' in why ? why : null;
  const result: CheckResult = {
    ...describe(check, service),
    status: skip ? 'skip' : 'unknown',
    seen: null,
    findings: 'kind' in why ? [] : [why],
    waived: [],
    skip,
    started_ms: null,
    duration_ms: 0,
    attempts: [],
  };
  return { result, facts: undefined };
}

function describe({ id, title }: Check<unknown, never>, service: string | null) {
  return { id, title, category: id.split('.', 1)[0] ?? id, service };
}

function attemptOf({ outcome, began, ended }: Tried): Attempt {
  return {
    status: statusOf(outcome),
    codes: outcome.status === 'found' ? outcome.findings.map(({ code }) => code) : [],
    duration_ms: Math.round(ended - began),
  };
}
