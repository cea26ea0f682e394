import type { AnsweredItem, Checklist } from '../doctor/checklist.js';
import type { Finding, Status } from '../doctor/result.js';
import { clean, wrap } from './text.js';
import type { Paper, View } from './view.js';

const SIGNS: Record<'utf8' | 'ascii', Record<Status, string>> = {
  utf8: { pass: '✔', warn: '!', fail: '✘', skip: '-', unknown: '?' },
  ascii: { pass: '+', warn: '!', fail: 'x', skip: '-', unknown: '?' },
};

/** What stands below an item. */
const INDENT = ' '.repeat(6);

const COLOURS = { pass: 'good', warn: 'warn', fail: 'bad', skip: 'dim', unknown: 'warn' } as const;

/** Of a thousand services that have the same trouble, a few show it. */
const MOST = 5;

/** `regctl doctor --checklist`: the guide's list with a sign at each item; `-o name` is the items not ticked. */
export function checklistView({ ascii }: { ascii: boolean }): View<Checklist> {
  const signs = SIGNS[ascii ? 'ascii' : 'utf8'];
  return {
    text: (list, paper) =>
      [
        paper.style.bold(clean(`${titleOf(list)}: ${list.registry.url}, ${whoOf(list)}`)),
        list.items.flatMap((item) => itemLines(item, signs[item.status], paper)).join('\n'),
        verdictText(list, paper),
      ].join('\n\n'),
    names: ({ items }) => items.filter(({ status }) => status !== 'pass').map(({ item }) => item),
    items: ({ items }) => items,
  };
}

function titleOf({ checklist }: Checklist): string {
  return `${checklist.charAt(0).toUpperCase()}${checklist.slice(1)} checklist`;
}

function whoOf({ services }: Checklist): string {
  return services.length > 3 ? `${services.length} services` : services.join(', ') || 'no service';
}

function itemLines({ text, status, why, open, checks }: AnsweredItem, sign: string, paper: Paper): string[] {
  const troubles = checks.flatMap(({ id, service, findings }) =>
    findings.map((finding) => ({ name: service === null ? id : `${id} of ${service}`, finding })),
  );
  const more = troubles.length - MOST;
  const below = [
    ...troubles.slice(0, MOST).flatMap(({ name, finding }) => findingLines(name, finding, paper)),
    ...(more > 0 ? [`and ${more} more: \`regctl doctor --brief\` shows them`] : []),
    ...(why === null ? [] : [wrap(why, paper.width, INDENT)]),
    ...reasons(open).map(([reason, ids]) =>
      paper.style.dim(wrap(`Not carried out: ${ids.join(', ')} (${reason})`, paper.width, INDENT)),
    ),
  ];
  return [
    `  ${paper.style[COLOURS[status]](sign)} ${wrap(clean(text), paper.width, '    ')}`,
    ...below.map((line) => INDENT + line),
  ];
}

function findingLines(
  name: string,
  { seen, code, remedy, reproduce }: Finding,
  { style, width }: Paper,
): string[] {
  return [
    wrap(clean(`${name}: ${seen}. [${code}]`), width, INDENT),
    wrap(clean(`Do: ${remedy}`), width, `${INDENT}    `),
    ...(reproduce === null ? [] : [`${style.dim('Try:')} ${clean(reproduce)}`]),
  ];
}

/** The ids by their reason. */
function reasons(open: AnsweredItem['open']): [string, string[]][] {
  const found = new Map<string, string[]>();
  for (const { id, why } of open) found.set(clean(why), [...(found.get(clean(why)) ?? []), id]);
  return [...found];
}

function verdictText({ items, summary, verdict, exit }: Checklist, { style }: Paper): string {
  const others = (['fail', 'unknown', 'warn', 'skip'] as const)
    .filter((status) => summary[status] > 0)
    .map((status) => `, ${summary[status]} ${WORDS[status]}`);
  const text = `${summary.pass} of ${items.length} ticked${others.join('')}.`;
  // What the list only requires, such as a registry that answers, stands at no item of it.
  const beside =
    verdict === 'fail' && summary.fail === 0
      ? ' What open items wait for failed: `regctl doctor --brief` says what to do.'
      : '';
  return `${style[COLOURS[verdict]](text)}${beside} Verdict: ${verdict}; exit ${exit}.`;
}

const WORDS = { fail: 'crossed', unknown: 'open', warn: 'with warnings', skip: 'skipped' };
