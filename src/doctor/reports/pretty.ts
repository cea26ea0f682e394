// The report for a person: the cause first, groups, a line a check, what to do under what is wrong, the verdict last.
import type { CheckResult, Finding, Report, Status } from '../result.js';
import {
  changes,
  counts,
  duration,
  firstCause,
  type Group,
  groups,
  plural,
  skips,
  subject,
  VERDICTS,
  waiversText,
} from './outline.js';
import type { ReportPaper } from './paper.js';

const SIGNS: Record<'utf8' | 'ascii', Record<Status, string>> = {
  utf8: { pass: '✔', warn: '!', fail: '✘', skip: '-', unknown: '?' },
  ascii: { pass: '+', warn: '!', fail: 'x', skip: '-', unknown: '?' },
};

const INDENT = ' '.repeat(13);

/** Ends without a newline. */
export function prettyReport(report: Report, paper: ReportPaper): string {
  const all = groups(report.results);
  const carriedOut = all.filter((group) => !isLeftOut(group));
  const leftOut = all.filter(isLeftOut).flatMap(({ results }) => results);
  return [
    heading(report, paper),
    causeText(report, paper),
    ...carriedOut.map((group) => groupText(group, paper)),
    groupText({ title: 'not carried out', results: leftOut }, paper),
    verdictText(report, paper),
  ]
    .filter((section) => section !== '')
    .join('\n\n');
}

function heading(report: Report, { style, clean }: ReportPaper): string {
  return style.bold(clean(`Doctor: ${subject(report)}`));
}

/** What stands in the way of most, before everything that only follows from it. */
function causeText(report: Report, paper: ReportPaper): string {
  const first = firstCause(report);
  if (first === undefined) return '';
  const many = plural(first.blocks, 'check');
  return paper.style.bad(paper.clean(`First mend ${first.id}, which blocks ${many}: ${first.why}.`));
}

/** Nothing in it was asked for, or applies: no news. */
function isLeftOut({ results }: Group): boolean {
  return results.every(({ skip }) => skip?.kind === 'not-applicable' || skip?.kind === 'filtered');
}

function groupText({ title, results }: Pick<Group, 'title' | 'results'>, paper: ReportPaper): string {
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
  const shown = paper.brief ? results.filter(({ skip }) => skip?.kind === 'blocked') : results;
  return [...skips(shown)].flatMap(([reason, ids]) => {
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

function verdictText(report: Report, { style, clean }: ReportPaper): string {
  const { verdict, duration_ms, exit } = report;
  const colour = { pass: style.good, warn: style.warn, fail: style.bad, unknown: style.warn }[verdict];
  const words = colour(`Verdict: ${verdict}, ${VERDICTS[verdict]}.`);
  const beside = [changes(report), waiversText(report)].filter((part) => part !== undefined);
  const told = beside.length === 0 ? '' : ` ${clean(beside.join('; '))};`;
  return `${words} ${counts(report)} in ${duration(duration_ms)};${told} exit ${exit}.`;
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
