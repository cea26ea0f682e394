// Every check with its evidence and its time, by service and category. Of a large run what is green is put together.
import type { CheckResult, Finding, Report, Status } from '../../result.js';
import { duration, type Group, groups, plural, skipReason, skips } from '../outline.js';
import { html, type Markup, prose } from './markup.js';
import { SIGNS } from './verdict.js';

/** From so many checks on, a line for each that passed is a page nobody reads and no browser likes. */
const LARGE = 2_000;
const ORDER = ['fail', 'unknown', 'warn', 'pass', 'skip'] as const;
/** More groups than this are closed at first. */
const OPEN = 20;

export function checksSection(report: Report): Markup {
  const services = byService(groups(report.results));
  const red = services.filter(({ groups: own }) => own.some(({ results }) => results.some(isRed)));
  const some = services.length > 3 ? red : services;
  const open = new Set(some.length > OPEN ? [] : some);
  const large = report.results.length > LARGE;
  const row = large ? denseRows : rows;
  return html`<section aria-labelledby="checks" class="${large ? 'large' : ''}">
<h2 id="checks">All checks</h2>
<form class="filters" hidden>
<label class="find">Find <input type="search" name="text" autocomplete="off" placeholder="id, service, text"></label>
<label>Category <select name="category"><option value="">all</option></select></label>
<label>Service <select name="service"><option value="">all</option></select></label>
<fieldset><legend>Outcome</legend>${ORDER.filter((status) => report.summary[status] > 0).map(
    (status) =>
      html`<label class="chip ${status}"><input type="checkbox" name="status" value="${status}" checked> ${status} <b>${report.summary[status]}</b></label>`,
  )}</fieldset>
<p class="bar"><output aria-live="polite"></output> <button type="reset">Show all</button> <button type="button" class="fold">Open all</button></p>
</form>
<p class="hint timing">The bars show when each check ran within the ${duration(report.duration_ms)} of the run.</p>
${services.map((each) => serviceGroup(each, open.has(each), (results) => row(results, report)))}
</section>`;
}

interface ServiceGroups {
  service: string | null;
  groups: Group[];
}

function byService(all: readonly Group[]): ServiceGroups[] {
  const found = new Map<string | null, ServiceGroups>();
  for (const group of all) {
    const each = found.get(group.service) ?? { service: group.service, groups: [] };
    each.groups.push(group);
    found.set(group.service, each);
  }
  return [...found.values()];
}

function isRed({ status }: CheckResult): boolean {
  return status !== 'pass' && status !== 'skip';
}

function serviceGroup(
  { service, groups: own }: ServiceGroups,
  open: boolean,
  body: (results: readonly CheckResult[]) => Markup,
): Markup {
  const all = own.flatMap(({ results }) => results);
  const count = (status: Status) => all.filter((result) => result.status === status).length;
  const counted = ORDER.map((status) => [status, count(status)] as const)
    .filter(([, many]) => many > 0)
    .map(([status, many]) => html`<span class="tally ${status}">${many} ${status}</span> `);
  return html`<details class="group" data-service="${service ?? ''}"${open ? html` open` : null}>
<summary><h3>${service ?? 'Deployment'}</h3> <span class="tallies">${counted}</span></summary>
${own.map(
  ({ category, results }) => html`<div class="category" data-category="${category}">
<h4>${category}</h4>
${body(results)}
</div>
`,
)}</details>
`;
}

function rows(results: readonly CheckResult[], report: Report): Markup {
  return html`<ul class="rows">${results.map((result) => row(result, report))}</ul>`;
}

/** What is not green a line each, as always; the rest together. */
function denseRows(results: readonly CheckResult[], report: Report): Markup {
  const passed = results.filter(({ status }) => status === 'pass');
  const ids = passed.map(({ id, duration_ms }) => `${id} ${duration(duration_ms)}`);
  return html`${results.some(isRed) ? rows(results.filter(isRed), report) : null}${
    passed.length === 0
      ? null
      : html`<p class="dense" data-status="pass" data-count="${passed.length}">${passed.length} passed: ${ids.join(', ')}</p>`
  }${[...skips(results)].map(
    ([reason, skipped]) =>
      html`<p class="dense" data-status="skip" data-count="${skipped.length}">${skipped.join(', ')}: ${reason}</p>`,
  )}`;
}

function row(result: CheckResult, report: Report): Markup {
  const { id, title, status, seen, findings, waived, skip, duration_ms, attempts } = result;
  const evidence = [
    ...(seen === null ? [] : [html`<p class="seen">${seen}</p>`]),
    ...(skip === null
      ? []
      : [
          html`<p class="seen">${skip.kind === 'blocked' ? `${skipReason(skip)}: ${skip.why}` : skipReason(skip)}</p>`,
        ]),
    ...findings.map(findingText),
    ...waived.map(
      ({ seen: what, code }) => html`<p class="seen">Waived: ${what} <span class="code">${code}</span></p>`,
    ),
    ...(attempts.length < 2
      ? []
      : [
          html`<p class="seen">${plural(attempts.length, 'attempt')}: ${attempts.map((each) => `${each.status} in ${duration(each.duration_ms)}`).join(', ')}</p>`,
        ]),
  ];
  return html`<li class="${status}" data-status="${status}" data-count="1">
<span class="dot ${status}" aria-hidden="true">${SIGNS[status]}</span>
<div class="what"><p><span class="sr">${status}: </span><code>${id}</code> ${title}</p>${evidence}</div>
${skip === null ? html`<span class="time">${bar(result, report)}<span>${duration(duration_ms)}</span></span>` : null}
</li>
`;
}

function findingText({ code, seen, remedy, reproduce, location }: Finding): Markup {
  const at = location === null ? '' : `${location.path}:${location.line}:${location.column}`;
  const lines = [
    html`<p class="seen strong">${at === '' ? null : html`<code>${at}</code> `}${seen} <span class="code">${code}</span></p>`,
    html`<p class="seen">Do: ${prose(remedy)}</p>`,
    ...(reproduce === null ? [] : [html`<p class="seen">Try: <code>${reproduce}</code></p>`]),
  ];
  return html`${lines}`;
}

/** When it ran, on the axis of the whole run. */
function bar({ started_ms, duration_ms, status }: CheckResult, report: Report): Markup {
  if (started_ms === null) return html``;
  const whole = Math.max(1, report.duration_ms);
  const x = Math.min(99, (started_ms / whole) * 100);
  const width = Math.min(100 - x, Math.max(1, (duration_ms / whole) * 100));
  return html`<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="${status}" x="${x.toFixed(1)}" width="${width.toFixed(1)}" height="6"/></svg>`;
}
