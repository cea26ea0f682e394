// What a check is, and the words to write one with. The engine knows this file and nothing else of the doctor.
import type { DoctorContext, ServiceContext } from './context.js';
import { finding } from './findings.js';
import type { Finding, Skip } from './result.js';

export type * from './result.js';
export { finding };

/**
 * What carrying out a check comes to. `facts` are what it learned and others build upon: a check that requires
 * this one runs where there are facts, also when it did not pass, and is blocked where there are none.
 */
export type Outcome<Facts> =
  | { status: 'pass'; seen: string; facts: Facts }
  | { status: 'found'; findings: readonly Finding[]; facts?: Facts; transient: boolean }
  | { status: 'skip'; skip: Skip };

/** An item of a guide's checklist: `integration.1` to `.6`, `debug.1` to `.7`. */
export type ChecklistItem = `integration.${number}` | `debug.${number}`;

export interface Check<Facts = unknown, Context = DoctorContext> {
  /** `category.name`; stable, never reused. */
  readonly id: string;
  /** What holds when it passes, as a statement. */
  readonly title: string;
  /** Why it matters and how it is found out, for `--explain` and the docs. */
  readonly about: string;
  readonly checklist: readonly ChecklistItem[];
  /** Once per deployment, or once per service examined. */
  readonly scope: 'deployment' | 'service';
  /** Runs after these, and with their facts. */
  readonly requires: readonly Check<unknown, Context>[];
  /** `write` changes something and runs only with `--active`. */
  readonly effects: 'read' | 'write';
  /** The codes it can find. */
  readonly codes: readonly string[];
  /** Milliseconds one attempt may take. */
  readonly timeoutMs: number;
  /** Attempts in all while the cause is transient, and the pause between two in milliseconds. */
  readonly retry: { readonly attempts: number; readonly delayMs: number };
  /** What it looks for may still become true: repeated under `--wait`. */
  readonly settles: boolean;
  /** It watches rather than works: takes no place among those that run side by side. */
  readonly background: boolean;
  /** Milliseconds it is given to clean up after it was stopped. */
  readonly cleanupMs: number;
  run(context: Context, facts: readonly unknown[]): Promise<Outcome<Facts>>;
}

type FactsOf<Requires extends readonly unknown[]> = {
  [K in keyof Requires]: Requires[K] extends { run(...args: never[]): Promise<Outcome<infer Facts>> }
    ? Facts
    : never;
};

type Optional = 'checklist' | 'effects' | 'timeoutMs' | 'retry' | 'settles' | 'background' | 'cleanupMs';

type Spec<Facts, Requires extends readonly unknown[], Context> = Omit<
  Check<Facts, Context>,
  Optional | 'requires' | 'run' | 'scope'
> &
  Partial<Pick<Check<Facts, Context>, Optional>> & {
    readonly requires?: Requires;
    run(context: Context, facts: FactsOf<Requires>): Promise<Outcome<Facts>>;
  };

const DEFAULTS = {
  checklist: [],
  requires: [],
  effects: 'read',
  timeoutMs: 15_000,
  retry: { attempts: 1, delayMs: 0 },
  settles: false,
  background: false,
  cleanupMs: 0,
} as const;

/** A check of the deployment as a whole. */
export function deploymentCheck<
  Facts = undefined,
  const Requires extends readonly Check<unknown, Context>[] = readonly [],
  Context = DoctorContext,
>(spec: Spec<Facts, Requires, Context>): Check<Facts, Context> {
  return { ...DEFAULTS, ...spec, scope: 'deployment' } as Check<Facts, Context>;
}

/** A check of one service; what it requires of the deployment it shares with the other services. */
export function serviceCheck<
  Facts = undefined,
  const Requires extends readonly Check<unknown, Context>[] = readonly [],
  Context = ServiceContext,
>(spec: Spec<Facts, Requires, Context>): Check<Facts, Context> {
  return { ...DEFAULTS, ...spec, scope: 'service' } as Check<Facts, Context>;
}

/** It holds; `seen` says what shows it. */
export function pass(seen: string): Outcome<undefined>;
export function pass<Facts>(seen: string, facts: Facts): Outcome<Facts>;
export function pass(seen: string, facts?: unknown): Outcome<unknown> {
  return { status: 'pass', seen, facts };
}

/** It does not hold (or could not be found out): at least one finding. */
export function found<Facts = never>(
  findings: Finding | readonly Finding[],
  more: { facts?: Facts; transient?: boolean } = {},
): Outcome<Facts> {
  const { transient = false, ...rest } = more;
  const all = 'code' in findings ? [findings] : bounded(findings);
  return { status: 'found', findings: all, transient, ...rest };
}

/** Nobody reads more, while a registry may list any number of instances. */
const MOST_FINDINGS = 1_000;

/** The first of them, and of those beyond one for each code. */
function bounded(findings: readonly Finding[]): readonly Finding[] {
  const beyond = findings.slice(MOST_FINDINGS);
  const more = [...new Set(beyond.map(({ code }) => code))].flatMap((code) => {
    const [first, ...others] = beyond.filter((each) => each.code === code);
    if (first === undefined) return [];
    return { ...first, seen: `${first.seen}; and ${others.length} more of this` };
  });
  return [...findings.slice(0, MOST_FINDINGS), ...more];
}

/** Passes where nothing was found. */
export function verdict<Facts>(findings: readonly Finding[], seen: string, facts: Facts): Outcome<Facts> {
  return findings.length === 0 ? pass(seen, facts) : found(findings, { facts });
}

/** It says nothing about this deployment or service. */
export function notApplicable(why: string): Outcome<never> {
  return { status: 'skip', skip: { kind: 'not-applicable', why } };
}

/** Another check's finding is the cause; what this one would find is its echo. */
export function blockedBy(check: { id: string }, why: string): Outcome<never> {
  return { status: 'skip', skip: { kind: 'blocked', by: check.id, why } };
}

/** The first few of a list of any length, and how many more there are. */
export function few(items: readonly string[], most = 5): string {
  const more = items.length - most;
  return more > 0 ? `${items.slice(0, most).join(', ')} and ${more} more` : items.join(', ');
}
