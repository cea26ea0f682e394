// Errors as both upstream APIs answer them: `{"detail": …}`.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Unauthorized } from '../auth.js';
import type { Log } from '../log.js';
import { NotOwner } from '../plan.js';
import { StoreUnavailable } from '../writer.js';
import { sendHeld } from './batched-writes.js';
import { HungUp } from './change.js';
import { type FieldError, Invalid } from './validate.js';

interface Answer {
  readonly status: number;
  readonly detail: string | readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a client should wait before it asks again, seconds. */
export const RETRY_AFTER_S = '2';

const wrongBody = (msg: string, type: string): Answer => ({
  status: 422,
  detail: [{ loc: ['body'], msg, type }],
});

function answerTo(error: FastifyError): Answer {
  if (error instanceof Invalid) return { status: 422, detail: error.fields };
  if (error instanceof NotOwner) return { status: 403, detail: error.message };
  if (error instanceof Unauthorized) {
    return { status: 401, detail: error.message, headers: { 'www-authenticate': 'Bearer' } };
  }
  if (error instanceof StoreUnavailable) {
    return { status: 503, detail: error.message, headers: { 'retry-after': RETRY_AFTER_S } };
  }
  // As nginx has it in its log; nobody reads the answer.
  if (error instanceof HungUp) return { status: 499, detail: error.message };
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return { status: 413, detail: error.message };
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return wrongBody('must be JSON, with content-type application/json', 'value_error');
  }
  // Fastify's parser: not JSON, or with a key that would reach the prototype.
  if (error.code === 'FST_ERR_CTP_INVALID_JSON_BODY' || error instanceof SyntaxError) {
    return wrongBody('is not valid JSON', 'json_invalid');
  }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return { status: error.statusCode, detail: error.message };
  }
  return { status: 500, detail: 'Internal Server Error' };
}

function send(log: Log, error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { id: trace_id, method, url } = request;
  const { status, detail, headers } = answerTo(error);
  // Why the store takes nothing is logged once, by the writer.
  const unexpected = status >= 500 && !(error instanceof StoreUnavailable);
  if (unexpected) log.error({ trace_id, err: error }, 'request failed');
  else log.info({ trace_id, status, detail, method, url }, 'request refused');
  void reply
    .code(status)
    .headers({ ...headers })
    .send({ detail });
}

/** Answers errors and unknown paths (404) in FastAPI's shape. */
export function handleErrors(app: FastifyInstance, log: Log): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => send(log, error, request, reply));
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ detail: 'Not Found' }));
}

/** What Node's parser refuses, by the code of its error; anything else is a bad request. */
const REFUSED: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers what never became a request: not HTTP, too long a head, or too slow. */
export function refuseConnection({ code }: Error & { code?: string }, socket: Socket): void {
  if (code === 'ECONNRESET' || socket.destroyed) return;
  const status = REFUSED[code ?? ''] ?? 400;
  const reason = STATUS_CODES[status] ?? '';
  const body = JSON.stringify({ detail: reason });
  const head = `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  if (socket.writable) socket.write(`${head}\r\nConnection: close\r\n\r\n${body}`);
  sendHeld(socket);
  socket.destroy();
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Answers 405 where one of the paths is asked with another method; to be called after the routes. */
export function refuseOtherMethods(app: FastifyInstance, paths: readonly string[]): void {
  for (const url of paths) {
    const allowed = METHODS.filter((method) => app.hasRoute({ method, url }));
    app.route({
      method: METHODS.filter((method) => !allowed.includes(method)),
      url,
      handler: (_request, reply) =>
        reply.code(405).header('allow', allowed.join(', ')).send({ detail: 'Method Not Allowed' }),
    });
  }
}
