// The HTTP face of a service: what the guides and the ecosystem ask every service to answer.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Log, reason } from './log.js';
import type { Answer } from './receive.js';

export const MAX_BODY_BYTES = 64 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;
const CLOSE_PATIENCE_MS = 2_000;

export type Handler = (request: {
  headers: IncomingMessage['headers'];
  readBody: () => Promise<string>;
}) => Answer | Promise<Answer>;

/** Handlers by `METHOD /path`. */
export type Routes = Readonly<Record<string, Handler>>;

export interface Listening {
  port: number;
  /** Stops accepting, lets what is under way end, cuts what lasts over two seconds. */
  close(): Promise<void>;
}

class BodyTooLarge extends Error {}

/** Serves the routes; `port` 0 takes a free one. Rejects where the address cannot be listened on. */
export async function listen(
  routes: Routes,
  at: { port: number; host: string },
  log: Log,
): Promise<Listening> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    answerTo(request, routes).then(
      (answer) => send(response, answer),
      (error: unknown) => {
        log.error(`${request.method} ${request.url}: ${reason(error)}`);
        send(response, { status: 500, body: { detail: 'Internal Server Error' } });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

async function answerTo(request: IncomingMessage, routes: Routes): Promise<Answer> {
  const path = (request.url ?? '/').replace(/\?.*$/s, '');
  const handler = Object.hasOwn(routes, `${request.method} ${path}`)
    ? routes[`${request.method} ${path}`]
    : undefined;
  if (handler === undefined) {
    const allowed = Object.keys(routes).flatMap((route) =>
      route.endsWith(` ${path}`) ? [route.split(' ')[0]] : [],
    );
    if (allowed.length === 0) return { status: 404, body: { detail: 'Not Found' } };
    return { status: 405, body: { detail: 'Method Not Allowed' }, headers: { allow: allowed.join(', ') } };
  }
  try {
    return await handler({ headers: request.headers, readBody: () => readBody(request) });
  } catch (error) {
    if (error instanceof BodyTooLarge) {
      // The rest of the body is not read: nothing else can come over this connection.
      const headers = { connection: 'close' };
      return { status: 413, body: { detail: 'Request body is too large' }, headers };
    }
    throw error;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new BodyTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      ...headers,
    })
    .end(text);
}

async function close(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_PATIENCE_MS);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(cut);
}
