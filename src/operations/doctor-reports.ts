import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Format } from '../doctor/reports/index.js';
import type { ReportPaper } from '../doctor/reports/paper.js';
import type { Report } from '../doctor/result.js';
import { fail } from '../errors.js';

export interface ReportFile {
  format: Format;
  path: string;
}

/** Reads `json=doctor.json`; undefined where it is no report. */
export async function parseReportFile(text: string): Promise<ReportFile | undefined> {
  const { FORMATS } = await import('../doctor/reports/index.js');
  const [, name, path] = /^([a-z]+)=(.+)$/.exec(text) ?? [];
  const format = FORMATS.find((each) => each === name);
  return format === undefined || path === undefined ? undefined : { format, path };
}

/** Throws USAGE where a report could not be written: said before the run, not after it. */
export async function requireWritable(files: readonly ReportFile[]): Promise<void> {
  for (const { path } of files) {
    await access(dirname(path), constants.W_OK).catch((error: NodeJS.ErrnoException) => {
      throw fail('USAGE', {
        what: `The report ${path} cannot be written:`,
        why: `${error.code ?? error.message}.`,
        next: 'Check the folder and its permissions.',
      });
    });
  }
}

/** Writes each file whole or not at all. Throws USAGE where one cannot be written. */
export async function writeReports(
  files: readonly ReportFile[],
  report: Report,
  paper: ReportPaper,
): Promise<void> {
  if (files.length === 0) return;
  const [{ renderReport }, { writeReport }] = await Promise.all([
    import('../doctor/reports/index.js'),
    import('../doctor/write-report.js'),
  ]);
  for (const { format, path } of files) await writeReport(path, renderReport(format, report, paper));
}

/** What the views of the doctor are made with. */
export async function doctorTexts() {
  const [{ prettyReport }, { checkPage }] = await Promise.all([
    import('../doctor/reports/pretty.js'),
    import('../doctor/docs.js'),
  ]);
  return { prettyReport, checkPage };
}

/** True where the locale can show more than ASCII (POSIX: LC_ALL, then LC_CTYPE, then LANG); so it is without any. */
export function utf8(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG;
  return !locale || /utf-?8/i.test(locale);
}
