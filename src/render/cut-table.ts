// Apart from table.ts: cli-table3 is loaded where a terminal is too narrow for a table.
import Table from 'cli-table3';
import { GAP } from './table.js';

/** cli-table3 compares each row with all others. */
const ROWS_AT_ONCE = 200;

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

/** Rows in columns of these widths; what is wider ends in an ellipsis. */
export function cutTable(rows: readonly (readonly string[])[], widths: readonly number[]): string {
  const parts: string[] = [];
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const drawn = new Table({
      chars: BORDERLESS,
      colWidths: [...widths],
      style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    });
    for (const row of rows.slice(from, from + ROWS_AT_ONCE)) drawn.push([...row]);
    parts.push(drawn.toString().replace(/[ \t]+$/gm, ''));
  }
  return parts.join('\n');
}
