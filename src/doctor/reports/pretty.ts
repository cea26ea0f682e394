// The report for a person: the cause first, groups, a line a check, what to do under what is wrong, the verdict last.
// Of a long report a terminal shows the end: there stands once more where to begin.
import type { CheckResult, Finding, Report, Status } from '../result.js';
import {
  changes,
  counts,
  duration,
  firstCause,
  type Group,
  groups,
  plural,
  problems,
  skipReason,
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

/** Below this many columns a title is no more than its first words. */
const ROOM_FOR_TITLE = 50;

/** As many as are read of a list of where to begin. */
const MOST = 5;

/** Ends without a newline. */
export function prettyReport(report: Report, paper: ReportPaper): string {
  const all = groups(report.results);
  const carriedOut = all.filter((group) => !isLeftOut(group));
  const leftOut = all.filter(isLeftOut).flatMap(({ results }) => results);
  return [
    heading(report, paper),
    causeText(report, paper),
    ...carriedOut.map((group) => groupText(group, paper)),
    paper.brief
      ? blockedText(report, paper)
      : groupText({ title: 'not carried out', results: leftOut }, paper),
    nextText(report, paper),
    newText(report, paper),
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
  const text = paper.clean(`First mend ${first.id}, which blocks ${many}: ${first.why}.`);
  return wrap(text, paper.width)
    .map((line) => paper.style.bad(line))
    .join('\n');
}

/** Where to begin; with --brief all of it is in sight. */
function nextText(report: Report, paper: ReportPaper): string {
  const ids = [...new Set(problems(report).map(({ id }) => id))];
  if (paper.brief || ids.length === 0) return '';
  return paragraph(`Begin with: ${few(ids)}. Only what is not green: --brief.`, paper);
}

/** What the earlier run did not find, among all that both did; failures first. */
function newText({ comparison }: Report, paper: ReportPaper): string {
  const found = comparison?.new ?? [];
  if (found.length === 0) return '';
  const failures = found.filter(({ level }) => level === 'fail');
  const names = [...failures, ...found.filter(({ level }) => level !== 'fail')].map(
    ({ id, service, code }) => `${id}${service === null ? '' : ` of ${service}`} [${code}]`,
  );
  return paragraph(`New: ${few(names)}.`, paper);
}

function few(names: readonly string[]): string {
  const more = names.length > MOST ? `, and ${names.length - MOST} more` : '';
  return `${names.slice(0, MOST).join(', ')}${more}`;
}

function paragraph(text: string, { clean, width }: ReportPaper): string {
  return wrap(clean(text), width).join('\n');
}

/** Nothing in it was asked for, or applies: no news. */
function isLeftOut({ results }: Group): boolean {
  return results.every(({ skip }) => skip?.kind === 'not-applicable' || skip?.kind === 'filtered');
}

function groupText({ title, results }: Pick<Group, 'title' | 'results'>, paper: ReportPaper): string {
  const shown = results.filter(({ status }) => status !== 'skip' && !(paper.brief && status === 'pass'));
  const left = paper.brief ? [] : skipLines(results, paper);
  const lines = [...shown.flatMap((result) => checkLines(result, paper)), ...left];
  return lines.length === 0 ? '' : [paper.style.bold(paper.clean(title)), ...lines].join('\n');
}

function checkLines(result: CheckResult, paper: ReportPaper): string[] {
  const { style, width, clean } = paper;
  const attempts = result.attempts.length;
  const after = attempts > 1 ? `, ${attempts} attempts` : '';
  const took = `(${duration(result.duration_ms)}${after})`;
  const room = width - 15 - took.length;
  const { id, title } = result;
  const text = room < ROOM_FOR_TITLE ? clean(id) : clean(`${id.padEnd(32)} ${title}`, room);
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

/** Skipped checks, a line a reason; where it is the reason of a whole category, `source.*`, as --only takes it. */
function skipLines(results: readonly CheckResult[], paper: ReportPaper): string[] {
  const reasons = new Map<string, Set<string | undefined>>();
  for (const { category, skip } of results)
    reasons.set(
      category,
      (reasons.get(category) ?? new Set()).add(skip === null ? undefined : skipReason(skip)),
    );
  return [...skips(results)].flatMap(([reason, ids]) => {
    const category = (id: string) => id.slice(0, id.indexOf('.'));
    const many = (id: string) => ids.some((other) => other !== id && category(other) === category(id));
    const name = (id: string) =>
      reasons.get(category(id))?.size === 1 && many(id) ? `${category(id)}.*` : id;
    return skipLine(`${[...new Set(ids.map(name))].join(', ')} (${reason})`, paper);
  });
}

/** How many wait for what: which ones they are is of no use until that is mended. */
function blockedText({ results }: Report, paper: ReportPaper): string {
  const waiting = new Map<string, number>();
  for (const { skip } of results)
    if (skip?.kind === 'blocked') waiting.set(skip.by, (waiting.get(skip.by) ?? 0) + 1);
  return [...waiting]
    .flatMap(([id, checks]) => skipLine(`${plural(checks, 'check')} (blocked by ${id})`, paper))
    .join('\n');
}

function skipLine(text: string, paper: ReportPaper): string[] {
  const [first = '', ...rest] = wrap(paper.clean(text), paper.width - INDENT.length);
  const lines = [`  ${mark('skip', paper)}  ${first}`, ...rest.map((line) => INDENT + line)];
  return lines.map((line) => paper.style.dim(line));
}

function mark(status: Status, { style, ascii }: ReportPaper): string {
  const text = `${SIGNS[ascii ? 'ascii' : 'utf8'][status]} ${status.padEnd(7)}`.slice(0, 9);
  if (status === 'pass') return style.good(text);
  if (status === 'fail') return style.bad(text);
  return status === 'skip' ? text : style.warn(text);
}

function verdictText(report: Report, { style, clean, width }: ReportPaper): string {
  const { verdict, duration_ms, exit } = report;
  const colour = { pass: style.good, warn: style.warn, fail: style.bad, unknown: style.warn }[verdict];
  const words = `Verdict: ${verdict}, ${VERDICTS[verdict]}.`;
  const beside = [changes(report), waiversText(report)].filter((part) => part !== undefined);
  const told = beside.length === 0 ? '' : ` ${beside.join('; ')};`;
  const text = clean(`${words} ${counts(report)} in ${duration(duration_ms)};${told} exit ${exit}.`);
  return wrap(text, width)
    .join('\n')
    .replace(words, (found) => colour(found));
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
