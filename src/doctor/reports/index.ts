// The reports that --report can write. A new one is a file beside this one and a line here.
import type { Report } from '../result.js';
import { jsonReport } from './json.js';
import { type PrettyOptions, prettyReport } from './pretty.js';

export const FORMATS = ['json', 'pretty'] as const;
export type Format = (typeof FORMATS)[number];

const REPORTS: Record<Format, (report: Report, options: PrettyOptions) => string> = {
  json: (report) => jsonReport(report),
  pretty: (report, options) => `${prettyReport(report, { ...options, width: Number.POSITIVE_INFINITY })}\n`,
};

/** The text of a report file. */
export function renderReport(format: Format, report: Report, options: PrettyOptions): string {
  return REPORTS[format](report, options);
}
