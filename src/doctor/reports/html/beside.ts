// What stands beside the findings of this run: an earlier run, and waivers.
import type { Comparison, JudgedWaiver, Report, Trouble } from '../../result.js';
import { CHANGES, lostText, plural, STATES } from '../outline.js';
import { html, type Markup } from './markup.js';

/** Lines listed of each kind of change. */
const LISTED = 100;

export function comparisonSection({ comparison }: Report): Markup {
  if (comparison === null) return html``;
  return html`<section aria-labelledby="changes">
<h2 id="changes">Since the run of ${time(comparison)}</h2>
<div class="card skip">${
    CHANGES.some(([kind]) => comparison[kind].length > 0)
      ? CHANGES.map(([kind, words]) => change(words, comparison[kind], kind === 'fixed'))
      : html`<p>Nothing was found then, and nothing now.</p>`
  }${comparison.lost.length > 0 ? html`<p>${lostText(comparison)}</p>` : null}</div>
</section>`;
}

function time({ previous }: Comparison): string {
  return `${previous.slice(0, 16).replace('T', ' ')} UTC`;
}

function change(words: string, troubles: readonly Trouble[], fixed: boolean): Markup {
  if (troubles.length === 0) return html``;
  const rest = troubles.length - LISTED;
  return html`<h3>${troubles.length} ${words}</h3>
<ul class="plain">${troubles.slice(0, LISTED).map((each) => trouble(each, fixed))}${rest > 0 ? html`<li>and ${rest} more</li>` : null}</ul>`;
}

function trouble({ id, service, code, level }: Trouble, fixed: boolean): Markup {
  return html`<li><span class="pill ${fixed ? 'pass' : level}">${fixed ? 'fixed' : level}</span> <code>${id}</code> ${service ?? ''} <span class="code">${code}</span></li>`;
}

export function waiversSection({ waivers }: Report): Markup {
  if (waivers.length === 0) return html``;
  return html`<section aria-labelledby="waivers">
<h2 id="waivers">Waivers</h2>
<ul class="card skip plain">${waivers.map(waiver)}</ul>
</section>`;
}

function waiver({ id, code, target, owner, reason, expires, state, waives }: JudgedWaiver): Markup {
  const [level, words] = STATES[state];
  const what = [id, ...(code === null ? [] : [code]), ...(target === null ? [] : [`at ${target}`])].join(' ');
  return html`<li><span class="pill ${level}">${words}</span> <code>${what}</code> ${reason}
<span class="seen">${owner}, until ${expires}; waives ${plural(waives.length, 'finding')}</span></li>`;
}
