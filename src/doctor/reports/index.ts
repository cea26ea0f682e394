// The reports that --report can write into a file. A new one is a file beside this one and a line here.
import type { Report } from '../result.js';
import { htmlReport } from './html.js';
import { jsonReport } from './json.js';
import { junitReport } from './junit.js';
import { markdownReport } from './markdown.js';
import type { FilePaper } from './paper.js';
import { prettyReport } from './pretty.js';
import { sarifReport } from './sarif.js';

/** Format → the text of a report, which ends without a newline. */
const REPORTS = {
  json: jsonReport,
  junit: junitReport,
  html: htmlReport,
  markdown: markdownReport,
  sarif: sarifReport,
  pretty: prettyReport,
} satisfies Record<string, (report: Report, paper: FilePaper) => string>;

export type Format = keyof typeof REPORTS;
export const FORMATS = Object.keys(REPORTS) as Format[];

/** The text of a report file. */
export function renderReport(format: Format, report: Report, paper: FilePaper): string {
  return `${REPORTS[format](report, paper)}\n`;
}
