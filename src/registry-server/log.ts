// The registry's log: a JSON document a line.
import { type Logger, pino } from 'pino';

/** Where log lines go. */
export interface LogSink {
  write(line: string): void;
}

export interface LogOptions {
  readonly sink: LogSink;
  readonly level: string;
}

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** A log that writes nothing where `options` are undefined. */
export function createLog(options: LogOptions | undefined): Log {
  return options === undefined ? pino({ enabled: false }) : pino({ level: options.level }, options.sink);
}
