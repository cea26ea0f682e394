import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { Paper } from './view.js';

const GAP = 2;
const MIN_COLUMN = 6;

const BORDERLESS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' '.repeat(GAP),
} as const;

/** Rows under headings, aligned, without borders; the widest columns are cut first where the paper is narrow. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  paper: Paper,
): string {
  const natural = headings.map((heading, column) =>
    rows.reduce((widest, row) => Math.max(widest, displayWidth(row[column] ?? '')), displayWidth(heading)),
  );
  const widths = shrink(natural, paper.width - GAP * (headings.length - 1));
  const drawn = new Table({
    head: headings.map((heading) => paper.style.bold(heading)),
    chars: BORDERLESS,
    colWidths: widths,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  // One by one: a spread of 200,000 rows is more arguments than the stack holds.
  for (const row of rows) drawn.push([...row]);
  return drawn.toString().replace(/[ \t]+$/gm, '');
}

/** Lines `label  value`, the labels aligned. */
export function fields(pairs: readonly (readonly [label: string, value: string])[], paper: Paper): string {
  const widest = pairs.reduce((most, [label]) => Math.max(most, label.length), 0);
  return pairs.map(([label, value]) => `${paper.style.dim(label.padEnd(widest))}  ${value}`).join('\n');
}

function displayWidth(text: string): number {
  const plain = stripVTControlCharacters(text);
  // cli-table3 measures wide characters itself; counting them double here keeps its columns from cutting them.
  return [...plain].reduce((width, char) => width + ((char.codePointAt(0) ?? 0) > 0x10ff ? 2 : 1), 0);
}

/** Takes columns off the widest until all fit; none goes under its natural width or six. */
function shrink(natural: readonly number[], available: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) - available;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= MIN_COLUMN) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}
