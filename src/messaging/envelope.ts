import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Envelope, MessageType } from '../wire/message.js';

/** A message in the guide's standard format; a trace id is made where none is given. */
export function envelope(
  type: MessageType,
  payload: Record<string, unknown>,
  traceId: string | undefined,
): Envelope {
  return { type, payload, trace_id: traceId ?? randomUUID() };
}

/**
 * The W3C `traceparent` of a trace id (Trace Context Level 1, §3.2): the id's own 32 hex digits where it is a
 * UUID, else the first 128 bits of its SHA-256, so that the same trace id always gives the same trace.
 */
export function traceparent(traceId: string): string {
  const digits = traceId.replaceAll('-', '').toLowerCase();
  const usable = /^[0-9a-f]{32}$/.test(digits) && !/^0+$/.test(digits);
  const trace = usable ? digits : createHash('sha256').update(traceId).digest('hex').slice(0, 32);
  return `00-${trace}-${randomBytes(8).toString('hex')}-01`;
}
