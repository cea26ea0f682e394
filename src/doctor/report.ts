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
  waivers?: JudgedWaiver[];
  comparison?: Comparison | null;
}

/** Puts results together into the report. A run in which nothing was carried out is `unknown`. */
export function report(results: CheckResult[], about: About): Report {
  const summary = { pass: 0, warn: 0, fail: 0, skip: 0, unknown: 0 };
  for (const { status } of results) summary[status] += 1;
  const causes = causesOf(results);
  const verdict = verdictOf(summary, causes);
  const { waivers = [], comparison = null } = about;
  return {
    schemaVersion: 1,
    tool: { name: 'regctl', version: about.version },
    started_at: about.startedAt.toISOString(),
    duration_ms: Math.round(about.durationMs),
    registry: about.registry,
    services: [...about.services],
    verdict,
    exit: exitOf(summary, verdict, about.failOn, comparison),
    fail_on: about.failOn,
    summary,
    causes,
    waivers,
    comparison,
    results,
  };
}

/** What a check waits for in vain is not known to be well, also where the cause itself is waived. */
function verdictOf(summary: Record<Status, number>, causes: readonly Cause[]): Report['verdict'] {
  if (summary.fail > 0) return 'fail';
  if (summary.unknown > 0 || causes.length > 0 || nothingDone(summary)) return 'unknown';
  return summary.warn > 0 ? 'warn' : 'pass';
}

function exitOf(
  summary: Record<Status, number>,
  verdict: Report['verdict'],
  failOn: FailOn,
  comparison: Comparison | null,
): number {
  if (failOn === 'new' && comparison !== null && !nothingDone(summary)) {
    const levels = new Set(comparison.new.map(({ level }) => level));
    return levels.has('fail') ? EXIT.fail : levels.has('unknown') ? EXIT.unknown : EXIT.pass;
  }
  return summary.warn > 0 && failOn === 'warn' ? EXIT.fail : EXIT[verdict];
}

function nothingDone({ pass, warn, fail, unknown }: Record<Status, number>): boolean {
  return pass + warn + fail + unknown === 0;
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
