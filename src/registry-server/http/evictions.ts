// The override of the mass-expiry guard: an operator says that what is lost is gone for good.
import type { FastifyInstance } from 'fastify';
import { PREFIX } from '../../wire/config-service.js';
import { actorOf, requireName } from '../plan.js';
import { moment } from '../settings.js';
import { callerOf } from './caller.js';
import type { ServiceParams } from './config-service.js';
import type { Registry } from './registry.js';

export function evictionRoutes(app: FastifyInstance, registry: Registry): void {
  const { directory, writer, clock } = registry;
  const { catalog } = directory;

  app.post<ServiceParams>(`${PREFIX}/services/:name/release-evictions`, async (request, reply) => {
    const caller = callerOf(request, registry);
    const { name } = request.params;
    if (catalog.service(name) === undefined) return reply.code(404).send({ detail: 'Service not found' });
    const at = moment(clock);
    requireName(catalog, name, caller, at.wall.toISOString());
    const released_instances = directory.heldOf(name);
    writer.record(directory.release(name, actorOf(caller), at));
    return { service_name: name, released_instances };
  });
}

/** Names on /health, of as many services as one can read. */
const MAX_NAMES = 20;

/** What /health says of services whose evictions are held; nothing where there are none. */
export function heldEvictions({ directory }: Registry): { held?: string[]; held_services?: number } {
  const names = [...directory.heldServices].sort();
  return names.length === 0 ? {} : { held: names.slice(0, MAX_NAMES), held_services: names.length };
}
