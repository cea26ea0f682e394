// Markdown for a comment or a job summary on GitHub: a line on green, else the cause, a table, and what to do, folded.
import type { Finding, Level, Report } from '../result.js';
import {
  type Case,
  changes,
  counts,
  duration,
  type FirstCause,
  firstCause,
  type Problem,
  plural,
  problems,
  skips,
  subject,
  VERDICTS,
  waiversText,
} from './outline.js';
import type { ReportPaper } from './paper.js';

/** A comment on GitHub holds 65,536 characters. */
const MAX_CHARACTERS = 60_000;
const MAX_REMEDIES = 40;
const SIGNS = { pass: '✅', warn: '⚠️', fail: '❌', unknown: '❔' } as const;

/** Ends without a newline. What came from the network stands in it as text: no markup, no link, no mention. */
export function markdownReport(report: Report, paper: ReportPaper): string {
  const { verdict } = report;
  const text = (value: string) => escapeMarkdown(paper.clean(value));
  const found = problems(report);
  const first = firstCause(report);
  const beside = [changes(report), waiversText(report)].filter((part) => part !== undefined).join('; ');
  const head = [
    `## ${SIGNS[verdict]} Doctor: ${VERDICTS[verdict]}`,
    `${text(subject(report))}: ${counts(report)} in ${duration(report.duration_ms)}; exit ${report.exit}.`,
    ...(beside === '' ? [] : [`${text(beside.charAt(0).toUpperCase() + beside.slice(1))}.`]),
    ...(first === undefined ? [] : [causeText(first, text)]),
  ];
  const tail = report.verdict === 'pass' ? [] : [skipsText(report, text)];
  const room = MAX_CHARACTERS - [...head, ...tail].join('\n\n').length;
  return [...head, ...table(found, text, room / 2), ...remedies(found, paper, text, room / 2), ...tail]
    .filter((part) => part !== '')
    .join('\n\n');
}

type Text = (value: string) => string;

function causeText({ id, blocks, why }: FirstCause, text: Text): string {
  return `> **First mend ${code(id)}**, which blocks ${plural(blocks, 'check')}: ${text(why)}.`;
}

function table(found: readonly Problem[], text: Text, room: number): string[] {
  if (found.length === 0) return [];
  const rows = found.map(
    ({ id, level, code: name, cases }) =>
      `| ${mark(level)} | ${code(id)} | ${text(cases[0]?.finding.seen ?? '')} ${code(name)} | ${text(where(cases))} |`,
  );
  const kept = fitting(rows, room);
  const left = rows.length - kept.length;
  return [
    ['| | check | seen | where |', '| --- | --- | --- | --- |', ...kept].join('\n'),
    ...(left === 0 ? [] : [`${left} more did not fit.`]),
  ];
}

/** The services, or the places in the code. */
function where(cases: readonly Case[]): string {
  const names = [
    ...new Set(
      cases.map(({ service, finding: { location } }) =>
        location === null ? (service ?? 'deployment') : `${location.path}:${location.line}`,
      ),
    ),
  ];
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return `${names.slice(0, 3).join(', ')}${more}`;
}

function remedies(found: readonly Problem[], paper: ReportPaper, text: Text, room: number): string[] {
  const parts = found.slice(0, MAX_REMEDIES).flatMap(({ id, title, code: name, cases: [first] }) => {
    if (first === undefined) return [];
    const { remedy, reproduce }: Finding = first.finding;
    const lines = [`**${code(id)}** ${text(title)} (${code(name)})`, prose(remedy, text)];
    return [[...lines, ...(reproduce === null ? [] : [fence(paper.clean(reproduce))])].join('\n\n')];
  });
  const kept = fitting(parts, room);
  if (kept.length === 0) return [];
  return [folded(`What to do about ${kept.length === 1 ? 'it' : 'each'}`, kept.join('\n\n'))];
}

function skipsText({ results }: Report, text: Text): string {
  const lines = [...skips(results)].map(([reason, ids]) => `- ${ids.map(code).join(', ')}: ${text(reason)}`);
  return lines.length === 0 ? '' : folded('What was skipped', fitting(lines, 10_000).join('\n'));
}

/** As many of the first parts as there is room for. */
function fitting(parts: readonly string[], room: number): string[] {
  let used = 0;
  return parts.filter((part) => {
    used += part.length + 2;
    return used <= room;
  });
}

function mark(level: Level): string {
  return `${SIGNS[level]} ${level}`;
}

function folded(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

/** Text of ours, in which `backticks` set off what is typed. */
function prose(remedy: string, text: Text): string {
  return remedy
    .split(/(`[^`]+`)/)
    .map((part, index) => (index % 2 === 0 ? text(part) : part))
    .join('');
}

/** An id or a code of ours, which holds no backtick. */
function code(name: string): string {
  return `\`${name}\``;
}

/** A block of code; its fence is longer than any in it. */
function fence(command: string): string {
  const longest = Math.max(2, ...[...command.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const marks = '`'.repeat(longest + 1);
  return `${marks}sh\n${command}\n${marks}`;
}

/**
 * One line of text as text. An entity or a backslash keeps punctuation from being markup; where GitHub looks at the
 * text itself (mentions, issues, addresses), a character without width stands between.
 */
function escapeMarkdown(line: string): string {
  return line
    .replace(/[&<>]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char] ?? char)
    .replace(/[\\`*_{}[\]|~$!^]/g, '\\$&')
    .replace(/:\/\//g, '\\:\\/\\/')
    .replace(/\bwww\./gi, '$&\u200b')
    .replace(/@(?=\w)|(?<!&)#(?=\w)|\bGH-(?=\d)/gi, '$&\u200b')
    .replace(/^(\s*)([-+#=]|\d+[.)])/, '$1\\$2');
}
