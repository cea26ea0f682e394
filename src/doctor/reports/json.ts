import { safeJson } from '../../render/text.js';
import type { Report } from '../result.js';

/** The report as one JSON document; its shape is a contract (docs/schemas). */
export function jsonReport(report: Report): string {
  return `${safeJson(report, 2)}\n`;
}
