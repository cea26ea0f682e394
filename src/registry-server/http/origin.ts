// Pages in a browser must not reach through it to a registry that trusts this machine, or its network.
import type { FastifyRequest } from 'fastify';

/** Names of this machine: any other name in `Host` was made to point here (DNS rebinding). */
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Why the request is refused, undefined where it may pass. `onLoopback`: the registry listens for this machine alone. */
export function originProblem({ method, headers }: FastifyRequest, onLoopback: boolean): string | undefined {
  const { host, origin } = headers;
  if (onLoopback && host !== undefined && !LOOPBACK_HOST.test(host)) {
    return 'Refused: this registry listens on loopback, and the Host header names another host. Use http://127.0.0.1 or http://localhost, or start the registry with --host for others.';
  }
  if (origin !== undefined && hostOf(origin) !== host?.toLowerCase()) {
    return 'Refused: the request comes from a page of another origin. Pages in a browser may not use this registry.';
  }
  const site = headers['sec-fetch-site'];
  if (method === 'POST' && (site === 'cross-site' || site === 'same-site')) {
    return 'Refused: the request comes from a page of another site.';
  }
  return undefined;
}

/** `host:port` as the Host header has it; undefined for `null` and what is no origin. */
function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase();
}
