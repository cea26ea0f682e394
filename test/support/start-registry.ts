// A real registry on a free port, ended with the test; and the few HTTP calls tests make to it.
import { onTestFinished } from 'vitest';
import {
  type RegistryOptions,
  type RunningRegistry,
  startRegistry,
} from '../../src/registry-server/server.js';

/** Starts a registry; in memory and without a token unless told otherwise. */
export async function startTestRegistry(options: Partial<RegistryOptions> = {}): Promise<RunningRegistry> {
  const registry = await startRegistry({ port: 0, store: { kind: 'memory' }, ...options });
  onTestFinished(() => registry.close());
  return registry;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** As parsed: an object or an array, which expect() tells apart. */
  readonly body: Record<string, unknown> & Record<string, unknown>[];
}

async function reply(response: Response): Promise<Reply> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}

/** GET; the body is parsed. */
export async function get(url: string, headers: Record<string, string> = {}): Promise<Reply> {
  return reply(await fetch(url, { headers }));
}

/** POST of a JSON document, or of nothing where `body` is undefined. */
export async function post(
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  if (body === undefined) return reply(await fetch(url, { method: 'POST', headers }));
  return reply(
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  );
}

/** Asks again until what is seen holds; fails after 10 s with what was seen last. */
export async function eventually<T>(look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`still not so after 10 s: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
