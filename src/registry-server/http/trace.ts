// The trace id of a request: its caller's where it has one, so that one id runs through every log.
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** W3C trace context: version, trace id, parent id, flags. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;
/** What may stand in a log line as it is. */
const PLAIN_ID = /^[A-Za-z0-9._:-]{1,128}$/;

export function traceIdOf(headers: IncomingHttpHeaders): string {
  const own = headers['x-trace-id'];
  if (typeof own === 'string' && PLAIN_ID.test(own)) return own;
  const { traceparent } = headers;
  return (typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined) ?? randomUUID();
}
