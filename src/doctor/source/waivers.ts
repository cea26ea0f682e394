// `regctl: allow source.trace-id because REASON`, in a comment on the line or on the line above.
import type { CodeFile } from './code.js';
import { linesOf } from './lines.js';

export interface Waiver {
  id: string;
  /** Empty where none is given: then it waives nothing. */
  reason: string;
  path: string;
  /** Where the comment stands; from 1. */
  line: number;
  column: number;
  /** The line it is about. */
  covers: number;
}

const WAIVER = /^[\s/*#]*regctl:\s*allow\s+(\S+)(?:\s+because\s+(\S[^\n]*))?/;
const CLOSING = /\s*\*+\/\s*$/;

/** The waivers of a file. One that stands alone in its line is about the next line that is more than a comment. */
export function waiversOf(file: CodeFile): Waiver[] {
  const { text, comments, path } = file;
  const place = linesOf(text);
  const alone = (at: number, end: number) => {
    const { line } = place(at);
    return place(end).line >= line && /^\s*$/.test(text.slice(text.lastIndexOf('\n', at - 1) + 1, at));
  };
  // From the end, so that each comment knows where the ones below it lead.
  const below = new Map<number, number>();
  for (const { at, end } of comments.toReversed()) {
    if (!alone(at, end)) continue;
    const next = place(end).line + 1;
    below.set(place(at).line, below.get(next) ?? next);
  }
  return comments.flatMap(({ at, end, text: comment }) => {
    const match = WAIVER.exec(comment.replace(CLOSING, ''));
    if (match === null) return [];
    const [, id = '', reason = ''] = match;
    const { line } = place(at);
    const covers = alone(at, end) ? (below.get(line) ?? line) : line;
    return [{ id, reason: reason.trim(), path, ...place(at), covers }];
  });
}
