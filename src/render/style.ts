import { Chalk, type ChalkInstance } from 'chalk';

/** Colours by meaning; each comes with a word or a sign beside it, never alone. */
export interface Style {
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

/** The style for a stream with or without colour. */
export function makeStyle(colour: boolean): Style {
  const chalk: ChalkInstance = new Chalk({ level: colour ? 1 : 0 });
  return { good: chalk.green, warn: chalk.yellow, bad: chalk.red, dim: chalk.dim, bold: chalk.bold };
}

/** A status word in its colour. */
export function styleStatus(style: Style, status: string): string {
  if (status === 'healthy') return style.good(status);
  if (status === 'unhealthy' || status === 'down') return style.bad(status);
  return style.warn(status);
}
