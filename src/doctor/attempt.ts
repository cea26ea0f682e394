// Calls whose failure is what a check is after.
import { type ErrorCode, RegctlError } from '../errors.js';

export type Attempted<T> = { value: T; error?: never } | { value?: never; error: RegctlError };

/** Makes the call; an error of the catalogue is data, any other (a bug, an abort) goes on. */
export async function attempt<T>(call: () => Promise<T>): Promise<Attempted<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    if (error instanceof RegctlError) return { error };
    throw error;
  }
}

/** Errors that say nothing came back from the other side at all. */
const NO_ANSWER: ReadonlySet<ErrorCode> = new Set([
  'DNS_FAILED',
  'CONNECTION_REFUSED',
  'TLS_FAILED',
  'CONNECT_TIMED_OUT',
  'CONNECTION_FAILED',
  'TIMED_OUT',
]);

/** True where the other side did not answer in HTTP; a redirect or an oversized answer is an answer. */
export function noAnswer(error: RegctlError): boolean {
  return NO_ANSWER.has(error.code);
}

const TRANSIENT: ReadonlySet<ErrorCode> = new Set([
  'CONNECTION_REFUSED',
  'CONNECTION_FAILED',
  'CONNECT_TIMED_OUT',
  'TIMED_OUT',
  'SERVER_ERROR',
]);

/** True where another attempt may go better. */
export function isTransient(error: RegctlError): boolean {
  return TRANSIENT.has(error.code);
}

/** A sentence to put behind a colon: without its full stop. */
export function because(error: RegctlError): string {
  return error.message.replace(/\.$/, '');
}

/** Two attempts for what a dropped packet can spoil. */
export const ONCE_MORE = { attempts: 2, delayMs: 300 } as const;
