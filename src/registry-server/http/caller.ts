// Who sent a request: its address, and the service id of its token where one is asked for.
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../plan.js';
import type { Registry } from './registry.js';

/**
 * The remote address, or whom a trusted proxy names for it where that is an address; IPv4 is written as IPv4 also on a
 * dual-stack socket.
 */
export function addressOf(request: FastifyRequest): string {
  const { ip } = request;
  const address = isIP(ip) === 0 ? (request.raw.socket.remoteAddress ?? '') : ip;
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** The caller; throws Unauthorized where a token is asked for and is missing or bad. */
export function callerOf(request: FastifyRequest, { readToken, known }: Registry): Caller {
  const address = addressOf(request);
  if (readToken === undefined) return { address, serviceId: null };
  const serviceId = readToken(request.headers.authorization);
  known.remember(serviceId, address);
  return { address, serviceId };
}
