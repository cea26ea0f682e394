import type { CheckDescription } from '../doctor/describe.js';
import type { ReportPaper } from '../doctor/reports/paper.js';
import type { Report } from '../doctor/result.js';
import { PLAIN } from './style.js';
import { table } from './table.js';
import { clean, safeJson } from './text.js';
import type { View } from './view.js';

type Options = Pick<ReportPaper, 'ascii' | 'brief'>;

/** `regctl doctor`: the report; `-o name` is the ids of what is not green, `-o ndjson` a check a line. */
export function doctorView(
  prettyReport: (report: Report, paper: ReportPaper) => string,
  options: Options,
): View<Report> {
  return {
    text: (report, paper) => prettyReport(report, { ...options, ...paper, clean, json: safeJson }),
    names: ({ results }) =>
      results
        .filter(({ status }) => status !== 'pass' && status !== 'skip')
        .map(({ id, service }) => (service === null ? id : `${service}/${id}`)),
    items: ({ results }) => results,
  };
}

/** What report files are written on: whole, without colour. */
export function filePaper(options: Options): ReportPaper {
  const width = Number.POSITIVE_INFINITY;
  return { ...options, style: PLAIN, clean, json: safeJson, wide: true, width };
}

/** `regctl doctor --list`. */
export const checksView: View<CheckDescription[]> = {
  text: (checks, paper) =>
    table(
      ['ID', 'PROVES', ...(paper.wide ? ['REQUIRES', 'CHECKLIST'] : [])],
      checks.map(({ id, title, requires, checklist }) => [
        id,
        title,
        ...(paper.wide ? [requires.join(', '), checklist.join(', ')] : []),
      ]),
      paper,
    ),
  names: (checks) => checks.map(({ id }) => id),
  items: (checks) => checks,
};

/** `regctl doctor --explain`. */
export function explainView(checkPage: (check: CheckDescription) => string): View<CheckDescription> {
  return {
    text: (check) => checkPage(check).trimEnd(),
    names: ({ id }) => [id],
  };
}
