// What every report says in the same words: the verdict, groups, the first cause, and what is wrong, put together.
import type {
  Cause,
  CheckResult,
  Comparison,
  Finding,
  JudgedWaiver,
  Level,
  Report,
  Skip,
  Status,
} from '../result.js';

export const VERDICTS: Record<Report['verdict'], string> = {
  pass: 'all is well',
  warn: 'it works, with warnings',
  fail: 'not integrated',
  unknown: 'could not find out',
};

export interface Group {
  title: string;
  service: string | null;
  category: string;
  results: CheckResult[];
}

/** Results by service and category, in the order of the report. */
export function groups(results: readonly CheckResult[]): Group[] {
  const found = new Map<string, Group>();
  for (const result of results) {
    const { service, category } = result;
    const key = `${service ?? ''} ${category}`;
    const title = service === null ? category : `${service}: ${category}`;
    const group = found.get(key) ?? { title, service, category, results: [] };
    group.results.push(result);
    found.set(key, group);
  }
  return [...found.values()];
}

export interface FirstCause extends Cause {
  /** What was seen, without a full stop. */
  why: string;
  remedy: string | null;
  reproduce: string | null;
}

/** What stands in the way of most; undefined where nothing is blocked. */
export function firstCause({ causes, results }: Report): FirstCause | undefined {
  const [first] = causes;
  if (first === undefined) return undefined;
  const result = results.find(({ id, service }) => id === first.id && service === first.service);
  const [finding = result?.waived[0]] = result?.findings ?? [];
  const blocked = results.find(({ skip }) => skip?.kind === 'blocked' && skip.by === first.id)?.skip;
  const waived = result?.skip?.kind === 'waived' ? ', which is waived' : '';
  return {
    ...first,
    // One that found nothing, or was left out, stands in the way by what another check saw.
    why: finding === undefined ? (blocked?.why ?? '') : `${finding.seen}${waived}`,
    remedy: finding?.remedy ?? null,
    reproduce: finding?.reproduce ?? null,
  };
}

/** One thing that is wrong: a code of a check, wherever it was found. */
export interface Problem {
  id: string;
  title: string;
  category: string;
  level: Level;
  code: string;
  /** How many other checks it blocks. */
  blocks: number;
  /** At least one; in the order of the report. */
  cases: Case[];
}

export interface Case {
  service: string | null;
  finding: Finding;
}

const WEIGHT: Record<Level, number> = { fail: 0, unknown: 1, warn: 2 };

/** What is wrong, what matters most first: what blocks others, then fail, unknown, warn; else in the report's order. */
export function problems({ results, causes }: Report): Problem[] {
  const found = new Map<string, Problem>();
  const blocking = new Map(causes.map(({ id, service, blocks }) => [`${id} ${service ?? ''}`, blocks]));
  for (const { id, title, category, service, findings } of results) {
    for (const finding of findings) {
      const key = `${id} ${finding.code}`;
      const { level, code } = finding;
      const problem = found.get(key) ?? { id, title, category, level, code, blocks: 0, cases: [] };
      problem.blocks += blocking.get(`${id} ${service ?? ''}`) ?? 0;
      problem.cases.push({ service, finding });
      found.set(key, problem);
    }
  }
  const weight = ({ level, blocks }: Problem) => (level !== 'warn' && blocks > 0 ? -1 : WEIGHT[level]);
  return [...found.values()].sort((a, b) => weight(a) - weight(b) || b.blocks - a.blocks);
}

/** Why a check was skipped, in a few words. */
export function skipReason(skip: Skip): string {
  return skip.kind === 'blocked' ? `blocked by ${skip.by}` : `${skip.kind}: ${skip.why}`;
}

/** Skipped checks by their reason; each id once, also where it was skipped for many services. */
export function skips(results: readonly CheckResult[]): Map<string, string[]> {
  const reasons = new Map<string, Set<string>>();
  for (const { id, skip } of results) {
    if (skip === null) continue;
    const reason = skipReason(skip);
    reasons.set(reason, (reasons.get(reason) ?? new Set()).add(id));
  }
  return new Map([...reasons].map(([reason, ids]) => [reason, [...ids]]));
}

/** `1 failed, 0 unknown, …`: what is wrong first. */
export function counts({ summary }: Report): string {
  return [
    `${summary.fail} failed`,
    `${summary.unknown} unknown`,
    `${summary.warn} warned`,
    `${summary.pass} passed`,
    `${summary.skip} skipped`,
  ].join(', ');
}

/** What a comparison tells, in the order in which it matters. */
export const CHANGES = [
  ['new', 'new'],
  ['still', 'still there'],
  ['unexamined', 'found then, and not examined now'],
  ['fixed', 'fixed'],
] as const satisfies readonly (readonly [Exclude<keyof Comparison, 'previous' | 'lost'>, string])[];

/** `since 2026-03-04 03:12 UTC: 1 new, 2 fixed`; undefined where nothing was compared. */
export function changes({ comparison }: Report): string | undefined {
  if (comparison === null) return undefined;
  const told = CHANGES.filter(([kind]) => comparison[kind].length > 0).map(
    ([kind, words]) => `${comparison[kind].length} ${words}`,
  );
  if (comparison.lost.length > 0) told.push(lostText(comparison));
  const when = comparison.previous.slice(0, 16).replace('T', ' ');
  return `since ${when} UTC: ${told.join(', ') || 'nothing found, then and now'}`;
}

export function lostText({ lost }: Comparison): string {
  return `${plural(lost.length, 'check')} carried out then and blocked now`;
}

/** Whether what a check found counts towards the exit code: with `--fail-on new` only where the earlier run had it not. */
export function counting({
  fail_on,
  comparison,
}: Report): (check: Pick<CheckResult, 'id' | 'service'>) => boolean {
  if (fail_on !== 'new' || comparison === null) return () => true;
  const fresh = new Set(comparison.new.map(({ id, service }) => `${id} ${service ?? ''}`));
  return ({ id, service }) => fresh.has(`${id} ${service ?? ''}`);
}

/** How a waiver is shown: as what, and in which words. */
export const STATES: Record<JudgedWaiver['state'], [Status, string]> = {
  used: ['skip', 'in use'],
  expired: ['warn', 'expired'],
  unmatched: ['warn', 'waives nothing'],
  unexamined: ['skip', 'not examined'],
};

/** `2 waivers, 1 of them expired`; undefined where there is none. */
export function waiversText({ waivers }: Report): string | undefined {
  if (waivers.length === 0) return undefined;
  const stale = (['expired', 'unmatched'] as const).flatMap((state) => {
    const many = waivers.filter((waiver) => waiver.state === state).length;
    return many === 0 ? [] : [`${many} ${STATES[state][1]}`];
  });
  return [plural(waivers.length, 'waiver'), ...stale].join(', ');
}

/** What was examined: `http://registry:8082 (coordinator), asr-service`. */
export function subject({ registry, services }: Report): string {
  const where = registry.url ?? 'no registry';
  const kind = registry.api === null ? '' : ` (${registry.api})`;
  const who = services.length > 3 ? `${services.length} services` : services.join(', ') || 'no service';
  return `${where}${kind}, ${who}`;
}

export function duration(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** `1 check`, `2 checks`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
