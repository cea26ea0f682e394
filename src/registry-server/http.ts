// The HTTP face of the registry: both APIs on one Fastify, one file each under http/.
import { type FastifyInstance, type FastifyReply, fastify, LogController } from 'fastify';
import { addressOf } from './http/caller.js';
import { configServiceRoutes } from './http/config-service.js';
import { coordinatorRoutes } from './http/coordinator.js';
import { handleErrors, RETRY_AFTER_S, refuseOtherMethods } from './http/errors.js';
import { healthRoutes } from './http/health.js';
import { type RateLimit, rateLimiter } from './http/rate-limit.js';
import type { Registry } from './http/registry.js';
import { traceIdOf } from './http/trace.js';

export const MAX_BODY_BYTES = 64 * 1024;
/** As long as Node lets a request line be: a name that is too long is unknown, not another route. */
const MAX_PARAM_LENGTH = 16 * 1024;
/** Slow senders do not hold a connection for longer. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Where log lines (JSON, one each) go. */
export interface LogSink {
  write(line: string): void;
}

export interface HttpOptions {
  readonly log: { readonly sink: LogSink; readonly level: string } | undefined;
  readonly rateLimit: RateLimit | null;
}

/** A Fastify without routes; `app.log` is the registry's log. */
export function createApp({ log }: HttpOptions): FastifyInstance {
  const app = fastify({
    logger: log === undefined ? false : { level: log.level, stream: log.sink },
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'trace_id' }),
    requestIdHeader: false,
    genReqId: ({ headers }) => traceIdOf(headers),
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    requestTimeout: REQUEST_TIMEOUT_MS,
    frameworkErrors: (error, _request, reply) => refuseUrl(error, reply as FastifyReply),
  });
  acceptEmptyJson(app);
  return app;
}

/** A path that cannot be decoded names nothing. */
function refuseUrl(error: Error, reply: FastifyReply): void {
  void reply.code(400).send({ detail: error.message });
}

/** A POST without a body may still say that it is JSON; whether one is needed is the route's to say. */
function acceptEmptyJson(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parseJson(request, body, done);
  });
}

/** Adds hooks and routes for the registry. */
export function serveRegistry(app: FastifyInstance, registry: Registry, { rateLimit }: HttpOptions): void {
  const wait = rateLimit === null ? () => 0 : rateLimiter(rateLimit);

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-trace-id', request.id);
    if (request.url === '/live') return undefined;
    const seconds = wait(addressOf(request), registry.clock.now());
    if (seconds > 0) {
      return reply.code(429).header('retry-after', String(seconds)).send({ detail: 'Too many requests' });
    }
    if (!registry.loaded) {
      return reply.code(503).header('retry-after', RETRY_AFTER_S).send({ detail: 'The registry is loading' });
    }
    // A page in a browser must not reach through it to a registry that trusts this machine.
    if (request.method === 'POST' && request.headers['sec-fetch-site'] === 'cross-site') {
      return reply.code(403).send({ detail: 'Cross-site requests are refused' });
    }
    return undefined;
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, url } = request;
    const line = { method, url, status: reply.statusCode, ms: Math.round(reply.elapsedTime * 10) / 10 };
    if (method === 'POST' && !url.endsWith('/heartbeat')) request.log.info(line, 'request');
    else request.log.debug(line, 'request');
  });

  handleErrors(app);
  const paths = new Set<string>();
  app.addHook('onRoute', ({ url }) => {
    paths.add(url);
  });
  configServiceRoutes(app, registry);
  coordinatorRoutes(app, registry);
  healthRoutes(app, registry);
  refuseOtherMethods(app, [...paths]);
}
