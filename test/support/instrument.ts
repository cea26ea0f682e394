// What every HTTP test instrument here stands on: a server on a free port that records what it was asked.
// Nothing in this folder's replicas uses src/: they are independent witnesses.
import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A request as it arrived; `path` is the request target, percent-escapes and query included. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Instrument {
  /** Base URL without a trailing slash. */
  readonly url: string;
  /** Every request in order of arrival. */
  readonly requests: readonly RecordedRequest[];
  /** Connections accepted so far, also where no request could be read from them. */
  connections(): number;
  /** Bytes of answers that left this process: what clients took, give or take the kernel's buffers. */
  bytesTaken(): number;
  /** Destroys open sockets and frees the port; rejects where the instrument itself broke while answering. */
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: string | Buffer;
}

/** An answer as FastAPI gives it: compact JSON. */
export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** FastAPI's error body, `{"detail": …}`. */
export function detail(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return json(status, { detail: value }, headers);
}

/** What uvicorn sends where the application crashed: no JSON. */
export const CRASHED: Answer = {
  status: 500,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'Internal Server Error',
};

/** The request target without its query, still encoded. */
export function pathname({ path }: RecordedRequest): string {
  return path.replace(/\?.*$/s, '');
}

/** Undoes percent-encoding; what is not valid stays as it is. */
export function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

export function send(response: ServerResponse, answer: Answer): void {
  const length = Buffer.byteLength(answer.body);
  response.writeHead(answer.status, { ...answer.headers, 'content-length': length }).end(answer.body);
}

type Handle = (request: RecordedRequest, response: ServerResponse) => void | Promise<void>;

export interface Tls {
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** Starts an HTTP server (HTTPS with `tls`) on 127.0.0.1 that records each request and hands it to `handle`. */
export async function startInstrument(handle: Handle, tls?: Tls): Promise<Instrument> {
  const requests: RecordedRequest[] = [];
  const failures: unknown[] = [];
  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    record(incoming, response, requests, handle).catch((error: unknown) => {
      // A client that hangs up is what many tests are about; anything else is a defect of the instrument.
      if (!incoming.errored) failures.push(error);
      response.destroy();
    });
  };
  const server = tls === undefined ? http.createServer(listener) : https.createServer(tls, listener);
  const { port, close, connections, bytesTaken } = await listen(server);
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    connections,
    bytesTaken,
    async close() {
      await close();
      if (failures.length > 0) throw new AggregateError(failures, 'the test instrument broke');
    },
  };
}

async function record(
  incoming: IncomingMessage,
  response: ServerResponse,
  requests: RecordedRequest[],
  handle: Handle,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const { method = '', url: path = '', headers } = incoming;
  const request = { method, path, headers, body: Buffer.concat(chunks).toString('utf8') };
  requests.push(request);
  await handle(request, response);
}

export interface Listening {
  readonly port: number;
  connections(): number;
  bytesTaken(): number;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. `close` destroys open sockets at once. */
export async function listen(server: Server): Promise<Listening> {
  const open = new Set<Socket>();
  let accepted = 0;
  let bytesOfClosed = 0;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    open.add(socket);
    // Resets are expected: clients of hostile servers hang up.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      open.delete(socket);
      bytesOfClosed += written(socket);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => accepted,
    bytesTaken: () => [...open].reduce((sum, socket) => sum + written(socket), bytesOfClosed),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** `bytesWritten` counts what still waits in this process, too. */
function written(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength;
}

/** Waits without keeping the process alive. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
