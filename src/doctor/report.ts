// From results to the report: counts, verdict, exit code, and what stands in the way of what.
import type { Cause, CheckResult, Report, Status } from './result.js';

/** Exit codes of `regctl doctor` (cli.md): all well, something is wrong, could not find out. */
const EXIT = { pass: 0, warn: 0, fail: 1, unknown: 3 } as const;

interface About {
  version: string;
  startedAt: Date;
  durationMs: number;
  registry: Report['registry'];
  services: readonly string[];
  failOn: 'warn' | 'fail';
}

/** Puts results together into the report. A run in which nothing was carried out is `unknown`. */
export function report(results: CheckResult[], about: About): Report {
  const summary = { pass: 0, warn: 0, fail: 0, skip: 0, unknown: 0 };
  for (const { status } of results) summary[status] += 1;
  const verdict = verdictOf(summary);
  return {
    schemaVersion: 1,
    tool: { name: 'regctl', version: about.version },
    started_at: about.startedAt.toISOString(),
    duration_ms: Math.round(about.durationMs),
    registry: about.registry,
    services: [...about.services],
    verdict,
    exit: summary.warn > 0 && about.failOn === 'warn' ? EXIT.fail : EXIT[verdict],
    fail_on: about.failOn,
    summary,
    causes: causesOf(results),
    results,
  };
}

function verdictOf(summary: Record<Status, number>): Report['verdict'] {
  if (summary.fail > 0) return 'fail';
  const carriedOut = summary.pass + summary.warn + summary.unknown;
  if (summary.unknown > 0 || carriedOut === 0) return 'unknown';
  return summary.warn > 0 ? 'warn' : 'pass';
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
