// JUnit XML as Jenkins and GitLab read it: a suite per service and category, a case per check.
import type { CheckResult, Finding, Report, Skip } from '../result.js';
import { counting, type Group, groups, skipReason, subject, VERDICTS } from './outline.js';
import type { ReportPaper } from './paper.js';

/**
 * A failed check is a failure, an unknown one an error. A warning is a failure where `--fail-on warn` makes it one;
 * what does not count (a warning, what is not new with `--fail-on new`) passes with the finding in its output. There is no attribute `skipped` on testsuites: Jenkins' schema has none.
 */
export function junitReport(report: Report, paper: ReportPaper): string {
  const sheet = { report, paper, kindOf: kinds(report) };
  const suites = groups(report.results).map((group) => suite(group, sheet));
  const all = tally(report.results, sheet);
  const attributes = {
    name: 'regctl doctor',
    tests: all.tests,
    failures: all.failures,
    errors: all.errors,
    time: seconds(report.duration_ms),
  };
  const whole = element('testsuites', attributes, suites);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${whole}`;
}

interface Sheet {
  report: Report;
  paper: ReportPaper;
  kindOf(result: CheckResult): Kind;
}

function suite({ title, service, category, results }: Group, sheet: Sheet): string {
  const { report, paper } = sheet;
  const spent = results.reduce((sum, { duration_ms }) => sum + duration_ms, 0);
  const properties: Record<string, string> = {
    'regctl.version': report.tool.version,
    'regctl.subject': paper.clean(subject(report)),
    'regctl.verdict': `${report.verdict}, ${VERDICTS[report.verdict]}`,
    'regctl.exit': String(report.exit),
    category,
    ...(service === null ? {} : { service: paper.clean(service) }),
  };
  const attributes = {
    name: paper.clean(title),
    ...tally(results, sheet),
    time: seconds(spent),
    // xs:dateTime without a zone is what Ant writes and every reader takes.
    timestamp: report.started_at.slice(0, 19),
  };
  return element('testsuite', attributes, [
    element(
      'properties',
      {},
      Object.entries(properties).map(([name, value]) => element('property', { name, value })),
    ),
    ...results.map((result) => testcase(result, sheet)),
  ]);
}

function tally(results: readonly CheckResult[], { kindOf }: Sheet) {
  const count = (kind: Kind) => results.filter((result) => kindOf(result) === kind).length;
  return {
    tests: results.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
  };
}

type Kind = 'failure' | 'error' | 'skipped' | 'passed';

/** A case is red where the result counts towards a red exit code, so that a job and its tests agree. */
function kinds(report: Report): (result: CheckResult) => Kind {
  const counts = counting(report);
  return (result) => {
    const { status } = result;
    if (status === 'skip') return 'skipped';
    if (!counts(result)) return 'passed';
    if (status === 'fail' || (status === 'warn' && report.fail_on === 'warn')) return 'failure';
    return status === 'unknown' ? 'error' : 'passed';
  };
}

function testcase(result: CheckResult, { paper: { clean }, kindOf }: Sheet): string {
  const { id, title, category, service, findings, skip, seen, duration_ms } = result;
  const attributes = {
    classname: clean(service === null ? category : `${service}.${category}`),
    name: `${id}: ${title}`,
    time: seconds(duration_ms),
  };
  const kind = kindOf(result);
  const [first] = findings;
  const text = findings.map((finding) => findingText(finding, clean)).join('\n\n');
  if ((kind === 'failure' || kind === 'error') && first !== undefined) {
    const said = { message: clean(`${first.seen} [${first.code}]`), type: first.code };
    return element('testcase', attributes, [element(kind, said, [escapeXml(text)])]);
  }
  if (kind === 'skipped') {
    return element('testcase', attributes, [element('skipped', { message: clean(skipText(skip)) })]);
  }
  const output = [...(seen === null ? [] : [clean(seen)]), ...(text === '' ? [] : [text])].join('\n');
  return element(
    'testcase',
    attributes,
    output === '' ? [] : [element('system-out', {}, [escapeXml(output)])],
  );
}

function skipText(skip: Skip | null): string {
  if (skip === null) return '';
  return skip.kind === 'blocked' ? `${skipReason(skip)}: ${skip.why}` : skipReason(skip);
}

function findingText(finding: Finding, clean: ReportPaper['clean']): string {
  const { level, code, seen, remedy, reproduce, location } = finding;
  return [
    `${level} ${code}`,
    ...(location === null ? [] : [`At: ${clean(`${location.path}:${location.line}:${location.column}`)}`]),
    `Seen: ${clean(seen)}`,
    `Do: ${clean(remedy)}`,
    ...(reproduce === null ? [] : [`Try: ${clean(reproduce)}`]),
  ].join('\n');
}

/** `children` are XML already. */
function element(
  name: string,
  attributes: Record<string, string | number>,
  children: readonly string[] = [],
): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`);
  const open = `<${name}${written.join('')}`;
  if (children.length === 0) return `${open}/>`;
  const inner = children.join('\n');
  return inner.startsWith('<') ? `${open}>\n${inner}\n</${name}>` : `${open}>${inner}</${name}>`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text for content and attributes; what is no character of XML 1.0 (§2.2) goes. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
