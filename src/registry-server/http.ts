// The HTTP face of the registry: both APIs on one Fastify, one file each under http/.
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { auditRoutes } from './http/audit.js';
import { batchWrites } from './http/batched-writes.js';
import { acceptJsonOrNothing } from './http/body.js';
import { addressOf } from './http/caller.js';
import { configServiceRoutes, type ServiceParams } from './http/config-service.js';
import { coordinatorRoutes } from './http/coordinator.js';
import { handleErrors, RETRY_AFTER_S, refuseConnection, refuseOtherMethods } from './http/errors.js';
import { evictionRoutes } from './http/evictions.js';
import { healthRoutes } from './http/health.js';
import { metricsRoutes } from './http/metrics.js';
import { openapiRoutes } from './http/openapi.js';
import { originProblem } from './http/origin.js';
import { type RateLimit, rateLimiter } from './http/rate-limit.js';
import { refuseChanges } from './http/read-only.js';
import type { Registry } from './http/registry.js';
import { markStale } from './http/stale.js';
import { traceIdOf } from './http/trace.js';
import { WATCH, watchRoutes } from './http/watch.js';
import type { TlsMaterial } from './tls.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** On the registry's clock, ms. */
    began: number;
  }
}

/** As long as Node lets a request line be: a name that is too long is unknown, not another route. */
const MAX_PARAM_LENGTH = 16 * 1024;
/** Slow senders do not hold a connection for much longer. */
export const REQUEST_TIMEOUT_MS = 10_000;

export interface HttpOptions {
  /** Every request is logged, not changes alone. */
  readonly logsReads: boolean;
  readonly rateLimit: RateLimit | null;
  /** It listens for this machine alone. */
  readonly onLoopback: boolean;
  /** Addresses and networks whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Undefined: plain HTTP. */
  readonly tls: TlsMaterial | undefined;
  /** For a request to arrive in, head and body. */
  readonly requestTimeoutMs: number;
}

/**
 * A Fastify without routes. It has no log of its own: it would make a child of it and listen to the answer of every
 * request, a fifth of the instructions that a read takes.
 */
export function createApp(options: HttpOptions): FastifyInstance {
  const { tls, trustedProxies, requestTimeoutMs } = options;
  // Of these two Node takes the larger for the body, and looks every 30 s unless it is told otherwise.
  const timeouts = { headersTimeout: requestTimeoutMs, connectionsCheckingInterval: requestTimeoutMs / 4 };
  const app: FastifyInstance = fastify({
    // Fastify's types make an HTTPS server another kind of application; what is used of it here is the same.
    ...(tls === undefined
      ? { http: timeouts }
      : { https: { ...tls, ...timeouts, requestCert: tls.ca !== undefined } }),
    requestIdHeader: false,
    genReqId: ({ headers }) => traceIdOf(headers),
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    requestTimeout: requestTimeoutMs,
    clientErrorHandler: refuseConnection,
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    frameworkErrors: (error, _request, reply) => refuseUrl(error, reply as FastifyReply),
  });
  acceptJsonOrNothing(app);
  batchWrites(app.server);
  return app;
}

/** A path that cannot be decoded names nothing. */
function refuseUrl(error: Error, reply: FastifyReply): void {
  void reply.code(400).send({ detail: error.message });
}

/** Why a request goes no further. */
interface Refusal {
  readonly status: number;
  readonly detail: string;
  readonly retryAfterS?: string;
}

/** Adds hooks and routes for the registry. */
export function serveRegistry(app: FastifyInstance, registry: Registry, options: HttpOptions): void {
  const wait = limiters(options.rateLimit);

  function refusalOf(request: FastifyRequest): Refusal | undefined {
    const problem = originProblem(request, options.onLoopback);
    if (problem !== undefined) return { status: 403, detail: problem };
    const seconds = wait(request, request.began);
    if (seconds > 0) return { status: 429, detail: 'Too many requests', retryAfterS: String(seconds) };
    if (!registry.loaded && request.url !== '/metrics') {
      return { status: 503, detail: 'The registry is loading', retryAfterS: RETRY_AFTER_S };
    }
    if (registry.replica?.cutOff && isHeartbeat(request)) {
      return { status: 503, detail: CUT_OFF, retryAfterS: RETRY_AFTER_S };
    }
    return undefined;
  }

  // Hooks call back, since nothing in them waits.
  app.decorateRequest('began', 0);
  app.addHook('onRequest', (request, reply, done) => {
    request.began = registry.clock.now();
    reply.header('x-trace-id', request.id);
    const refusal = request.url === '/live' ? undefined : refusalOf(request);
    if (refusal === undefined) return done();
    const { status, detail, retryAfterS } = refusal;
    if (retryAfterS !== undefined) reply.header('retry-after', retryAfterS);
    return reply.code(status).send({ detail });
  });
  if (registry.readOnly) refuseChanges(app);
  markStale(app, registry);
  // `/services/` names no service.
  app.addHook<ServiceParams>('preHandler', ({ params }, reply, done) => {
    if (params.name === '') return reply.code(404).send({ detail: 'Not Found' });
    return done();
  });
  app.addHook('onSend', (request, { statusCode: status }, _payload, done) => {
    const { id: trace_id, method, url } = request;
    const ms = registry.clock.now() - request.began;
    const route = request.routeOptions.url;
    registry.metrics.answered({ method, route, status, seconds: route === WATCH ? undefined : ms / 1000 });
    const isChange = method === 'POST' && !isHeartbeat(request);
    if (isChange || options.logsReads) {
      const line = { trace_id, method, url, status, ms: Math.round(ms * 10) / 10 };
      registry.log[isChange ? 'info' : 'debug'](line, 'request');
    }
    done();
  });

  handleErrors(app, registry.log);
  const paths = new Set<string>();
  app.addHook('onRoute', ({ method, url }) => {
    paths.add(url);
    if (method === 'GET' || method === 'POST') registry.metrics.route(method, url);
  });
  configServiceRoutes(app, registry);
  auditRoutes(app, registry);
  coordinatorRoutes(app, registry);
  healthRoutes(app, registry);
  evictionRoutes(app, registry);
  const feed = watchRoutes(app, registry);
  metricsRoutes(app, registry, feed);
  openapiRoutes(app);
  refuseOtherMethods(app, [...paths]);
}

const CUT_OFF =
  'This replica reaches neither ZooKeeper nor PostgreSQL: the heartbeat would not count. Send it to another';

const HEARTBEAT = /^(\/api\/v1\/registry)?\/heartbeat(\?|$)/;

/** By its path: a query that ends like one makes no heartbeat of a request. */
const isHeartbeat = ({ method, url }: FastifyRequest): boolean => method === 'POST' && HEARTBEAT.test(url);

/** Heartbeats have a larger allowance of their own: what else a host asks for must not cost its services their leases. */
const HEARTBEATS_FACTOR = 10;

/** Tells how many seconds the sender has to wait: 0 where the request may pass. */
function limiters(limit: RateLimit | null): (request: FastifyRequest, now: number) => number {
  if (limit === null) return () => 0;
  const { perSecond, burst } = limit;
  const general = rateLimiter(limit);
  const beats = rateLimiter({
    ...limit,
    perSecond: perSecond * HEARTBEATS_FACTOR,
    burst: burst * HEARTBEATS_FACTOR,
  });
  return (request, now) => (isHeartbeat(request) ? beats : general)(addressOf(request), now);
}
