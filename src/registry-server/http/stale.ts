// Answers that may be out of date say so: a replica that others' changes do not reach goes on answering reads.
import type { FastifyInstance } from 'fastify';
import { PREFIX } from '../../wire/config-service.js';
import type { Registry } from './registry.js';

const READS = new RegExp(`^(${PREFIX})?/(services|discover)(/|\\?|$)`);

/** `Age` (RFC 9111 §5.1) is since when; `Warning: 110` (RFC 7234 §5.5.1) is what clients still look for. */
export function markStale(app: FastifyInstance, { replica, clock }: Registry): void {
  if (replica === undefined) return;
  app.addHook('onRequest', ({ method, url }, reply, done) => {
    const since = replica.staleSince;
    if (since !== undefined && (method === 'GET' || method === 'HEAD') && READS.test(url)) {
      const seconds = Math.max(0, Math.floor((clock.now() - since) / 1000));
      reply.header('age', String(seconds)).header('warning', '110 - "Response is Stale"');
    }
    done();
  });
}
