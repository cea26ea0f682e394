// The canary itself: the smallest service that follows the guides, GET /health and POST /message.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';

export interface Listener {
  /** `http://address:port` */
  readonly url: string;
  /** How often `/health` was asked for. */
  healthChecks(): number;
  /** Trace ids of the messages that came with the token. */
  received(): readonly string[];
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024;
const REQUEST_TIMEOUT_MS = 5_000;

/** Listens on a free port of `host`, an IP address of this machine; takes messages with the bearer `token` alone. */
export async function startListener(host: string, token: string): Promise<Listener> {
  let checks = 0;
  const received: string[] = [];
  const server = createServer((request, response) => {
    const call = `${request.method} ${request.url}`;
    if (call === 'GET /health') {
      checks += 1;
      answer(response, 200, { status: 'healthy' });
    } else if (call !== 'POST /message') {
      answer(response, 404, { detail: 'Not Found' });
    } else if (request.headers.authorization !== `Bearer ${token}`) {
      answer(response, 401, { detail: 'Invalid token' });
    } else {
      readTraceId(request).then(
        (trace_id) => {
          received.push(trace_id);
          answer(response, 200, { received: true, trace_id });
        },
        () => answer(response, 422, { detail: 'Not a message' }),
      );
    }
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: 0 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    healthChecks: () => checks,
    received: () => received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Rejects where the body is no message. */
async function readTraceId(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error('too large');
    chunks.push(chunk);
  }
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  if (typeof body === 'object' && body !== null && 'trace_id' in body && typeof body.trace_id === 'string')
    return body.trace_id;
  throw new Error('no trace id');
}
