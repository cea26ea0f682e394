// The Coordinator registry API (wire/coordinator.md), at the root.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DeregisterRequest, HeartbeatRequest, RegisterRequest } from '../../wire/coordinator.js';
import { Unauthorized } from '../auth.js';
import { choose } from '../choice.js';
import { acceptsBeat, type Instance } from '../instance.js';
import { instanceRows, serviceRows } from '../listing.js';
import { nextHeartbeatS } from '../pacing.js';
import { type Caller, planRegistration, planServiceDeregistration, requireOwner } from '../plan.js';
import { moment } from '../settings.js';
import { addressOf, callerOf } from './caller.js';
import { change } from './change.js';
import { type ChoiceQuery, excluded, NO_HEALTHY } from './config-service.js';
import { sendUnlessKnown } from './etag.js';
import type { KnownAddresses } from './known-addresses.js';
import { onceFound } from './late-news.js';
import type { Registry } from './registry.js';
import { parse } from './validate.js';

const MAX_ID_LENGTH = 100;

/**
 * One service id is one instance unless it says otherwise: with a generated id, a restart would leave a dead twin that
 * the heartbeats of its successor keep alive.
 */
function defaultId(service: string, serviceId: number): string {
  const suffix = `-${serviceId}`;
  return service.slice(0, MAX_ID_LENGTH - suffix.length) + suffix;
}

/** The caller of a heartbeat: the guide's own loop sends no token, which is no reason to refuse it yet. */
function heartbeatCaller(request: FastifyRequest, registry: Registry): Caller {
  if (request.headers.authorization !== undefined) return callerOf(request, registry);
  return { serviceId: null, address: addressOf(request) };
}

/** Those of the instances that a heartbeat of this caller may be for; throws where its token is of another service. */
function beatenBy(caller: Caller, instances: readonly Instance[], known: KnownAddresses): Instance[] {
  const accepted = instances.filter(({ registration }) =>
    acceptsBeat(registration, caller, (serviceId, address) => known.has(serviceId, address)),
  );
  if (accepted.length === 0) for (const { registration } of instances) requireOwner(caller, registration);
  return accepted;
}

const NO_TOKEN =
  'No token: a heartbeat without one counts only from an address from which the service has shown its token';

/** Service ids whose refusal has been warned of are remembered up to this number. */
const MAX_WARNED = 10_000;

export function coordinatorRoutes(app: FastifyInstance, registry: Registry): void {
  const { directory, writer, monitor, clock, run } = registry;
  const { catalog } = directory;
  const { heartbeatIntervalS } = registry.timings;
  const warned = new Set<number>();

  /** Says once per service why it will go down although it beats. */
  function warnOnce(serviceId: number, request: FastifyRequest): void {
    if (warned.has(serviceId) || warned.size >= MAX_WARNED) return;
    warned.add(serviceId);
    registry.log.warn(
      { trace_id: request.id, service_id: serviceId, address: addressOf(request) },
      `heartbeats of service_id ${serviceId} without a token are refused: none of its calls with a token came from that address`,
    );
  }

  app.post('/register', async (request, reply) => {
    const caller = callerOf(request, registry);
    const body = parse(RegisterRequest, request.body, 'body');
    if (caller.serviceId !== null && caller.serviceId !== body.service_id) {
      throw new Unauthorized(`Invalid token: its service_id is ${caller.serviceId}, not ${body.service_id}`);
    }
    const metadata = body.metadata ?? {};
    const { id } = await change(request, registry, (view) =>
      planRegistration(
        view,
        {
          service: body.service_name,
          id: body.instance_id ?? metadata.instance_id ?? defaultId(body.service_name, body.service_id),
          url: body.url,
          healthUrl: body.health_check_url ?? null,
          metadata,
          serviceId: body.service_id,
        },
        caller,
        clock.wall().toISOString(),
        registry.newId,
      ),
    );
    monitor.wake();
    return reply.code(201).send({
      registered: true,
      service_id: body.service_id,
      instance_id: id,
      heartbeat_interval_s: heartbeatIntervalS,
    });
  });

  app.post('/deregister', async (request, reply) => {
    const caller = callerOf(request, registry);
    const body = parse(DeregisterRequest, request.body, 'body');
    const target = {
      serviceId: body.service_id,
      id: body.instance_id ?? null,
      reason: body.reason ?? null,
    };
    const removed = await change(request, registry, (view) =>
      planServiceDeregistration(view, target, caller, clock.wall().toISOString()),
    );
    if (removed === 0) return reply.code(404).send({ detail: 'Service not found' });
    return { deregistered: true };
  });

  app.post('/heartbeat', (request, reply) => {
    const caller = heartbeatCaller(request, registry);
    const body = parse(HeartbeatRequest, request.body, 'body');
    const named = body.instance_id ?? undefined;
    const look = () => {
      const instances = catalog
        .instancesWithServiceId(body.service_id)
        .filter(({ registration }) => named === undefined || registration.id === named);
      return instances.length === 0 ? undefined : instances;
    };
    return onceFound(look, registry, (found) => {
      if (found === undefined) {
        const who = named === undefined ? '' : `, instance ${named},`;
        const detail = `service_id ${body.service_id}${who} is not registered: register it again`;
        return reply.code(404).send({ detail });
      }
      const beaten = registry.readToken === undefined ? found : beatenBy(caller, found, registry.known);
      if (beaten.length === 0) {
        warnOnce(body.service_id, request);
        throw new Unauthorized(NO_TOKEN);
      }
      const at = moment(clock);
      registry.load.beat(at.now);
      writer.record(
        named === undefined
          ? directory.beatUnnamed(beaten, caller.address, at)
          : beaten.flatMap((instance) => directory.beat(instance, at)),
      );
      const next = nextHeartbeatS(registry.timings, registry.load.load(at.now), registry.random);
      return { status: 'ok', service_id: body.service_id, next_heartbeat_s: next };
    });
  });

  app.get('/services', async (request, reply) =>
    sendUnlessKnown(request, reply, { run, revision: catalog.changes }, () => serviceRows(directory)),
  );

  app.get<ChoiceQuery>('/services/:name', async ({ params, query }, reply) => {
    const service = catalog.service(params.name);
    if (service === undefined) return reply.code(404).send({ detail: 'Service not found' });
    const instances = instanceRows(service.instances.values());
    const chosen = choose(service.healthy, excluded(query), registry.random);
    if (chosen === undefined) {
      return reply.code(404).send({ detail: NO_HEALTHY, service_name: service.name, instances });
    }
    const { url, serviceId } = chosen.registration;
    return {
      url,
      service_name: service.name,
      ...(serviceId === null ? {} : { service_id: serviceId }),
      instances,
    };
  });
}
