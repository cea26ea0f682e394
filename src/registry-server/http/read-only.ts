// --read-only: what is registered stays as it is, and stays alive.
import type { FastifyInstance } from 'fastify';
import { PREFIX, READ_ONLY } from '../../wire/config-service.js';

const DETAIL =
  'This registry is read-only: nothing is registered, deregistered or evicted. Nothing was changed';

/** What goes on: nobody may go down because others are not to change. Whatever else is posted is a change. */
const GOES_ON: ReadonlySet<string | undefined> = new Set([
  `${PREFIX}/heartbeat`,
  '/heartbeat',
  `${PREFIX}/services/:name/health`,
  `${PREFIX}/services/:name/health/detailed`,
]);

/** Answers 403 to every change, before its token or body is looked at. */
export function refuseChanges(app: FastifyInstance): void {
  app.addHook('onRequest', ({ method, routeOptions: { url } }, reply, done) => {
    if (method !== 'POST' || url === undefined || GOES_ON.has(url)) return done();
    return reply.code(403).send({ detail: DETAIL, code: READ_ONLY });
  });
}
