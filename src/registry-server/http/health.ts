// The health of the registry itself, and of services on demand.
import type { FastifyInstance } from 'fastify';
import * as v from 'valibot';
import { PREFIX } from '../../wire/config-service.js';
import { upstreamStatus } from '../../wire/status.js';
import type { CheckResult } from '../health-monitor.js';
import { isoTime, stateOfService } from '../listing.js';
import type { Service } from '../service.js';
import type { ServiceParams } from './config-service.js';
import { ownHealth } from './own-health.js';
import type { Registry } from './registry.js';
import { parse } from './validate.js';

const HealthStatusQuery = v.object({ service_id: v.pipe(v.string(), v.nonEmpty()) });

/** A check's result under upstream's names. */
function checkResult({ url, problem, milliseconds, status, timestamp }: CheckResult) {
  return {
    endpoint_url: url,
    is_healthy: problem === null,
    response_time_ms: milliseconds,
    status_code: status,
    error_message: problem,
    timestamp: isoTime(timestamp),
  };
}

/** When a sign of life of the service, or its absence, was last seen; null where nothing has been seen yet. */
function lastCheck({ instances }: Service): string | null {
  let last: number | null = null;
  for (const { check, lastHeartbeat } of instances.values()) {
    for (const seen of [check.lastAt, lastHeartbeat]) if (seen !== null && (last ?? 0) < seen) last = seen;
  }
  return last === null ? null : isoTime(last);
}

function overall(service: Service): 'healthy' | 'degraded' | 'unhealthy' | 'unknown' {
  const healthy = service.healthy.length;
  if (healthy === service.instances.size) return 'healthy';
  if (healthy > 0) return 'degraded';
  const state = stateOfService(service);
  return state === 'unhealthy' || state === 'down' ? 'unhealthy' : 'unknown';
}

export function healthRoutes(app: FastifyInstance, registry: Registry): void {
  const { directory, monitor, clock } = registry;
  const { catalog } = directory;

  app.get('/health', async (_request, reply) => {
    const health = ownHealth(registry);
    return reply.code(health.status === 'healthy' ? 200 : 503).send(health);
  });

  app.get('/ready', async (_request, reply) => {
    if (registry.leaving) return reply.code(503).send({ status: 'leaving' });
    // What it hears would count for nothing: another replica is the better one.
    if (registry.replica?.cutOff) return reply.code(503).send({ status: 'cut off from its engines' });
    return { status: 'ready' };
  });

  app.get('/live', async () => ({ status: 'alive' }));

  app.post<ServiceParams>(`${PREFIX}/services/:name/health`, async ({ params }, reply) => {
    const service = catalog.service(params.name);
    if (service === undefined) return reply.code(404).send({ detail: 'Service not found' });
    await monitor.checkNow([...service.instances.values()]);
    return { status: upstreamStatus(stateOfService(service)) };
  });

  app.post<ServiceParams>(`${PREFIX}/services/:name/health/detailed`, async ({ params }, reply) => {
    const service = catalog.service(params.name);
    if (service === undefined) return reply.code(404).send({ detail: 'Service not found' });
    const results = await monitor.checkNow([...service.instances.values()]);
    const healthy = service.healthy.length;
    return {
      service_name: service.name,
      overall_status: upstreamStatus(stateOfService(service)),
      total_instances: service.instances.size,
      healthy_instances: healthy,
      unhealthy_instances: service.instances.size - healthy,
      check_results: results.map(checkResult),
      timestamp: isoTime(clock.wall()),
    };
  });

  app.get(`${PREFIX}/internal/health-status`, async (request, reply) => {
    const { service_id: name } = parse(HealthStatusQuery, request.query, 'query');
    const service = catalog.service(name);
    const last = service === undefined ? null : lastCheck(service);
    if (service === undefined || last === null) {
      return reply.code(404).send({ detail: 'Health status not found' });
    }
    return {
      service_id: name,
      state: overall(service),
      last_check: last,
      total_instances: service.instances.size,
      healthy_instances: service.healthy.length,
    };
  });
}
