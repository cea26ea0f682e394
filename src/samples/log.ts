/** Writes one line of a service's log. */
export interface Log {
  info(text: string): void;
  warning(text: string): void;
  error(text: string): void;
}

/** A log of `time LEVEL name: text` lines; line breaks in a text are escaped, so that none can be forged. */
export function lineLog(name: string, write: (line: string) => void, now: () => Date): Log {
  const at = (level: string) => (text: string) =>
    write(
      `${now().toISOString()} ${level} ${name}: ${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')}\n`,
    );
  return { info: at('INFO'), warning: at('WARNING'), error: at('ERROR') };
}

/** The message of whatever was thrown. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
