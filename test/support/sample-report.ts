// Reports of runs that never were, over the whole catalogue of checks: for what is made of a report.
import { CHECKS } from '../../src/doctor/catalogue.js';
import { describeFinding } from '../../src/doctor/describe.js';
import { type Code, finding, type Params } from '../../src/doctor/findings.js';
import { report } from '../../src/doctor/report.js';
import type { FilePaper } from '../../src/doctor/reports/paper.js';
import type { CheckResult, Location, Report } from '../../src/doctor/result.js';
import { filePaper } from '../../src/render/doctor.js';

export const filesPaper: FilePaper = {
  ...filePaper({ ascii: false, brief: false }),
  explain: describeFinding,
};

/** Every check of the catalogue, green, for each service. */
export function greenResults(services: readonly string[] = ['asr-service']): CheckResult[] {
  const of = (scope: 'deployment' | 'service') => CHECKS.filter((check) => check.scope === scope);
  const pairs = [
    ...of('deployment').map((check) => ({ check, service: null })),
    ...services.flatMap((service) => of('service').map((check) => ({ check, service }))),
  ];
  return pairs.map(({ check: { id, title }, service }, index) => ({
    id,
    title,
    category: id.split('.')[0] ?? '',
    service,
    status: 'pass',
    seen: `${id} was looked at`,
    findings: [],
    waived: [],
    skip: null,
    started_ms: (index * 17) % 2_000,
    duration_ms: 3 + ((index * 13) % 700),
    attempts: [{ status: 'pass', codes: [], duration_ms: 3 }],
  }));
}

/** `results` with the check `id` (of `service`, where it is said) turned by a finding. */
export function turned<C extends Code>(
  results: readonly CheckResult[],
  { id, service }: { id: string; service?: string },
  code: C,
  params: Params<C>,
  changes: { seen?: string; location?: Location } = {},
): CheckResult[] {
  const found = { ...finding(code, params), ...changes };
  return results.map((result) =>
    result.id !== id || (service !== undefined && result.service !== service)
      ? result
      : { ...result, status: found.level, seen: null, findings: [...result.findings, found] },
  );
}

/** `results` with every check whose id matches blocked by the check `by`. */
export function blocked(results: readonly CheckResult[], ids: RegExp, by: string): CheckResult[] {
  return results.map((result) =>
    ids.test(result.id)
      ? {
          ...result,
          status: 'skip',
          seen: null,
          started_ms: null,
          attempts: [],
          skip: { kind: 'blocked', by, why: 'it failed' },
        }
      : result,
  );
}

export function reportOf(results: CheckResult[], about: Partial<Parameters<typeof report>[1]> = {}): Report {
  return report(results, {
    version: '1.2.3',
    startedAt: new Date('2026-03-04T03:12:00Z'),
    durationMs: 2_840,
    registry: {
      url: 'http://config-service:8082',
      origin: 'CONFIG_SERVICE_URL (environment)',
      api: 'config-service',
    },
    services: [...new Set(results.flatMap(({ service }) => service ?? []))],
    failOn: 'fail',
    ...about,
  });
}

/** The registry is fine, the secret is missing, one service crashes a check, and code has a fixed address. */
export function redReport(about: Partial<Parameters<typeof report>[1]> = {}): Report {
  const location = { path: 'services/asr/app.py', line: 41, column: 9 };
  let results = greenResults(['asr-service', 'nmt-service']);
  results = turned(results, { id: 'env.jwt-secret' }, 'SECRET_MISSING', {});
  results = turned(results, { id: 'env.registry-url' }, 'REGISTRY_URL_DEFAULT', { url: 'http://r:1' });
  results = turned(results, { id: 'health.endpoint', service: 'nmt-service' }, 'CHECK_CRASHED', {
    id: 'health.endpoint',
    cause: 'boom',
  });
  results = turned(
    results,
    { id: 'env.service-vars' },
    'SECRET_MISSING',
    {},
    { seen: 'a fixed address', location },
  );
  return reportOf(blocked(results, /^message\./, 'env.jwt-secret'), about);
}
