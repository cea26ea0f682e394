// SARIF 2.1.0 for code scanning: a rule per code, a result per finding, at its line of the code or at the service.
// GitHub refuses the whole file for one result without a file: a service stands for one, as an image does for scanners.
import { createHash } from 'node:crypto';
import type { CheckResult, Finding, Level, Report } from '../result.js';
import type { FilePaper } from './paper.js';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** Where it was not found out, nothing failed: of another kind than `fail` the level is `none` (§3.27.10). */
const WEIGHTS: Record<Level, { kind: 'fail' | 'open'; level: 'error' | 'warning' | 'none' }> = {
  fail: { kind: 'fail', level: 'error' },
  warn: { kind: 'fail', level: 'warning' },
  unknown: { kind: 'open', level: 'none' },
};

export function sarifReport(report: Report, paper: FilePaper): string {
  const found = report.results.flatMap((result) => [
    ...result.findings.map((finding) => ({ result, finding, waived: false })),
    ...result.waived.map((finding) => ({ result, finding, waived: true })),
  ]);
  const rules = new Map(found.map(({ result, finding }) => [finding.code, ruleOf(result, finding, paper)]));
  const indices = new Map([...rules.keys()].map((code, index) => [code, index]));
  const seen = new Map<string, number>();
  const run = {
    tool: {
      driver: { name: 'regctl doctor', semanticVersion: report.tool.version, rules: [...rules.values()] },
    },
    automationDetails: { id: 'regctl-doctor/' },
    invocations: [
      {
        executionSuccessful: report.verdict !== 'unknown',
        exitCode: report.exit,
        startTimeUtc: report.started_at,
        endTimeUtc: new Date(Date.parse(report.started_at) + report.duration_ms).toISOString(),
      },
    ],
    columnKind: 'utf16CodeUnits',
    results: found.map(({ result, finding, waived }) => ({
      ruleId: finding.code,
      ruleIndex: indices.get(finding.code) ?? -1,
      ...WEIGHTS[finding.level],
      message: { text: paper.clean(`${finding.seen}. ${finding.remedy}`) },
      locations: [place(result, finding, paper)],
      ...(waived ? { suppressions: [{ kind: 'external', justification: justify(result, paper) }] } : {}),
      partialFingerprints: fingerprints(result, finding, seen),
    })),
  };
  return paper.json({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, 2);
}

function ruleOf(
  { id, title, category }: CheckResult,
  { code, level, reproduce }: Finding,
  { explain }: FilePaper,
) {
  const { seen, remedy } = explain(code);
  const command =
    reproduce === null ? '' : ' Each result has a command that shows it again in the JSON report.';
  return {
    id: code,
    name: pascal(code),
    shortDescription: { text: `Not so: ${title}` },
    fullDescription: { text: `${seen}.` },
    help: { text: `${remedy}${command} All about the check: regctl doctor --explain ${id}` },
    defaultConfiguration: { level: WEIGHTS[level].level },
    properties: { check: id, tags: [category] },
  };
}

function place({ id, service }: CheckResult, { location }: Finding, { clean }: FilePaper) {
  if (location !== null) {
    const { line, column } = location;
    return {
      physicalLocation: {
        artifactLocation: artifact(location.path),
        region: { startLine: line, startColumn: column },
      },
    };
  }
  const name = service === null ? 'deployment' : clean(service);
  return {
    physicalLocation: { artifactLocation: artifact(name), region: { startLine: 1 } },
    logicalLocations: [{ name, fullyQualifiedName: `${name}/${id}`, kind: 'resource' }],
  };
}

function justify({ skip }: CheckResult, { clean }: FilePaper): string {
  return skip?.kind === 'waived' ? clean(skip.why) : 'waived';
}

/** A path from the root of the repository, or wherever it is. */
function artifact(path: string) {
  const uri = path.split('/').map(encodeURIComponent).join('/');
  return path.startsWith('/') ? { uri: `file://${uri}` } : { uri, uriBaseId: '%SRCROOT%' };
}

/**
 * The same while lines above it move and what is seen varies: check, code, service, file, and the how-manieth there.
 * GitHub tells results apart by a hash of the line, which a service has not.
 */
function fingerprints(
  { id, service }: CheckResult,
  { code, location }: Finding,
  seen: Map<string, number>,
): Record<string, string> {
  const key = JSON.stringify([id, code, service, location?.path ?? null]);
  const nth = (seen.get(key) ?? 0) + 1;
  seen.set(key, nth);
  const print = createHash('sha256').update(`${key} ${nth}`).digest('hex').slice(0, 32);
  const own = { 'regctlDoctor/v1': print };
  return location === null ? { ...own, primaryLocationLineHash: `${print}:1` } : own;
}

/** `SECRET_MISSING` → `SecretMissing`. */
function pascal(code: string): string {
  return code.toLowerCase().replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
