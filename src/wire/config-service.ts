// The Config Service registry API: `/api/v1/registry` (Service Registry Integration Guide; wire/config-service.md).
import * as v from 'valibot';
import { isName, Name } from './names.js';
import { DeclaredStatus } from './status.js';
import { HealthUrl, ServiceUrl } from './urls.js';

export const PREFIX = '/api/v1/registry';

/** Metadata is kept as JSON and handed out with every listing, hence the bound. */
export const MAX_METADATA_BYTES = 16 * 1024;

/** An optional text: empty or null counts as absent, which is what an unset environment variable often arrives as. */
export function optionalText<S extends v.GenericSchema<string>>(schema: S) {
  return v.pipe(
    v.nullish(v.string()),
    v.transform((text) => text || undefined),
    v.optional(schema),
  );
}

/** Without `instance_id` and `status` where they say nothing. */
function withoutEmpty({ instance_id, status, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return {
    ...(instance_id === '' || instance_id === null || instance_id === undefined ? {} : { instance_id }),
    ...(status === '' || status === null || status === undefined ? {} : { status }),
    ...rest,
  };
}

/** Free-form metadata; `instance_id` and `status` in it are read by the registry and therefore checked. */
export const Metadata = v.pipe(
  // An array passes for an object with valibot.
  v.custom<Record<string, unknown>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be Object',
  ),
  v.transform(withoutEmpty),
  v.objectWithRest({ instance_id: v.optional(Name), status: v.optional(DeclaredStatus) }, v.unknown()),
  v.check(
    (metadata) => Buffer.byteLength(JSON.stringify(metadata)) <= MAX_METADATA_BYTES,
    `must be at most ${MAX_METADATA_BYTES} bytes of JSON`,
  ),
);

/** Body of `POST /register`. */
export const RegisterRequest = v.object({
  service_name: Name,
  service_url: ServiceUrl,
  health_check_url: optionalText(HealthUrl),
  service_metadata: v.nullish(Metadata),
});
export type RegisterRequest = v.InferOutput<typeof RegisterRequest>;

/** Query of `POST /deregister`; `reason` is this registry's own and goes to the audit trail. */
export const DeregisterQuery = v.object({
  service_name: v.pipe(v.string(), v.nonEmpty()),
  instance_id: v.pipe(v.string(), v.nonEmpty()),
  reason: v.optional(v.pipe(v.string(), v.maxLength(500))),
});

/** Query of `GET /watch`, this registry's own: the services to watch, all where none is named. */
export const WatchQuery = v.object({
  service: v.optional(
    v.union([v.pipe(v.string(), v.nonEmpty()), v.array(v.pipe(v.string(), v.nonEmpty()))]),
    [],
  ),
});

/** Body of `POST /heartbeat` under the prefix; the deployed Config Service does not have it. */
export const HeartbeatRequest = v.object({ service_name: Name, instance_id: Name });

/** True where `body` is what the schema asks for and nothing else; in a tenth of its time, without saying why not. */
export function isHeartbeatRequest(body: unknown): body is v.InferOutput<typeof HeartbeatRequest> {
  if (typeof body !== 'object' || body === null || Object.keys(body).length !== 2) return false;
  const { service_name, instance_id } = body as Record<string, unknown>;
  return (
    typeof service_name === 'string' &&
    typeof instance_id === 'string' &&
    isName(service_name) &&
    isName(instance_id)
  );
}

export const RegisterAnswer = v.object({ instance_id: v.string() });

const looseRecord = v.record(v.string(), v.unknown());

/**
 * A row of `GET /services`: one per service name. The counts, and `evictions_held` (with how many instances, where the
 * mass-expiry guard evicts nothing of the service), are this registry's own additions.
 */
export const ServiceRow = v.object({
  service_name: v.string(),
  service_url: v.nullish(v.string()),
  health_check_url: v.nullish(v.string()),
  status: v.nullish(v.string()),
  service_metadata: v.nullish(looseRecord),
  registered_at: v.nullish(v.string()),
  healthy_instances: v.nullish(v.number()),
  total_instances: v.nullish(v.number()),
  evictions_held: v.nullish(v.boolean()),
  held_instances: v.nullish(v.number()),
});
export type ServiceRow = v.InferOutput<typeof ServiceRow>;
export const ServiceRows = v.array(ServiceRow);

const isNullish = (value: unknown, type: 'string' | 'number' | 'boolean' | 'object'): boolean =>
  value === undefined || value === null || (typeof value === type && !Array.isArray(value));

/** What `ServiceRow` says, in one look: a list may have a hundred thousand rows. */
export function isServiceRow(row: unknown): row is ServiceRow {
  if (typeof row !== 'object' || row === null) return false;
  const each = row as Record<keyof ServiceRow, unknown>;
  return (
    typeof each.service_name === 'string' &&
    isNullish(each.service_url, 'string') &&
    isNullish(each.health_check_url, 'string') &&
    isNullish(each.status, 'string') &&
    isNullish(each.service_metadata, 'object') &&
    isNullish(each.registered_at, 'string') &&
    isNullish(each.healthy_instances, 'number') &&
    isNullish(each.total_instances, 'number') &&
    isNullish(each.evictions_held, 'boolean') &&
    isNullish(each.held_instances, 'number')
  );
}

/**
 * An element of `GET /services/{name}` and `GET /discover/{name}`. `state` (the exact state behind `status`),
 * `service_id` (the Coordinator's), `monitored_by`, `registered_at` and `last_heartbeat` are this registry's own additions.
 */
export const InstanceRow = v.object({
  instance_id: v.string(),
  service_name: v.nullish(v.string()),
  service_url: v.nullish(v.string()),
  health_check_url: v.nullish(v.string()),
  status: v.nullish(v.string()),
  service_metadata: v.nullish(looseRecord),
  state: v.nullish(v.string()),
  service_id: v.nullish(v.number()),
  monitored_by: v.nullish(v.string()),
  registered_at: v.nullish(v.string()),
  last_heartbeat: v.nullish(v.string()),
});
export type InstanceRow = v.InferOutput<typeof InstanceRow>;
export const InstanceRows = v.array(InstanceRow);

export const UrlAnswer = v.object({ url: v.string() });

/** Body of `GET /health` of either registry; upstream answers 200 even when it says `unhealthy`. */
export const HealthAnswer = v.looseObject({
  status: v.string(),
  zookeeper: v.optional(v.unknown()),
  postgres: v.optional(v.unknown()),
  redis: v.optional(v.unknown()),
});
export type HealthAnswer = v.InferOutput<typeof HealthAnswer>;

/** `code` of a refusal because the registry runs with --read-only. */
export const READ_ONLY = 'read-only';

/** FastAPI's error body: a text, or one entry a refused field. `code` is this registry's own, where a program needs one. */
export const ErrorAnswer = v.object({
  detail: v.union([
    v.string(),
    v.array(v.looseObject({ loc: v.array(v.union([v.string(), v.number()])), msg: v.string() })),
  ]),
  code: v.optional(v.unknown()),
});
