// What came over the network is data: nothing of it may steer a terminal.
import { stripVTControlCharacters } from 'node:util';

// C0 and C1 controls, DEL, and the characters that reorder or hide text (UAX #9, zero width, line separators).
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const HAS_UNPRINTABLE = new RegExp(UNPRINTABLE.source);

/** `text` as one line without escape sequences, control and direction characters; cut after `max` characters. */
export function clean(text: string, max = 2_000): string {
  const line = HAS_UNPRINTABLE.test(text)
    ? stripVTControlCharacters(text)
        .replace(/[\r\n\t]+/g, ' ')
        .replace(UNPRINTABLE, '')
    : text;
  return line.length > max ? `${line.slice(0, max)}…` : line;
}

/** JSON with the characters escaped that JSON itself leaves raw and a terminal obeys; the data stays the same. */
export function safeJson(value: unknown, indent?: number): string {
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value, undefined, indent).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    escaped,
  );
}

/** `value` with every string in it cleaned, for YAML, whose plain strings know no escapes. */
export function cleanDeep(value: unknown): unknown {
  if (typeof value === 'string') return clean(value, Number.POSITIVE_INFINITY);
  if (Array.isArray(value)) return value.map(cleanDeep);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [clean(key), cleanDeep(inner)]));
}

/** Breaks a line between words where it would pass `width` columns; the lines after the first are indented. */
export function wrap(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && longer.length + indent.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].join(`\n${indent}`);
}
