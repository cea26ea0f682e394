import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import type { Paper } from './view.js';

export const GAP = 2;
const MIN_COLUMN = 6;

/** Rows under headings, aligned, without borders; the widest columns are cut first where the paper is narrow. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  paper: Paper,
): string {
  const widths = headings.map((heading, column) =>
    rows.reduce((widest, row) => Math.max(widest, displayWidth(row[column] ?? '')), displayWidth(heading)),
  );
  const all = [headings.map((heading) => paper.style.bold(heading)), ...rows];
  const available = paper.width - GAP * (headings.length - 1);
  if (paper.cut === undefined || sum(widths) <= available) return padded(all, widths);
  return paper.cut(all, shrink(widths, available));
}

function padded(rows: readonly (readonly string[])[], widths: readonly number[]): string {
  const gap = ' '.repeat(GAP);
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - displayWidth(cell)));
    return cells.join(gap).trimEnd();
  });
  return lines.join('\n');
}

/** Lines `label  value`, the labels aligned. */
export function fields(pairs: readonly (readonly [label: string, value: string])[], paper: Paper): string {
  const widest = pairs.reduce((most, [label]) => Math.max(most, label.length), 0);
  return pairs.map(([label, value]) => `${paper.style.dim(label.padEnd(widest))}  ${value}`).join('\n');
}

const PRINTABLE_ASCII = /^[ -~]*$/;

/** Columns that a terminal takes for it. */
function displayWidth(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  return stringWidth(stripVTControlCharacters(text));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** Takes columns off the widest until all fit; none goes under its natural width or six. */
function shrink(natural: readonly number[], available: number): number[] {
  const widths = [...natural];
  let excess = sum(widths) - available;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= MIN_COLUMN) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}
