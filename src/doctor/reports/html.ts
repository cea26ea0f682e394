// One page that stands alone: verdict, what to do next, every check. A section is a function here and a file in html/.
import { createHash } from 'node:crypto';
import type { Report } from '../result.js';
import { comparisonSection, waiversSection } from './html/beside.js';
import { checksSection } from './html/checks.js';
import { html, Markup } from './html/markup.js';
import { nextSection } from './html/next.js';
import { SCRIPT } from './html/script.js';
import { STYLE } from './html/style.js';
import { verdictSection } from './html/verdict.js';
import { subject, VERDICTS } from './outline.js';
import type { ReportPaper } from './paper.js';

const SECTIONS: readonly ((report: Report) => Markup)[] = [
  nextSection,
  comparisonSection,
  checksSection,
  waiversSection,
];

/** Nothing is loaded, and no script runs but the page's own: also where text from the network were to break out. */
const POLICY = [
  "default-src 'none'",
  `style-src '${digest(STYLE)}'`,
  `script-src '${digest(SCRIPT)}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export function htmlReport(report: Report, { clean }: ReportPaper): string {
  const shown: Report = JSON.parse(JSON.stringify(report), (_, value: unknown) =>
    typeof value === 'string' ? clean(value) : value,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${shown.verdict}: ${VERDICTS[shown.verdict]}, ${subject(shown)} - regctl doctor</title>
<link rel="icon" href="data:,">
<style>${new Markup(STYLE)}</style>
</head>
<body>
${verdictSection(shown)}
<main>
${SECTIONS.map((section) => section(shown))}
</main>
<footer><p>regctl doctor ${shown.tool.version}. <code>$TOKEN</code> in a command is a token: <code>TOKEN=$(regctl mint-token)</code></p></footer>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>`.text;
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
