// From results to the report: counts, verdict, exit code, and what stands in the way of what.
import type { Cause, CheckResult, Comparison, FailOn, JudgedWaiver, Report, Status } from './result.js';

/** Exit codes of `regctl doctor` (cli.md): all well, something is wrong, could not find out. */
const EXIT = { pass: 0, warn: 0, fail: 1, unknown: 3 } as const;

interface About {
  version: string;
  startedAt: Date;
  durationMs: number;
  registry: Report['registry'];
  services: readonly string[];
  failOn: FailOn;
  /** What the run was for, not only what that needs; default: all. */
  isAsked?(id: string): boolean;
  waivers?: JudgedWaiver[];
  comparison?: Comparison | null;
}

/** Puts results together into the report. A run in which nothing of what was asked was carried out is `unknown`. */
export function report(results: CheckResult[], about: About): Report {
  const summary = { pass: 0, warn: 0, fail: 0, skip: 0, unknown: 0 };
  for (const { status } of results) summary[status] += 1;
  const causes = causesOf(results);
  const { waivers = [], comparison = null, isAsked = () => true } = about;
  const idle = results.every((result) => !isAsked(result.id) || isLeftOut(result));
  const verdict = verdictOf(summary, causes, idle);
  return {
    schemaVersion: 1,
    tool: { name: 'regctl', version: about.version },
    started_at: about.startedAt.toISOString(),
    duration_ms: Math.round(about.durationMs),
    registry: about.registry,
    services: [...about.services],
    verdict,
    exit: exitOf({ summary, verdict, comparison }, about.failOn, idle),
    fail_on: about.failOn,
    summary,
    causes,
    waivers,
    comparison,
    results,
  };
}

/** What a check waits for in vain is not known to be well, also where the cause itself is waived. */
function verdictOf(
  summary: Record<Status, number>,
  causes: readonly Cause[],
  idle: boolean,
): Report['verdict'] {
  if (summary.fail > 0) return 'fail';
  if (summary.unknown > 0 || causes.length > 0 || idle) return 'unknown';
  return summary.warn > 0 ? 'warn' : 'pass';
}

function exitOf(
  { summary, verdict, comparison }: Pick<Report, 'summary' | 'verdict' | 'comparison'>,
  failOn: FailOn,
  idle: boolean,
): number {
  if (failOn === 'new' && comparison !== null) {
    const levels = new Set(comparison.new.map(({ level }) => level));
    if (levels.has('fail')) return EXIT.fail;
    return idle || levels.has('unknown') || comparison.lost.length > 0 ? EXIT.unknown : EXIT.pass;
  }
  return summary.warn > 0 && failOn === 'warn' ? EXIT.fail : EXIT[verdict];
}

/** Neither carried out nor blocked by what is told of itself. */
function isLeftOut({ skip }: CheckResult): boolean {
  return skip?.kind === 'filtered' || skip?.kind === 'not-applicable';
}

/** Checks that block others, the one that blocks most first. */
function causesOf(results: readonly CheckResult[]): Cause[] {
  const key = (id: string, service: string | null) => `${id} ${service ?? ''}`;
  const known = new Set(results.map(({ id, service }) => key(id, service)));
  const causes = new Map<string, Cause>();
  for (const { skip, service: blocked } of results) {
    if (skip?.kind !== 'blocked') continue;
    // What a service's check waits for is about the same service, or about the deployment.
    const service = known.has(key(skip.by, blocked)) ? blocked : null;
    const cause = causes.get(key(skip.by, service)) ?? { id: skip.by, service, blocks: 0 };
    cause.blocks += 1;
    causes.set(key(skip.by, service), cause);
  }
  return [...causes.values()].sort((a, b) => b.blocks - a.blocks);
}
