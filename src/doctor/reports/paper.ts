/** What a report is written on and with: handed down, so that reports know no terminal. */
export interface ReportPaper {
  /** Colours by meaning. */
  style: Record<'good' | 'warn' | 'bad' | 'dim' | 'bold', (text: string) => string>;
  /** Makes text from the network harmless; cuts after `max` characters. */
  clean(text: string, max?: number): string;
  /** JSON without characters that steer a terminal. */
  json(value: unknown, indent?: number): string;
  /** Signs of ASCII alone, for a terminal that is not UTF-8. */
  ascii: boolean;
  /** Only what is not green. */
  brief: boolean;
  /** Also what passed checks saw. */
  wide: boolean;
  /** Columns; Infinity in a pipe and in a file. */
  width: number;
}

/** What a report file is written with. */
export interface FilePaper extends ReportPaper {
  /** What a code of the catalogue means in general; values that depend on the case stand as `<name>`. */
  explain(code: string): { seen: string; remedy: string };
}
