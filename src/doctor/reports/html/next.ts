// What to do next: a card for each thing that is wrong, what blocks others first.
import type { Report } from '../../result.js';
import { type Case, firstCause, type Problem, plural, problems } from '../outline.js';
import { html, type Markup, prose } from './markup.js';

/** Places listed on a card; the rest is behind a click. */
const NAMED = 12;
/** The list of checks has every finding, also where there are more kinds than anybody reads here. */
const CARDS = 100;

export function nextSection(report: Report): Markup {
  const found = problems(report);
  const cause = firstCause(report);
  // A check that was left out by --skip may block others too, and there is no finding of it.
  const unseen = cause !== undefined && !found.some(({ id }) => id === cause.id);
  if (found.length === 0 && !unseen) return html``;
  const cards = found.slice(0, CARDS).map((problem, index) => card(problem, index === 0 && !unseen));
  return html`<section aria-labelledby="next">
<h2 id="next">What to do next</h2>
${unseen ? html`<p class="card unknown"><b><code>${cause.id}</code> blocks ${plural(cause.blocks, 'check')}:</b> ${cause.why}.</p>` : null}
<ol class="cards">${cards}</ol>
${found.length > CARDS ? html`<p>${found.length - CARDS} more are in the list of checks.</p>` : null}
</section>`;
}

function card({ id, title, level, code, blocks, cases }: Problem, first: boolean): Markup {
  const [one] = cases;
  if (one === undefined) return html``;
  const { seen, remedy, reproduce } = one.finding;
  const blocking =
    blocks === 0 ? '' : `${first ? 'Mend this first: it' : 'It'} blocks ${plural(blocks, 'check')}`;
  return html`<li class="card ${level}">
${blocking === '' ? null : html`<p class="blocks">${blocking}</p>`}
<h3><span class="pill ${level}">${level}</span> ${seen}</h3>
<p class="of"><code>${id}</code> ${title} <span class="code">${code}</span></p>
<p class="do"><b>Do</b> ${prose(remedy)}</p>
${reproduce === null ? null : command(reproduce)}
${places(cases)}
</li>
`;
}

/** A command to paste; the button comes with the script. */
function command(text: string): Markup {
  return html`<div class="cmd"><pre><code>${text}</code></pre></div>`;
}

/** Where it was found, when that says more than the card. */
function places(cases: readonly Case[]): Markup {
  const names = [
    ...new Set(
      cases.flatMap(({ service, finding: { location } }) =>
        location === null
          ? service === null
            ? []
            : [service]
          : [`${location.path}:${location.line}:${location.column}`],
      ),
    ),
  ];
  if (names.length === 0) return html``;
  const list = (part: readonly string[]) => part.map((name) => html`<li><code>${name}</code></li>`);
  const rest = names.slice(NAMED);
  return html`<ul class="places" aria-label="Found at">${list(names.slice(0, NAMED))}</ul>${
    rest.length === 0
      ? null
      : html`<details class="more"><summary>and ${rest.length} more</summary><ul class="places">${list(rest)}</ul></details>`
  }`;
}
