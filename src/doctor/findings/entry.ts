import type { Level, Location } from '../result.js';

/** One code of the catalogue. Each text is a template over plain parameters, so that the docs can show it too. */
export interface Entry<P> {
  level: Level;
  seen: (params: P) => string;
  remedy: (params: P) => string;
  /** A shell command that shows it again, `$TOKEN` for a token. */
  reproduce?: (params: P) => string;
  /** Where in the code it stands. */
  location?: (params: P) => Location;
}

/** Declares a code; `P` are the values its texts are made of, never a secret. */
export const entry = <P extends object>(level: Level, texts: Omit<Entry<P>, 'level'>): Entry<P> => ({
  level,
  ...texts,
});

/** `text` as one word of a POSIX shell: what came from the network must not run when it is pasted. */
export function sh(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
