import type { TraceEvent } from '../http/http.js';

/** A request for `--debug`: method, URL without its query's values, outcome, and where the time went. */
export function traceLine(event: TraceEvent): string {
  const phases = Object.entries(event.timing).map(([phase, ms]) => `${phase} ${ms.toFixed(1)} ms`);
  const outcome = event.status === undefined ? (event.error ?? 'no answer') : String(event.status);
  return `debug: ${event.method} ${event.url.replace(/\?.*/s, '?…')} -> ${outcome} (${phases.join(', ')})`;
}
