// The earlier report of --compare.
import { readFile, stat } from 'node:fs/promises';
import * as v from 'valibot';
import type { PreviousReport } from '../doctor/comparison.js';
import { type CheckResult, type Comparison, type FailOn, STATUSES } from '../doctor/result.js';
import { fail } from '../errors.js';

/** Far above the report of a thousand services. */
const MAX_BYTES = 256 * 1024 * 1024;

/** What compares the results of a run with the report in `path`; null without a path. Throws USAGE. */
export async function openPrevious(
  path: string | undefined,
  failOn: FailOn,
): Promise<(results: CheckResult[]) => Comparison | null> {
  if (path === undefined) {
    if (failOn !== 'new') return () => null;
    throw fail('USAGE', {
      what: '--fail-on new needs an earlier report.',
      why: '',
      next: 'Give it with --compare FILE; `--report json=FILE` writes one.',
    });
  }
  const [previous, { compare }] = await Promise.all([readPrevious(path), import('../doctor/comparison.js')]);
  return (results) => compare(previous, results);
}

/** Reads what `--report json=FILE` or `--json` wrote. Throws USAGE where it is no such report. */
export async function readPrevious(path: string): Promise<PreviousReport> {
  const text = v.string();
  const Schema = v.object({
    schemaVersion: v.literal(1),
    tool: v.object({ name: v.literal('regctl') }),
    started_at: v.pipe(text, v.isoTimestamp()),
    results: v.array(
      v.object({
        id: text,
        service: v.nullable(text),
        status: v.picklist(STATUSES),
        findings: v.array(v.object({ code: text, level: v.picklist(['warn', 'fail', 'unknown']) })),
      }),
    ),
  });
  const document = await readJson(path);
  const parsed = v.safeParse(Schema, document);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const where = v.getDotPath(issue);
  throw unusable(path, where === null ? issue.message : `${where}: ${issue.message}`);
}

async function readJson(path: string): Promise<unknown> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES / 1024 / 1024} MiB`);
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message : String(error));
  }
}

function unusable(path: string, problem: string) {
  return fail('USAGE', {
    what: `The report ${path} cannot be compared with:`,
    why: `${problem}.`,
    next: 'Give a file that `regctl doctor --report json=FILE` wrote.',
  });
}
