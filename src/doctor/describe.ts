// What there is to know of a check without running it: for --list, --explain and docs/checks.
import type { Check } from './check.js';
import type { Entry } from './findings/entry.js';
import { FINDINGS } from './findings.js';
import type { Level } from './result.js';
import { checksOf, SYMPTOMS } from './symptoms.js';

export interface CheckDescription {
  id: string;
  title: string;
  about: string;
  scope: 'deployment' | 'service';
  effects: 'read' | 'write';
  requires: string[];
  /** Items of the guides' checklists that it answers: `integration.1`. */
  checklist: string[];
  /** What of the guides' troubleshooting it looks at. */
  symptoms: SymptomDescription[];
  findings: FindingDescription[];
}

export interface SymptomDescription {
  guide: string;
  /** The heading in the guide. */
  symptom: string;
  /** The guide's advice that it carries out; empty where it shows that the symptom is there. */
  advice: string[];
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
    symptoms: symptomsOf(id),
    findings: codes.map(describeFinding),
  };
}

function symptomsOf(id: string): SymptomDescription[] {
  return SYMPTOMS.filter((symptom) => checksOf(symptom).includes(id)).map(({ guide, title, advice }) => ({
    guide,
    symptom: title,
    advice: advice.filter(({ checks }) => checks.includes(id)).map(({ text }) => text),
  }));
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
