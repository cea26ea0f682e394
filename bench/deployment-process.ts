// The process behind deployment.ts: regctl's own registry behind a front that keeps the time, and a port a service.
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startRegistry } from '../src/registry-server/server.js';
import type { DeploymentSize } from './deployment.js';

const { services, latencyMs } = JSON.parse(process.argv[2] ?? '') as DeploymentSize;
let requests = 0;

/** Answers `latencyMs` after the request came, however long the answer took to make. */
async function listen(answer: (request: IncomingMessage) => Promise<Response>): Promise<string> {
  const server = http.createServer((request, response) => {
    if (request.headers['user-agent']?.startsWith('regctl/')) requests += 1;
    const due = performance.now() + latencyMs;
    answer(request).then(
      async (made) => send(response, made.status, await made.text(), due),
      (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
    );
  });
  // A client that keeps a connection decides how long.
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function send(response: ServerResponse, status: number, body: string, due: number): void {
  setTimeout(
    () => response.writeHead(status, { 'content-type': 'application/json' }).end(body),
    Math.max(0, due - performance.now()),
  );
}

// Nothing of it outlives the benchmark.
process.on('disconnect', () => process.exit());

const registry = await startRegistry({
  port: 0,
  store: { kind: 'memory' },
  rateLimit: null,
  // Its own health checks are not what is measured: one at the registration of each, and no more.
  timings: { checkIntervalMs: 24 * 3_600_000 },
});
const front = await listen((request) => fetch(registry.url + request.url));

for (let index = 0; index < services; index += 1) {
  const url = await listen(async (request) =>
    // Every token that the doctor sends is a bad one.
    request.method === 'POST'
      ? Response.json({ detail: 'Invalid token' }, { status: 401 })
      : Response.json({ status: 'healthy' }),
  );
  const answer = await fetch(`${registry.url}/api/v1/registry/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      service_name: `service-${String(index + 1).padStart(4, '0')}`,
      service_url: url,
      health_check_url: `${url}/health`,
      service_metadata: { instance_id: 'one', status: 'healthy' },
    }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}

for (;;) {
  const list = (await (await fetch(`${registry.url}/api/v1/registry/services`)).json()) as {
    status: string;
  }[];
  if (list.length === services && list.every(({ status }) => status === 'healthy')) break;
  await new Promise((resolve) => setTimeout(resolve, 200));
}

process.on('message', () => {
  process.send?.(requests);
  requests = 0;
});
process.send?.(front);
