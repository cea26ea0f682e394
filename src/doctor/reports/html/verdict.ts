// The top of the page: the verdict, the counts, and what was examined.
import type { Report, Status } from '../../result.js';
import { counts, duration, VERDICTS } from '../outline.js';
import { html, type Markup } from './markup.js';

export const SIGNS: Record<Status, string> = { pass: '✓', warn: '!', fail: '✕', skip: '–', unknown: '?' };
const WORDS: [Status, string][] = [
  ['fail', 'failed'],
  ['unknown', 'unknown'],
  ['warn', 'warned'],
  ['pass', 'passed'],
  ['skip', 'skipped'],
];

export function verdictSection(report: Report): Markup {
  const { verdict, summary } = report;
  const words = VERDICTS[verdict];
  return html`<header class="top ${verdict}">
<div class="wide">
<p class="brand">regctl doctor</p>
<h1><span class="sign" aria-hidden="true">${SIGNS[verdict]}</span>${words.charAt(0).toUpperCase()}${words.slice(1)}</h1>
<ul class="counts">${WORDS.filter(([status]) => summary[status] > 0).map(
    ([status, word]) => html`<li class="${status}"><b>${summary[status]}</b> ${word}</li>`,
  )}</ul>
${meter(report)}
<dl class="facts">${facts(report).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</div>
</header>`;
}

/** The share of each outcome, as one bar. */
function meter(report: Report): Markup {
  const total = Math.max(1, report.results.length);
  let x = 0;
  const parts = WORDS.map(([status]) => {
    const width = (report.summary[status] / total) * 1000;
    const part = html`<rect class="${status}" x="${x.toFixed(1)}" width="${width.toFixed(1)}" height="8"/>`;
    x += width;
    return part;
  });
  return html`<svg class="meter" viewBox="0 0 1000 8" preserveAspectRatio="none" role="img" aria-label="${counts(report)}">${parts}</svg>`;
}

function facts({ registry, services, started_at, duration_ms, exit }: Report): [string, string | Markup][] {
  const who = services.length > 6 ? `${services.length} services` : services.join(', ') || 'none';
  const notes = [registry.api, registry.origin].filter((note) => note !== null).join(', ');
  const kind = notes === '' ? null : html` <span class="note">${notes}</span>`;
  return [
    ['Registry', registry.url === null ? 'none' : html`${registry.url}${kind}`],
    [services.length === 1 ? 'Service' : 'Services', who],
    ['Started', html`<time datetime="${started_at}">${started_at.slice(0, 19).replace('T', ' ')} UTC</time>`],
    ['Took', duration(duration_ms)],
    ['Exit code', String(exit)],
  ];
}
