// The report for a person: the cause first, groups, a line a check, what to do under what is wrong, the verdict last.
import type { CheckResult, Finding, Report, Status } from '../result.js';
import type { ReportPaper } from './paper.js';

const SIGNS: Record<'utf8' | 'ascii', Record<Status, string>> = {
  utf8: { pass: '✔', warn: '!', fail: '✘', skip: '-', unknown: '?' },
  ascii: { pass: '+', warn: '!', fail: 'x', skip: '-', unknown: '?' },
};

const INDENT = ' '.repeat(13);

/** Ends without a newline. */
export function prettyReport(report: Report, paper: ReportPaper): string {
  const sections = groups(report.results).map((group) => groupText(group, paper));
  return [heading(report, paper), causeText(report, paper), ...sections, verdictText(report, paper)]
    .filter((section) => section !== '')
    .join('\n\n');
}

function heading({ registry, services }: Report, { style, clean }: ReportPaper): string {
  const where = registry.url === null ? 'no registry' : registry.url;
  const kind = registry.api === null ? '' : ` (${registry.api})`;
  const who = services.length > 3 ? `${services.length} services` : services.join(', ') || 'no service';
  return style.bold(clean(`Doctor: ${where}${kind}, ${who}`));
}

/** What stands in the way of most, before everything that only follows from it. */
function causeText({ causes, results }: Report, paper: ReportPaper): string {
  const [first] = causes;
  if (first === undefined) return '';
  const result = results.find(({ id, service }) => id === first.id && service === first.service);
  const why = result?.findings[0]?.seen ?? result?.skip?.why ?? 'it was not carried out';
  const many = `${first.blocks} check${first.blocks === 1 ? '' : 's'}`;
  return paper.style.bad(paper.clean(`First mend ${first.id}, which blocks ${many}: ${why}.`));
}

interface Group {
  title: string;
  results: CheckResult[];
}

function groups(results: readonly CheckResult[]): Group[] {
  const found = new Map<string, Group>();
  for (const result of results) {
    const key = `${result.service ?? ''} ${result.category}`;
    const title = result.service === null ? result.category : `${result.service}: ${result.category}`;
    const group = found.get(key) ?? { title, results: [] };
    group.results.push(result);
    found.set(key, group);
  }
  return [...found.values()];
}

function groupText({ title, results }: Group, paper: ReportPaper): string {
  const shown = results.filter(({ status }) => status !== 'skip' && !(paper.brief && status === 'pass'));
  const lines = [...shown.flatMap((result) => checkLines(result, paper)), ...skipLines(results, paper)];
  return lines.length === 0 ? '' : [paper.style.bold(paper.clean(title)), ...lines].join('\n');
}

function checkLines(result: CheckResult, paper: ReportPaper): string[] {
  const { style, width, clean } = paper;
  const attempts = result.attempts.length;
  const after = attempts > 1 ? `, ${attempts} attempts` : '';
  const took = `(${duration(result.duration_ms)}${after})`;
  const text = clean(`${result.id.padEnd(32)} ${result.title}`, Math.max(40, width - 15 - took.length));
  return [
    `  ${mark(result.status, paper)}  ${text} ${style.dim(took)}`,
    ...(paper.wide && result.seen !== null ? [`${INDENT}${style.dim(clean(result.seen))}`] : []),
    ...result.findings.flatMap((finding) => findingLines(finding, paper)),
  ];
}

function findingLines(
  { code, seen, remedy, reproduce }: Finding,
  { style, width, clean }: ReportPaper,
): string[] {
  const room = width - INDENT.length;
  const block = (label: string, text: string) => {
    const [first = '', ...rest] = wrap(clean(text), room - label.length - 1);
    const hang = ' '.repeat(label.length + 1);
    return [`${label} ${first}`, ...rest.map((line) => hang + line)];
  };
  return [
    ...block('Seen:', `${seen}. [${code}]`),
    ...block('Do:', remedy),
    ...(reproduce === null ? [] : [`${style.dim('Try:')} ${clean(reproduce)}`]),
  ].map((line) => INDENT + line);
}

/** Skipped checks, a line a reason. */
function skipLines(results: readonly CheckResult[], paper: ReportPaper): string[] {
  const reasons = new Map<string, string[]>();
  for (const { id, skip } of results) {
    if (skip === null || (paper.brief && skip.kind !== 'blocked')) continue;
    const reason = skip.kind === 'blocked' ? `blocked by ${skip.by}` : `${skip.kind}: ${skip.why}`;
    reasons.set(reason, [...(reasons.get(reason) ?? []), id]);
  }
  return [...reasons].flatMap(([reason, ids]) => {
    const [first = '', ...rest] = wrap(
      paper.clean(`${ids.join(', ')} (${reason})`),
      paper.width - INDENT.length,
    );
    return [`  ${mark('skip', paper)}  ${first}`, ...rest.map((line) => INDENT + line)].map((line) =>
      paper.style.dim(line),
    );
  });
}

function mark(status: Status, { style, ascii }: ReportPaper): string {
  const text = `${SIGNS[ascii ? 'ascii' : 'utf8'][status]} ${status.padEnd(7)}`.slice(0, 9);
  if (status === 'pass') return style.good(text);
  if (status === 'fail') return style.bad(text);
  return status === 'skip' ? text : style.warn(text);
}

function verdictText({ verdict, summary, duration_ms, exit }: Report, { style }: ReportPaper): string {
  const words = {
    pass: 'all is well',
    warn: 'it works, with warnings',
    fail: 'not integrated',
    unknown: 'could not find out',
  };
  const counts = [
    `${summary.fail} failed`,
    `${summary.unknown} unknown`,
    `${summary.warn} warned`,
    `${summary.pass} passed`,
    `${summary.skip} skipped`,
  ].join(', ');
  const colour = { pass: style.good, warn: style.warn, fail: style.bad, unknown: style.warn }[verdict];
  return `${colour(`Verdict: ${verdict}, ${words[verdict]}.`)} ${counts} in ${duration(duration_ms)}; exit ${exit}.`;
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Breaks at spaces; a word longer than the line stays whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
