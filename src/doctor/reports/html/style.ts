/** The look of the page: system fonts, light and dark, from 400 px on, and on paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #1a1f27; --soft: #566070; --line: #dfe3e8; --code: #f0f2f5; --focus: #1d5fd1;
  --fail: #b3261e; --fail-soft: #fdecea; --unknown: #6b3fc0; --unknown-soft: #f1ebfd;
  --warn: #8a5200; --warn-soft: #fff3dc; --pass: #0e6b3b; --pass-soft: #e5f6ec; --skip: #5d6673; --skip-soft: #eceff3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1217; --card: #171b22; --ink: #e7eaef; --soft: #a3adbb; --line: #2b323d; --code: #0f1319; --focus: #8ab4ff;
    --fail: #ff8f85; --fail-soft: #3a1a18; --unknown: #bfa3ff; --unknown-soft: #2a2140;
    --warn: #f2b94f; --warn-soft: #35280f; --pass: #6bd69a; --pass-soft: #12301f; --skip: #a3adbb; --skip-soft: #252b35;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
h1, h2, h3, h4, p, ul, ol, dl, dd, pre, fieldset { margin: 0; padding: 0; }
ul, ol { list-style: none; }
code, pre { font: 0.92em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
[hidden] { display: none !important; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.wide, main, footer { max-width: 1040px; margin: 0 auto; padding: 0 24px; }

.top { background: var(--card); border-bottom: 1px solid var(--line); border-top: 4px solid var(--tone); padding: 24px 0; }
.pass { --tone: var(--pass); --wash: var(--pass-soft); }
.warn { --tone: var(--warn); --wash: var(--warn-soft); }
.fail { --tone: var(--fail); --wash: var(--fail-soft); }
.unknown { --tone: var(--unknown); --wash: var(--unknown-soft); }
.skip { --tone: var(--skip); --wash: var(--skip-soft); }
.brand { color: var(--soft); font-size: 13px; font-weight: 600; letter-spacing: 0.02em; }
h1 { display: flex; align-items: center; gap: 14px; margin: 10px 0 14px; font-size: 32px; line-height: 1.2; font-weight: 650; letter-spacing: -0.015em; }
.sign { flex: none; display: grid; place-items: center; width: 40px; height: 40px; border-radius: 50%; background: var(--wash); color: var(--tone); font-size: 21px; font-weight: 700; }
.counts { display: flex; flex-wrap: wrap; gap: 2px 20px; color: var(--soft); }
.counts b { color: var(--tone); font-size: 17px; font-variant-numeric: tabular-nums; }
.meter { display: block; width: 100%; height: 8px; margin: 12px 0 20px; border-radius: 4px; background: var(--skip-soft); }
rect { fill: var(--tone); }
.meter .skip { fill: var(--line); }
.facts { display: flex; flex-wrap: wrap; gap: 12px 40px; font-size: 14px; }
dd .note { display: block; color: var(--soft); font-size: 12.5px; }
dt { color: var(--soft); font-size: 12px; }

main { padding-bottom: 24px; }
h2 { margin: 32px 0 12px; font-size: 19px; font-weight: 650; letter-spacing: -0.01em; }
.hint { margin: 12px 2px; color: var(--soft); font-size: 13px; }
.card { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--tone); border-radius: 8px; padding: 16px 20px; margin-bottom: 12px; }
.card h3 { font-size: 16px; line-height: 1.45; font-weight: 600; }
.blocks { margin-bottom: 6px; color: var(--tone); font-weight: 600; font-size: 14px; }
.of { margin-top: 4px; color: var(--soft); font-size: 13px; }
.do { margin-top: 10px; }
.do b { margin-right: 4px; }
.pill { display: inline-block; padding: 1px 8px; border-radius: 10px; background: var(--wash); color: var(--tone); font-size: 12px; line-height: 1.5; font-weight: 650; vertical-align: 1px; margin-right: 4px; }
.code { color: var(--soft); font: 11.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.cmd { display: flex; align-items: start; gap: 8px; margin-top: 12px; padding: 6px 8px 6px 12px; background: var(--code); border: 1px solid var(--line); border-radius: 6px; }
.cmd pre { flex: 1; min-width: 0; padding: 4px 0; white-space: pre-wrap; }
button { padding: 4px 12px; border: 1px solid var(--line); border-radius: 6px; background: var(--card); color: var(--ink); font: inherit; font-size: 13px; cursor: pointer; }
button:hover { border-color: var(--soft); }
.places { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 12px; font-size: 12.5px; }
.places li { padding: 0 8px; border-radius: 5px; background: var(--skip-soft); }
.plain > li { padding: 3px 0; }
ul + h3 { margin-top: 12px; }
.more { margin-top: 8px; font-size: 13px; color: var(--soft); }

.filters { display: flex; flex-wrap: wrap; align-items: end; gap: 12px; margin-bottom: 12px; padding: 14px 16px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.filters label { color: var(--soft); font-size: 12px; }
.filters .find { flex: 1 1 220px; }
.filters input[type=search], select { display: block; width: 100%; height: 34px; margin-top: 3px; padding: 0 10px; border: 1px solid var(--line); border-radius: 6px; background: var(--page); color: var(--ink); font: inherit; font-size: 14px; }
::placeholder { color: var(--soft); opacity: 1; }
select { max-width: 220px; }
fieldset { display: flex; flex-wrap: wrap; gap: 6px; border: 0; min-width: 0; }
legend { float: none; padding: 0; margin-bottom: 3px; color: var(--soft); font-size: 12px; }
.filters .chip { display: inline-flex; align-items: center; gap: 5px; height: 34px; padding: 0 10px 0 8px; border: 1px solid var(--line); border-radius: 6px; color: var(--ink); font-size: 13px; cursor: pointer; }
.chip b { color: var(--tone); font-variant-numeric: tabular-nums; }
.chip input { margin: 0; accent-color: var(--tone); }
.filters .bar { flex: 1 1 100%; display: flex; align-items: center; gap: 8px; color: var(--soft); font-size: 13px; }
.filters output { margin-right: auto; }

.group { margin-bottom: 12px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.large .group { content-visibility: auto; contain-intrinsic-size: auto 50px; }
.group > summary { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; padding: 12px 20px; cursor: pointer; list-style: none; border-radius: 8px; }
.group > summary::-webkit-details-marker { display: none; }
.group > summary::before { content: ""; flex: none; width: 7px; height: 7px; margin-right: 2px; border: solid var(--soft); border-width: 0 2px 2px 0; transform: rotate(-45deg); }
.group[open] > summary::before { transform: rotate(45deg); }
.group h3 { font-size: 15px; font-weight: 650; }
.tallies { display: flex; flex-wrap: wrap; gap: 6px; margin-left: auto; }
.tally { padding: 0 8px; border-radius: 10px; background: var(--wash); color: var(--tone); font-size: 12px; font-weight: 600; }
.category { padding: 0 20px 10px; }
h4 { padding: 8px 0 4px; color: var(--soft); font-size: 12px; font-weight: 600; }
.rows > li { display: flex; gap: 12px; padding: 9px 0; border-top: 1px solid var(--line); }
.dot { flex: none; display: grid; place-items: center; width: 20px; height: 20px; margin-top: 1px; border-radius: 50%; background: var(--wash); color: var(--tone); font-size: 12px; font-weight: 700; }
.what { flex: 1; min-width: 0; }
.what > p:first-child code { margin-right: 6px; font-weight: 600; }
.seen { color: var(--soft); font-size: 13px; }
.seen.strong { color: var(--tone); }
.time { flex: none; display: flex; align-items: center; justify-content: end; gap: 10px; width: 200px; height: 22px; color: var(--soft); font-size: 12.5px; font-variant-numeric: tabular-nums; }
.time span { min-width: 56px; text-align: right; white-space: nowrap; }
svg.bar { flex: none; width: 130px; height: 6px; border-radius: 3px; background: var(--skip-soft); }
.dense { padding: 6px 0; border-top: 1px solid var(--line); color: var(--soft); font-size: 12.5px; }
footer { padding-top: 8px; padding-bottom: 32px; color: var(--soft); font-size: 13px; }

@media screen { .out { display: none !important; } }
@media (max-width: 640px) {
  .wide, main, footer { padding-left: 16px; padding-right: 16px; }
  h1 { font-size: 25px; }
  .card { padding: 14px 16px; }
  .group > summary, .category { padding-left: 14px; padding-right: 14px; }
  .time { width: auto; }
  svg.bar, .timing { display: none; }
  select { max-width: none; }
  .filters label { flex: 1 1 100%; }
  .filters .chip { flex: none; }
  .tallies { margin-left: 0; }
}
@media print {
  :root { --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --code: #f4f4f4; --fail: #a3140c; --unknown: #55309e; --warn: #704300; --pass: #0a5730; --skip: #444;
    --fail-soft: #fdecea; --unknown-soft: #f1ebfd; --warn-soft: #fff3dc; --pass-soft: #e5f6ec; --skip-soft: #eceff3; color-scheme: light; }
  body { font-size: 10.5pt; }
  * { print-color-adjust: exact; }
  .filters, .cmd button, .group > summary::before { display: none !important; }
  .wide, main, footer { max-width: none; padding-left: 0; padding-right: 0; }
  .group { content-visibility: visible; }
  ::details-content { content-visibility: visible !important; display: block !important; }
  .card, .rows > li { break-inside: avoid; }
  h2, h3, h4, summary { break-after: avoid; }
  .time { width: 150px; }
  svg.bar { width: 90px; }
}
`;
