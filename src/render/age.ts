/** How long ago, in the largest whole unit: `12s`, `5m`, `3h`, `8d`; `-` where the time is not known. */
export function age(iso: string | null, now: number): string {
  const then = iso === null ? Number.NaN : Date.parse(iso);
  if (Number.isNaN(then)) return '-';
  return duration(Math.max(0, now - then));
}

/** Milliseconds as `12s`, `5m`, `3h`, `8d`. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
