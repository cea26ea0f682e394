// Workflow commands that GitHub Actions shows as annotations, at the line of the code where there is one.
import type { Finding, Report } from '../result.js';
import { counting, firstCause, type Problem, plural, problems } from './outline.js';
import type { ReportPaper } from './paper.js';

/** GitHub shows so many errors and so many warnings of a step, and drops the rest without a word. */
const SHOWN = 10;
/** Characters, of what was seen and of the remedy each. */
const MAX_SEEN = 300;

/** Lines to print, what matters most first; none where all is well. */
export function githubAnnotations(report: Report, { clean }: Pick<ReportPaper, 'clean'>): string[] {
  const found = problems(report);
  const cause = firstCause(report);
  const counts = counting(report);
  const kindOf = ({ id, level, cases }: Problem): Kind =>
    level !== 'warn' && cases.some(({ service }) => counts({ id, service })) ? 'error' : 'warning';
  const all = found.flatMap((problem) => annotations(problem, kindOf(problem), clean));
  // What was left out by --skip may block others too, and there is no finding of it.
  if (cause !== undefined && !found.some(({ id }) => id === cause.id)) {
    const why = `It blocks ${plural(cause.blocks, 'check')}: ${clean(cause.why, MAX_SEEN)}.`;
    all.unshift(command('error', cause.id, null, [why]));
  }
  const distinct = [...new Set(all)];
  const ofKind = (kind: Kind) => distinct.filter((each) => each.startsWith(`::${kind} `));
  return [...bounded('error', ofKind('error')), ...bounded('warning', ofKind('warning'))];
}

type Kind = 'error' | 'warning';

/** One for each place in the code; what is not in the code is one annotation, for however many services. */
function annotations(
  { id, code, blocks, cases }: Problem,
  kind: Kind,
  clean: ReportPaper['clean'],
): string[] {
  const title = `${id} (${code})`;
  const lines = ({ seen, remedy }: Finding, of: string) => [
    `${clean(seen, MAX_SEEN)}${of}.`,
    clean(remedy, MAX_SEEN),
    ...(blocks === 0 ? [] : [`It blocks ${plural(blocks, 'check')}: mend it first.`]),
  ];
  const placed = cases.filter(({ finding }) => finding.location !== null);
  const others = cases.filter(({ finding }) => finding.location === null);
  const [first] = others;
  const services = others.flatMap(({ service }) => (service === null ? [] : [clean(service, 100)]));
  const named = services.length > 3 ? `${services.length} services` : services.join(', ');
  return [
    ...placed.map(({ finding }) => command(kind, title, finding, lines(finding, ''))),
    ...(first === undefined
      ? []
      : [command(kind, title, null, lines(first.finding, named === '' ? '' : ` (${named})`))]),
  ];
}

function bounded(kind: Kind, commands: readonly string[]): string[] {
  if (commands.length <= SHOWN) return [...commands];
  const left = commands.length - SHOWN + 1;
  const rest = command(kind, 'regctl doctor', null, [`${left} more: see the job summary.`]);
  return [...commands.slice(0, SHOWN - 1), rest];
}

function command(kind: Kind, title: string, finding: Finding | null, lines: readonly string[]): string {
  const place = finding?.location ?? null;
  const properties = [
    ...(place === null ? [] : [`file=${property(place.path)}`, `line=${place.line}`, `col=${place.column}`]),
    `title=${property(title)}`,
  ];
  return `::${kind} ${properties.join(',')}::${data(lines.join('\n'))}`;
}

/** The runner also obeys `##[command]`, in the middle of a line. */
function data(text: string): string {
  return text
    .replaceAll('%', '%25')
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A')
    .replaceAll('##[', '# #[');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
