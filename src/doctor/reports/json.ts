import type { Report } from '../result.js';
import type { ReportPaper } from './paper.js';

/** The report as one JSON document; its shape is a contract (docs/schemas). */
export function jsonReport(report: Report, { json }: ReportPaper): string {
  return json(report, 2);
}
