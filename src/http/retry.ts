import { RegctlError } from '../errors.js';
import type { HttpAnswer } from './http.js';

/** Methods that may be sent twice without harm (RFC 9110 §9.2.1). */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

const TRANSIENT_STATUS = new Set([429, 502, 503, 504]);
const TRANSIENT_CODES = new Set(['CONNECTION_REFUSED', 'CONNECTION_FAILED']);
const MAX_RETRY_AFTER_MS = 5_000;

/** Errors after which the request certainly never reached the other side. */
const NEVER_LEFT: ReadonlySet<string> = new Set([
  'DNS_FAILED',
  'CONNECTION_REFUSED',
  'TLS_FAILED',
  'CONNECT_TIMED_OUT',
]);

/** True where the request that failed with `error` was never sent, so that sending it elsewhere is safe. */
export function neverLeft(error: unknown): boolean {
  return error instanceof RegctlError && NEVER_LEFT.has(error.code);
}

/** True where another try may go better: a status code or a thrown error. */
export function isTransient(outcome: unknown): boolean {
  if (typeof outcome === 'number') return TRANSIENT_STATUS.has(outcome);
  return outcome instanceof RegctlError && TRANSIENT_CODES.has(outcome.code);
}

/** Exponential back-off with full jitter: 100, 200, 400 … ms at most, at least half of it. */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(100 * 2 ** attempt, 5_000);
  return ceiling / 2 + (ceiling / 2) * random;
}

/** The `Retry-After` of an answer in ms (RFC 9110 §10.2.3, seconds only), at most 5 s; undefined without one. */
export function retryAfterMs(answer: Pick<HttpAnswer, 'headers'>): number | undefined {
  const header = answer.headers['retry-after'];
  if (typeof header !== 'string' || !/^\d{1,5}$/.test(header)) return undefined;
  return Math.min(Number(header) * 1000, MAX_RETRY_AFTER_MS);
}
