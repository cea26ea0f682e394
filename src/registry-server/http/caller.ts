// Who sent a request: its address, and the service id of its token where one is asked for.
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { Unauthorized } from '../auth.js';
import type { Caller } from '../plan.js';
import type { Registry } from './registry.js';

/**
 * The remote address, or whom a trusted proxy names for it where that is an address; IPv4 is written as IPv4 also on a
 * dual-stack socket.
 */
export function addressOf(request: FastifyRequest): string {
  const { ip, raw } = request;
  const sender = raw.socket.remoteAddress ?? '';
  const address = ip === sender || isIP(ip) === 0 ? sender : ip;
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** The caller; throws Unauthorized where a token is asked for and is missing or bad. */
export function callerOf(request: FastifyRequest, { readToken, known }: Registry): Caller {
  const address = addressOf(request);
  if (readToken === undefined) return { address, serviceId: null };
  const serviceId = readToken(authorizationOf(request));
  known.remember(serviceId, address);
  return { address, serviceId };
}

/** Throws where there are several: what stands before the registry may have looked at another than it would (RFC 9110 §5.3). */
function authorizationOf({ raw }: FastifyRequest): string | undefined {
  const { authorization = [] } = raw.headersDistinct;
  if (authorization.length > 1)
    throw new Unauthorized('Invalid token: there are several Authorization headers');
  return authorization[0];
}
