// The file of --waivers: YAML or JSON, checked whole before anything is examined.
import * as v from 'valibot';
import type { Context } from '../context.js';
import type { CheckResult, JudgedWaiver, Waiver } from '../doctor/result.js';
import { fail } from '../errors.js';

interface Waived {
  results: CheckResult[];
  waivers: JudgedWaiver[];
}

/** What applies the waivers of `path` to the results of a run; without a path nothing is waived. Throws USAGE. */
export async function openWaivers(
  path: string | undefined,
  context: Pick<Context, 'readText' | 'clock'>,
): Promise<(results: CheckResult[], run: { complete: boolean }) => Waived> {
  if (path === undefined) return (results) => ({ results, waivers: [] });
  const [waivers, { applyWaivers }] = await Promise.all([
    readWaivers(path, context),
    import('../doctor/waivers.js'),
  ]);
  return (results, run) => applyWaivers(results, waivers, { ...run, file: path, now: context.clock.now() });
}

/** Reads the waivers. Throws USAGE with the line of what is wrong; nothing in the file is skipped or guessed. */
export async function readWaivers(path: string, context: Pick<Context, 'readText'>): Promise<Waiver[]> {
  const [source, { LineCounter, parseDocument }] = await Promise.all([
    context.readText(path),
    import('yaml'),
  ]);
  const text = v.pipe(v.string('must be text'), v.trim(), v.nonEmpty('must not be empty'), v.maxLength(500));
  const Entry = v.strictObject({
    id: text,
    code: v.optional(text),
    target: v.optional(text),
    owner: text,
    reason: text,
    expires: v.pipe(text, v.check(isDay, 'must be a day such as 2026-12-31')),
  });
  const File = v.strictObject({ waivers: v.array(Entry, 'must be a list') }, 'must hold "waivers:", a list');

  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const [message = ''] = broken.message.split('\n');
    throw invalid(path, `is neither YAML nor JSON: ${message.replace(/:$/, '')}`);
  }
  const parsed = v.safeParse(File, plain(document, path));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const place = (issue.path ?? []).map(({ key }) => key);
    const line = lineOf(place);
    const { expected, type, message } = issue;
    const key = String(place.at(-1) ?? '');
    const keys = Object.keys(place.length > 1 ? Entry.entries : File.entries).join(', ');
    const said =
      type !== 'strict_object' || key === ''
        ? `${key} ${message}`.trim()
        : expected === 'never'
          ? `"${key}" is no key of it (${keys})`
          : `${key} is missing`;
    throw invalid(path, `line ${line}: ${said}`);
  }
  return parsed.output.waivers.map(({ code = null, target = null, ...rest }) => ({ ...rest, code, target }));

  /** Of the innermost part that is there. */
  function lineOf(place: readonly unknown[]): number {
    for (let length = place.length; length > 0; length--) {
      const node: unknown = document.getIn(place.slice(0, length), true);
      if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range))
        return lines.linePos(Number(node.range[0])).line;
    }
    return 1;
  }
}

/** Throws USAGE where aliases would make it explode. */
function plain(document: { toJS(): unknown }, path: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw invalid(path, error instanceof Error ? error.message : String(error));
  }
}

/** `2026-02-30` is none. */
function isDay(text: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function invalid(path: string, problem: string) {
  return fail('USAGE', {
    what: `The waivers in ${path} cannot be used:`,
    why: `${problem}.`,
    next: 'An entry has id, owner, reason and expires, and may have code and target: see docs/doctor.md.',
  });
}
