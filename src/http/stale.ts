// Answers that say of themselves that they may be out of date.

/**
 * Seconds since when the answer may be out of date, undefined where it does not say so: `Warning: 110`
 * (RFC 7234 §5.5.1) with `Age` (RFC 9111 §5.1).
 */
export function staleSeconds(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): number | undefined {
  const warnings = [headers.warning ?? []].flat().flatMap((line) => line.split(','));
  if (!warnings.some((warning) => /^\s*110\b/.test(warning))) return undefined;
  const { age } = headers;
  return typeof age === 'string' && /^\d{1,9}$/.test(age) ? Number(age) : 0;
}
