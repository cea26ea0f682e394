/** Colours by meaning; each comes with a word or a sign beside it, never alone. */
export interface Style {
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

const same = (text: string): string => text;

/** Without colour. */
export const PLAIN: Style = { good: same, warn: same, bad: same, dim: same, bold: same };

/** A status word in its colour. */
export function styleStatus(style: Style, status: string): string {
  if (status === 'healthy') return style.good(status);
  if (status === 'unhealthy' || status === 'down') return style.bad(status);
  return style.warn(status);
}
