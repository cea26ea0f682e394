import type { Style } from './style.js';

/** What a text is written on. */
export interface Paper {
  style: Style;
  /** Columns; Infinity in a pipe. */
  width: number;
  /** Draws rows whose columns have to be cut to these widths; on paper with an end alone. */
  cut?(rows: readonly (readonly string[])[], widths: readonly number[]): string;
  /** `-o wide`: every column. */
  wide: boolean;
  /** Wall clock, ms, for ages. */
  now: number;
}

/** How a result of type R looks in the formats that have wording; JSON and YAML print the result itself. */
export interface View<R> {
  /** `-o table` and `wide`; ends without a newline; '' prints nothing. */
  text(result: R, paper: Paper): string;
  /** `-o name`: one a line. */
  names(result: R): string[];
  /** `-o ndjson`: one document a line. Default: the result, in one line. */
  items?(result: R): readonly unknown[];
}

/** How the items of a result that comes bit by bit look. */
export interface LineView<T> {
  line(item: T, paper: Paper): string;
  /** `-o name`. */
  name(item: T): string;
}
