// Results of checks as a run makes them, for what works on results alone.
import type { CheckResult, Finding, Level, Skip } from '../../src/doctor/result.js';

/** `asr/registration.present` is of a service, `env.file` of the deployment. */
function result(name: string, more: Partial<CheckResult>): CheckResult {
  const [id = '', service = null] = name.split('/').reverse();
  return {
    id,
    title: id,
    category: id.split('.', 1)[0] ?? id,
    service,
    status: 'pass',
    seen: null,
    findings: [],
    waived: [],
    skip: null,
    started_ms: 0,
    duration_ms: 1,
    attempts: [],
    ...more,
  };
}

export const passed = (name: string): CheckResult => result(name, { seen: 'it' });

export const skipped = (name: string, kind: 'not-applicable' | 'filtered' = 'filtered'): CheckResult =>
  result(name, { status: 'skip', skip: { kind, why: kind === 'filtered' ? 'left out by --skip' : 'so' } });

export const blocked = (name: string, by: string): CheckResult =>
  result(name, { status: 'skip', skip: { kind: 'blocked', by, why: 'it is down' } satisfies Skip });

/** Codes alone are `fail`; `warn:CODE` says another level. */
export const red = (name: string, ...codes: string[]): CheckResult => {
  const findings = codes.map(finding);
  const status = (['fail', 'unknown', 'warn'] as const).find((level) =>
    findings.some((each) => each.level === level),
  );
  return result(name, { findings, status: status ?? 'fail' });
};

function finding(text: string): Finding {
  const [code = '', level = 'fail'] = text.split(':').reverse();
  return {
    level: level as Level,
    code,
    seen: `${code} was seen`,
    remedy: 'r',
    reproduce: null,
    location: null,
  };
}
