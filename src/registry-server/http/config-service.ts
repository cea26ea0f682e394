// The Config Service registry API (wire/config-service.md), under /api/v1/registry.
import type { FastifyInstance } from 'fastify';
import * as v from 'valibot';
import {
  DeregisterQuery,
  HeartbeatRequest,
  isHeartbeatRequest,
  PREFIX,
  RegisterRequest,
} from '../../wire/config-service.js';
import { ServiceId } from '../../wire/coordinator.js';
import { choose } from '../choice.js';
import { instanceRows, serviceRows } from '../listing.js';
import { nextHeartbeatS } from '../pacing.js';
import { planDeregistration, planRegistration, requireOwner } from '../plan.js';
import { RowTexts } from '../row-texts.js';
import { moment } from '../settings.js';
import { callerOf } from './caller.js';
import { change } from './change.js';
import { sendUnlessKnown } from './etag.js';
import { onceFound } from './late-news.js';
import type { Registry } from './registry.js';
import { parse } from './validate.js';

export interface ServiceParams {
  Params: { name: string };
}
export interface ChoiceQuery extends ServiceParams {
  Querystring: { exclude?: string | string[] };
}

/** What Fastify says of the JSON that it makes. */
const JSON_TYPE = 'application/json; charset=utf-8';

export const NO_HEALTHY = 'No healthy instances found';

/** Ids and URLs of `?exclude=`, which may be given more than once. */
export function excluded({ exclude = [] }: ChoiceQuery['Querystring']): string[] {
  return [exclude].flat();
}

export function configServiceRoutes(app: FastifyInstance, registry: Registry): void {
  const { directory, writer, monitor, clock, run } = registry;
  const { catalog } = directory;

  app.post(`${PREFIX}/register`, async (request, reply) => {
    const caller = callerOf(request, registry);
    const body = parse(RegisterRequest, request.body, 'body');
    const metadata = body.service_metadata ?? {};
    // A service that also follows the other guide says its integer id here, so that its heartbeats find it.
    const declaredId = v.is(ServiceId, metadata.service_id) ? metadata.service_id : null;
    const { id } = await change(request, registry, (view) =>
      planRegistration(
        view,
        {
          service: body.service_name,
          id: metadata.instance_id,
          url: body.service_url,
          healthUrl: body.health_check_url ?? null,
          metadata,
          serviceId: caller.serviceId ?? declaredId,
        },
        caller,
        clock.wall().toISOString(),
        registry.newId,
      ),
    );
    monitor.wake();
    return reply.code(201).send({ instance_id: id });
  });

  app.post(`${PREFIX}/deregister`, async (request) => {
    const caller = callerOf(request, registry);
    const query = parse(DeregisterQuery, request.query, 'query');
    const target = { service: query.service_name, id: query.instance_id, reason: query.reason ?? null };
    await change(request, registry, (view) =>
      planDeregistration(view, target, caller, clock.wall().toISOString()),
    );
    // As upstream: ok also where there was no such instance.
    return { status: 'ok' };
  });

  app.post(`${PREFIX}/heartbeat`, (request, reply) => {
    const caller = callerOf(request, registry);
    const { service_name, instance_id } = isHeartbeatRequest(request.body)
      ? request.body
      : parse(HeartbeatRequest, request.body, 'body');
    const look = () => catalog.instance(service_name, instance_id);
    return onceFound(look, registry, (instance) => {
      if (instance === undefined) {
        const detail = `${service_name}/${instance_id} is not registered: register it again`;
        return reply.code(404).send({ detail });
      }
      requireOwner(caller, instance.registration);
      const at = moment(clock);
      registry.load.beat(at.now);
      writer.record(directory.beat(instance, at));
      const next = nextHeartbeatS(registry.timings, registry.load.load(at.now), registry.random);
      // Names have nothing in them that JSON escapes.
      const text = `{"status":"ok","service_name":"${service_name}","instance_id":"${instance_id}","next_heartbeat_s":${next}}`;
      return reply.type(JSON_TYPE).send(text);
    });
  });

  app.get(`${PREFIX}/services`, async (request, reply) =>
    sendUnlessKnown(request, reply, { run, revision: catalog.changes }, () => serviceRows(directory)),
  );

  app.get<ServiceParams>(`${PREFIX}/services/:name`, async (request, reply) => {
    const { name } = request.params;
    return sendUnlessKnown(request, reply, { run, revision: catalog.revisionOf(name) }, () =>
      instanceRows(catalog.service(name)?.instances.values() ?? []),
    );
  });

  app.get<ChoiceQuery>(`${PREFIX}/services/:name/url`, ({ params, query }, reply) => {
    const healthy = catalog.service(params.name)?.healthy ?? [];
    const chosen = choose(healthy, excluded(query), registry.random);
    if (chosen === undefined) return reply.code(404).send({ detail: NO_HEALTHY });
    return { url: chosen.registration.url };
  });

  const texts = new RowTexts();
  app.get<ServiceParams>(`${PREFIX}/discover/:name`, ({ params }, reply) =>
    reply.type(JSON_TYPE).send(texts.discovered(catalog.service(params.name)?.healthy ?? [])),
  );
}
