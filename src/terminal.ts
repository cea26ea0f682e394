/** Colour on a terminal; --color and --no-color first, then NO_COLOR, then FORCE_COLOR (no-color.org, force-color.org). */
export function useColour(
  stream: { isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
  flag: boolean | undefined,
): boolean {
  if (flag !== undefined) return flag;
  if (environment.NO_COLOR) return false;
  if (environment.FORCE_COLOR !== undefined) return !['0', 'false'].includes(environment.FORCE_COLOR);
  return stream.isTTY === true && environment.TERM !== 'dumb';
}
