// The reports that --report can write. A new one is a file beside this one and a line here.
import type { Report } from '../result.js';
import { jsonReport } from './json.js';
import type { ReportPaper } from './paper.js';
import { prettyReport } from './pretty.js';

/** Format → the text of a report, which ends without a newline. */
const REPORTS = { json: jsonReport, pretty: prettyReport } satisfies Record<
  string,
  (report: Report, paper: ReportPaper) => string
>;

export type Format = keyof typeof REPORTS;
export const FORMATS = Object.keys(REPORTS) as Format[];

/** The text of a report file. */
export function renderReport(format: Format, report: Report, paper: ReportPaper): string {
  return `${REPORTS[format](report, paper)}\n`;
}
