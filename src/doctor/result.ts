// What a run of the doctor comes to: data only, the one thing reports read. The JSON report is `Report`, as it is.

export const STATUSES = ['pass', 'warn', 'fail', 'skip', 'unknown'] as const;
export type Status = (typeof STATUSES)[number];

/** How much a finding weighs. `unknown`: the check could not be carried out. */
export type Level = 'warn' | 'fail' | 'unknown';

export interface Finding {
  level: Level;
  /** Stable, of the catalogue in `findings.ts`. */
  code: string;
  /** What was seen, in a sentence. May quote what came from the network: clean it before printing. */
  seen: string;
  /** What to do about it. */
  remedy: string;
  /** A shell command that shows it again, with `$TOKEN` for a token; null where there is none. */
  reproduce: string | null;
  /** Where in the code it stands; null for what is not in a file of code. */
  location: Location | null;
}

/** A place in a file of code. */
export interface Location {
  /** As `--source` was given, and from there on; with `/`. */
  path: string;
  /** From 1. */
  line: number;
  column: number;
}

/** Why a check was not carried out. */
export type Skip =
  | { kind: 'not-applicable' | 'filtered' | 'waived'; why: string }
  /** `by` is the id of the check that stands in the way: the first cause, never one that is blocked itself. */
  | { kind: 'blocked'; by: string; why: string };

export interface Attempt {
  status: Status;
  /** Codes found; empty where it passed. */
  codes: string[];
  duration_ms: number;
}

export interface CheckResult {
  id: string;
  title: string;
  category: string;
  /** The service examined; null for a check of the deployment. */
  service: string | null;
  status: Status;
  /** What a passed check saw. */
  seen: string | null;
  findings: Finding[];
  /** What was found too, and is waived: it does not count. */
  waived: Finding[];
  skip: Skip | null;
  /** When the first attempt began, from the start of the run; null where none was made. */
  started_ms: number | null;
  /** From the first attempt to the last, without the time in a queue. */
  duration_ms: number;
  attempts: Attempt[];
}

/** What makes the exit code 1: a failure, a warning too, or only a failure that the run compared with did not find. */
export type FailOn = 'warn' | 'fail' | 'new';

export interface Report {
  schemaVersion: 1;
  tool: { name: 'regctl'; version: string };
  /** ISO 8601, UTC. */
  started_at: string;
  duration_ms: number;
  registry: { url: string | null; origin: string | null; api: string | null };
  services: string[];
  verdict: 'pass' | 'warn' | 'fail' | 'unknown';
  exit: number;
  /** What makes the exit code 1. */
  fail_on: FailOn;
  summary: Record<Status, number>;
  /** Checks that stand in the way of others, the one that blocks most first. */
  causes: Cause[];
  /** The entries of `--waivers`, in the order of the file. */
  waivers: JudgedWaiver[];
  /** With `--compare`. */
  comparison: Comparison | null;
  results: CheckResult[];
}

export interface Cause {
  id: string;
  service: string | null;
  /** How many checks it blocks. */
  blocks: number;
}

/** What somebody answers for until a day, so that it turns nothing red: an entry of `--waivers`. */
export interface Waiver {
  /** Glob over the ids of checks. */
  id: string;
  /** Glob over codes; null for every code. */
  code: string | null;
  /** Glob over the names of services, where `deployment` is what is no service's; null for everything. */
  target: string | null;
  owner: string;
  reason: string;
  /** The last day on which it holds, in UTC: `2026-12-31`. */
  expires: string;
}

export interface JudgedWaiver extends Waiver {
  /**
   * `unmatched`: what it is about was examined, and there is nothing to waive. `unexamined`: some of what it is
   * about was not carried out in this run, so that nothing can be said.
   */
  state: 'used' | 'expired' | 'unmatched' | 'unexamined';
  /** What it keeps from turning red. */
  waives: Trouble[];
}

/** A finding by what stays the same from run to run. */
export interface Trouble {
  id: string;
  service: string | null;
  code: string;
  level: Level;
}

/** This run beside an earlier one. */
export interface Comparison {
  /** When the earlier run began: ISO 8601, UTC. */
  previous: string;
  /** Found now, and not then. */
  new: Trouble[];
  /** Found then; examined now, and gone. */
  fixed: Trouble[];
  /** Found both times. */
  still: Trouble[];
  /** Found then, and not examined now. */
  unexamined: Trouble[];
  /** Checks that were carried out then, and are blocked now. */
  lost: Pick<Trouble, 'id' | 'service'>[];
}
