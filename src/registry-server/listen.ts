// Listening on an address, and what can be wrong with it.
import { Server as HttpsServer } from 'node:https';
import type { FastifyInstance } from 'fastify';
import { fail } from '../errors.js';

/** `[::1]`, as URLs have it, is `::1`. */
export function bareHost(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** Listens and returns the URL; throws CANNOT_SERVE where it cannot. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw cannotListen(error, host, port);
  }
  const address = app.server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  // Where it listens on every address, this machine's own is the one to print.
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  const scheme = app.server instanceof HttpsServer ? 'https' : 'http';
  return `${scheme}://${reachable.includes(':') ? `[${reachable}]` : reachable}:${actual}`;
}

function cannotListen(error: unknown, host: string, port: number): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const why: Record<string, { why: string; next: string }> = {
    EADDRINUSE: {
      why: `port ${port} on ${host} is in use.`,
      next: 'Stop what listens there, or give another --port.',
    },
    EACCES: {
      why: `this user may not listen on port ${port}.`,
      next: 'Give a --port from 1024 on.',
    },
    EADDRNOTAVAIL: {
      why: `${host} is not an address of this machine.`,
      next: 'Give one that is with --host; 0.0.0.0 means all.',
    },
    ENOTFOUND: {
      why: `the host name ${host} does not resolve.`,
      next: 'Give an address of this machine with --host.',
    },
  };
  const known = why[code] ?? {
    why: `${host}:${port} cannot be listened on (${code}).`,
    next: 'Give another --host or --port.',
  };
  return fail('CANNOT_SERVE', { what: 'The registry cannot start:', ...known }, error);
}
