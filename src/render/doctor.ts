import type { CheckDescription } from '../doctor/describe.js';
import { checkPage } from '../doctor/docs.js';
import { prettyReport } from '../doctor/reports/pretty.js';
import type { Report } from '../doctor/result.js';
import { table } from './table.js';
import type { View } from './view.js';

/** `regctl doctor`: the report; `-o name` is the ids of what is not green, `-o ndjson` a check a line. */
export function doctorView(options: { ascii: boolean; brief: boolean }): View<Report> {
  return {
    text: (report, paper) => prettyReport(report, { ...options, ...paper }),
    names: ({ results }) =>
      results
        .filter(({ status }) => status !== 'pass' && status !== 'skip')
        .map(({ id, service }) => (service === null ? id : `${service}/${id}`)),
    items: ({ results }) => results,
  };
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
export const explainView: View<CheckDescription> = {
  text: (check) => checkPage(check).trimEnd(),
  names: ({ id }) => [id],
};
