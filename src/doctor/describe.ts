// What there is to know of a check without running it: for --list, --explain and docs/checks.
import type { Check } from './check.js';
import type { Entry } from './findings/entry.js';
import { FINDINGS } from './findings.js';
import type { Level } from './result.js';

export interface CheckDescription {
  id: string;
  title: string;
  about: string;
  scope: 'deployment' | 'service';
  effects: 'read' | 'write';
  requires: string[];
  checklist: string[];
  findings: FindingDescription[];
}

export interface FindingDescription {
  code: string;
  level: Level;
  /** Values that depend on the case stand as `<name>`. */
  seen: string;
  remedy: string;
  reproduce: string | null;
}

/** Describes a check and each code it can find. */
export function describeCheck(check: Check<unknown, never>): CheckDescription {
  const { id, title, about, scope, effects, requires, checklist, codes } = check;
  return {
    id,
    title,
    about,
    scope,
    effects,
    requires: requires.map((other) => other.id),
    checklist: [...checklist],
    findings: codes.map(describeFinding),
  };
}

/** The texts of a code with its parameters' names for their values. */
export function describeFinding(code: string): FindingDescription {
  const entries: Readonly<Record<string, unknown>> = FINDINGS;
  const { level, seen, remedy, reproduce } = entries[code] as Entry<Record<string, string>>;
  const names = new Proxy({}, { get: (_, name) => `<${String(name)}>` });
  const command = reproduce?.(names) ?? null;
  return {
    code,
    level,
    seen: seen(names),
    remedy: remedy(names),
    reproduce: command !== null && /^<\w+>$/.test(command) ? null : command,
  };
}
