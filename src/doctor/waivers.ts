// Waivers: findings that somebody answers for until a day turn nothing red, and stay in the report.
import { finding } from './findings.js';
import type { CheckResult, Finding, JudgedWaiver, Trouble, Waiver } from './result.js';
import { matcher } from './select.js';
import { isOpen } from './skips.js';

/** The check that speaks of the waivers themselves; none of them can waive it. */
export const WAIVERS_CHECK = 'doctor.waivers';

/** How `target` names what is no service's. */
const DEPLOYMENT = 'deployment';

interface Run {
  /** The file they are from, for the remedies. */
  file: string;
  /** Wall clock, ms since 1970. */
  now: number;
  /** The run was over every service there is, so that one it did not see is gone. */
  complete: boolean;
}

/**
 * Takes what is waived out of the findings: a check with nothing else found is `skip`, any other keeps the rest.
 * What a waived check blocks stays blocked. An expired waiver waives nothing.
 */
export function applyWaivers(
  results: readonly CheckResult[],
  waivers: readonly Waiver[],
  { file, now, complete }: Run,
): { results: CheckResult[]; waivers: JudgedWaiver[] } {
  const today = new Date(now).toISOString().slice(0, 10);
  const uses = waivers.map((waiver) => useOf(waiver, today));
  const after = results.map((result) => (result.id === WAIVERS_CHECK ? result : waive(result, uses)));
  const judged = uses.map((use) => judge(use, results, complete));
  return {
    results: after.map((result) =>
      result.id === WAIVERS_CHECK ? speak(result, judged, file, results) : result,
    ),
    waivers: judged,
  };
}

/** A waiver and what became of it so far. */
interface Use {
  waiver: Waiver;
  expired: boolean;
  isOf(id: string): boolean;
  concerns(result: CheckResult): boolean;
  covers(code: string): boolean;
  waives: Trouble[];
  /** Of the checks it is about: whether there is one, and one that was not carried out. */
  concerned: boolean;
  unexamined: boolean;
}

function useOf(waiver: Waiver, today: string): Use {
  const isOf = matcher([waiver.id]);
  const isAt = matcher([waiver.target ?? '*']);
  return {
    waiver,
    expired: waiver.expires < today,
    isOf,
    concerns: ({ id, service }) => isOf(id) && (waiver.target === null || isAt(service ?? DEPLOYMENT)),
    covers: matcher([waiver.code ?? '*']),
    waives: [],
    concerned: false,
    unexamined: false,
  };
}

function waive(result: CheckResult, uses: readonly Use[]): CheckResult {
  const { id, service, status, skip } = result;
  const concerning = uses.filter((use) => use.concerns(result));
  for (const use of concerning) {
    use.concerned = true;
    use.unexamined ||= status === 'unknown' || (skip !== null && isOpen(skip));
  }
  const inForce = concerning.filter(({ expired }) => !expired);
  const because = new Map<Waiver, string[]>();
  const isWaived = ({ code, level }: Finding) => {
    const covering = inForce.filter((use) => use.covers(code));
    for (const use of covering) use.waives.push({ id, service, code, level });
    const [first] = covering;
    if (first !== undefined) because.set(first.waiver, [...(because.get(first.waiver) ?? []), code]);
    return first !== undefined;
  };
  const waived: Finding[] = [];
  const findings: Finding[] = [];
  for (const each of result.findings) (isWaived(each) ? waived : findings).push(each);
  if (waived.length === 0) return result;
  const left = (['fail', 'unknown', 'warn'] as const).find((level) =>
    findings.some((each) => each.level === level),
  );
  if (left !== undefined) return { ...result, status: left, findings, waived };
  return {
    ...result,
    status: 'skip',
    findings,
    waived,
    skip: { kind: 'waived', why: [...because].map(whyOf).join('; ') },
  };
}

function whyOf([{ reason, owner, expires }, codes]: [Waiver, string[]]): string {
  return `${[...new Set(codes)].join(' ')}, by ${owner} until ${expires}: ${reason}`;
}

function judge(use: Use, results: readonly CheckResult[], complete: boolean): JudgedWaiver {
  const { waiver, expired, waives, concerned, unexamined } = use;
  const elsewhere = !concerned && !complete && results.some(({ id }) => use.isOf(id));
  if (expired) return { ...waiver, state: 'expired', waives };
  if (waives.length > 0) return { ...waiver, state: 'used', waives };
  return { ...waiver, state: unexamined || elsewhere ? 'unexamined' : 'unmatched', waives };
}

/** What the check of the waivers comes to: known only when all others are done. */
function speak(
  result: CheckResult,
  waivers: readonly JudgedWaiver[],
  file: string,
  results: readonly CheckResult[],
): CheckResult {
  if (result.skip?.kind !== 'not-applicable') return result;
  const findings = waivers.flatMap((waiver) => {
    const about = { file, waiver: nameOf(waiver), owner: waiver.owner, expires: waiver.expires };
    if (waiver.state === 'expired') return [finding('WAIVER_EXPIRED', about)];
    if (waiver.state !== 'unmatched') return [];
    const known = results.some(({ id }) => matcher([waiver.id])(id));
    const why = known ? 'all it is about was examined' : 'no check has such an id';
    return [finding('WAIVER_UNMATCHED', { ...about, why })];
  });
  const status = findings.length > 0 ? 'warn' : 'pass';
  const used = waivers.filter(({ state }) => state === 'used').length;
  return {
    ...result,
    status,
    findings,
    skip: null,
    seen: findings.length > 0 ? null : `${used} of ${waivers.length} used, none expired`,
    attempts: [{ status, codes: findings.map(({ code }) => code), duration_ms: 0 }],
  };
}

/** A waiver in words: `registration.url-form URL_RAW_IP of legacy-*`. */
function nameOf({ id, code, target }: Waiver): string {
  return `${id}${code === null ? '' : ` ${code}`}${target === null ? '' : ` of ${target}`}`;
}
