import { appendFile, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Context } from '../context.js';
import type { Format } from '../doctor/reports/index.js';
import type { FilePaper, ReportPaper } from '../doctor/reports/paper.js';
import type { Report } from '../doctor/result.js';

/** A report that was asked for: into a file, or to GitHub Actions, which says itself where. */
export type ReportFile = { format: Format; path: string } | { format: 'github' };

/** What a job summary on GitHub holds, bytes; a longer one is not shown at all. */
const MAX_SUMMARY = 1024 * 1024;

type Host = Pick<Context, 'sources' | 'folder' | 'notify'>;

/** Reads `json=doctor.json` or `github`; a text that says what can be written where it is no report. */
export async function parseReportFile(text: string): Promise<ReportFile | string> {
  if (text === 'github') return { format: 'github' };
  const { FORMATS } = await import('../doctor/reports/index.js');
  const [, name, path] = /^([a-z]+)=(.+)$/s.exec(text) ?? [];
  const format = FORMATS.find((each) => each === name);
  if (format !== undefined && path !== undefined) return { format, path };
  const known = FORMATS.map((each) => `${each}=FILE`).join(', ');
  return `"${text}" is no report: write ${known} or github`;
}

/** Throws USAGE where a report could not be written: said before the run, not after it. */
export async function requireWritable(reports: readonly ReportFile[], host: Host): Promise<void> {
  if (reports.length === 0) return;
  const { requireWritableReports } = await import('../doctor/write-report.js');
  const paths = reports.flatMap((each) => (each.format === 'github' ? [] : [each.path]));
  await requireWritableReports(paths, host.folder);
  if (reports.some(({ format }) => format === 'github') && !inActions(host)) {
    host.notify(
      'Note: --report github writes nothing here: GITHUB_ACTIONS is not set, so this is no job of it.',
    );
  }
}

/**
 * Writes each report, files whole or not at all; one that cannot be written does not keep back the others. Throws
 * USAGE for the first of these.
 */
export async function writeReports(
  reports: readonly ReportFile[],
  report: Report,
  plain: ReportPaper,
  host: Host,
): Promise<void> {
  if (reports.length === 0) return;
  const [{ renderReport }, { writeReport }, { describeFinding }] = await Promise.all([
    import('../doctor/reports/index.js'),
    import('../doctor/write-report.js'),
    import('../doctor/describe.js'),
  ]);
  const paper = { ...plain, explain: describeFinding };
  const placed = fromRepository(report, host);
  const errors: unknown[] = [];
  for (const each of reports) {
    try {
      if (each.format === 'github') await tellActions(placed, paper, host);
      else {
        const shown = each.format === 'sarif' ? placed : report;
        await writeReport(resolve(host.folder, each.path), renderReport(each.format, shown, paper));
      }
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/** Annotations go to stderr, which the runner reads as it does stdout; stdout has the report alone. */
async function tellActions(report: Report, paper: FilePaper, host: Host): Promise<void> {
  if (!inActions(host)) return;
  const [{ githubAnnotations }, { markdownReport }] = await Promise.all([
    import('../doctor/reports/github.js'),
    import('../doctor/reports/markdown.js'),
  ]);
  for (const line of githubAnnotations(report, paper)) host.notify(line);
  const path = host.sources.environment.GITHUB_STEP_SUMMARY;
  if (!path) return host.notify('Note: no job summary is written: GITHUB_STEP_SUMMARY is not set.');
  const text = `${markdownReport(report, paper)}\n\n`;
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (size + Buffer.byteLength(text) > MAX_SUMMARY)
    return host.notify('Warning: the job summary has no room left for the report (1 MiB a step).');
  await appendFile(path, text).catch((error: Error) => {
    host.notify(`Warning: the job summary cannot be written: ${error.message}`);
  });
}

function inActions({ sources }: Host): boolean {
  return sources.environment.GITHUB_ACTIONS === 'true';
}

/** The report with places in the code as from the root of the repository, which is how GitHub knows them. */
function fromRepository(report: Report, { sources, folder }: Host): Report {
  const root = sources.environment.GITHUB_WORKSPACE || folder;
  const place = (path: string) => {
    const absolute = resolve(folder, path);
    const inside = relative(root, absolute);
    const outside = inside.startsWith('..') || isAbsolute(inside);
    return (outside ? absolute : inside).split(sep).join('/');
  };
  const results = report.results.map((result) => ({
    ...result,
    findings: result.findings.map((finding) => {
      const { location } = finding;
      return location === null
        ? finding
        : { ...finding, location: { ...location, path: place(location.path) } };
    }),
  }));
  return { ...report, results };
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
