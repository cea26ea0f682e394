// Who sent a request: its address, and the service id of its token where one is asked for.
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../plan.js';
import type { Registry } from './registry.js';

/** The remote address; IPv4 is written as IPv4 also on a dual-stack socket. */
export function addressOf(request: FastifyRequest): string {
  return request.ip.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** The caller; throws Unauthorized where a token is asked for and is missing or bad. */
export function callerOf(request: FastifyRequest, { readToken, known }: Registry): Caller {
  const address = addressOf(request);
  if (readToken === undefined) return { address, serviceId: null };
  const serviceId = readToken(request.headers.authorization);
  known.remember(serviceId, address);
  return { address, serviceId };
}
