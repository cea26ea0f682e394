// The schemas that docs/openapi.json names: what is sent as src/wire checks it, what is answered as this registry does,
// which is narrower than what src/wire takes from any registry.
import { type ConversionConfig, type JsonSchema, toJsonSchemaDefs } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { AuditRow } from '../../src/wire/audit.js';
import * as configService from '../../src/wire/config-service.js';
import * as coordinator from '../../src/wire/coordinator.js';
import { Name } from '../../src/wire/names.js';
import { DeclaredStatus, STATES, UPSTREAM_STATUSES } from '../../src/wire/status.js';
import { HealthUrl, ServiceUrl } from '../../src/wire/urls.js';

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const serviceId = v.pipe(v.number(), v.integer(), v.minValue(1));
/** ISO 8601, with `+00:00`. */
const time = v.pipe(text, v.isoTimestamp());
const metadata = v.record(text, v.unknown());
const status = v.picklist(UPSTREAM_STATUSES);
const engine = v.picklist(['healthy', 'unhealthy']);
const serviceState = v.picklist(['healthy', 'degraded', 'unhealthy', 'unknown']);

const instance = {
  instance_id: text,
  service_name: text,
  service_url: text,
  status,
  state: v.picklist(STATES),
  monitored_by: v.picklist(['heartbeat', 'health-check', 'none']),
  registered_at: time,
  service_metadata: metadata,
};
const Instance = v.object({
  ...instance,
  health_check_url: v.optional(text),
  service_id: v.optional(serviceId),
  last_heartbeat: v.optional(time),
});
const DiscoveredInstance = v.object({
  ...instance,
  health_check_url: v.nullable(text),
  service_id: v.nullable(serviceId),
  last_heartbeat: v.nullable(time),
});

/** By their names in the document. */
const SCHEMAS = {
  Name,
  ServiceUrl,
  HealthUrl,
  DeclaredStatus,
  Metadata: configService.Metadata,
  RegisterRequest: configService.RegisterRequest,
  RegisterAnswer: configService.RegisterAnswer,
  DeregisterAnswer: v.object({ status: v.literal('ok') }),
  HeartbeatRequest: configService.HeartbeatRequest,
  HeartbeatAnswer: v.object({
    status: v.literal('ok'),
    service_name: text,
    instance_id: text,
    next_heartbeat_s: count,
  }),
  Instance,
  DiscoveredInstance,
  Service: v.object({
    service_name: text,
    service_url: text,
    health_check_url: v.optional(text),
    status,
    service_metadata: metadata,
    registered_at: time,
    healthy_instances: count,
    total_instances: count,
    evictions_held: v.optional(v.literal(true)),
    held_instances: v.optional(count),
  }),
  ReleasedEvictions: v.object({ service_name: text, released_instances: count }),
  UrlAnswer: configService.UrlAnswer,
  AuditRow,
  ServiceHealth: v.object({ status }),
  ServiceHealthDetailed: v.object({
    service_name: text,
    overall_status: status,
    total_instances: count,
    healthy_instances: count,
    unhealthy_instances: count,
    check_results: v.array(
      v.object({
        endpoint_url: text,
        is_healthy: v.boolean(),
        response_time_ms: v.number(),
        status_code: v.nullable(count),
        error_message: v.nullable(text),
        timestamp: time,
      }),
    ),
    timestamp: time,
  }),
  HealthStatus: v.object({
    service_id: text,
    state: serviceState,
    last_check: time,
    total_instances: count,
    healthy_instances: count,
  }),
  CoordinatorRegisterRequest: coordinator.RegisterRequest,
  CoordinatorRegisterAnswer: v.object({
    registered: v.literal(true),
    service_id: serviceId,
    instance_id: text,
    heartbeat_interval_s: count,
  }),
  CoordinatorDeregisterRequest: coordinator.DeregisterRequest,
  CoordinatorDeregisterAnswer: v.object({ deregistered: v.literal(true) }),
  CoordinatorHeartbeatRequest: coordinator.HeartbeatRequest,
  CoordinatorHeartbeatAnswer: v.object({
    status: v.literal('ok'),
    service_id: serviceId,
    next_heartbeat_s: count,
  }),
  CoordinatorService: v.object({
    url: text,
    service_name: text,
    service_id: v.optional(serviceId),
    instances: v.array(Instance),
  }),
  NoHealthyInstance: v.object({
    detail: text,
    service_name: v.optional(text),
    instances: v.optional(v.array(Instance)),
  }),
  RegistryHealth: v.object({
    status: engine,
    zookeeper: engine,
    postgres: engine,
    redis: engine,
    timestamp: v.number(),
    mode: v.picklist(['embedded', 'cluster']),
    replica: v.optional(text),
    members: v.optional(count),
    read_only: v.optional(v.literal(true)),
    held: v.optional(v.array(text)),
    held_services: v.optional(count),
    detail: v.optional(text),
  }),
  Status: v.object({ status: text }),
  Error: v.object({ detail: text, code: v.optional(v.literal(configService.READ_ONLY)) }),
  ValidationError: v.object({
    detail: v.array(v.object({ loc: v.array(v.union([text, v.number()])), msg: text, type: text })),
  }),
} satisfies Record<string, v.GenericSchema>;

export type SchemaName = keyof typeof SCHEMAS;

export const refTo = (name: SchemaName): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

const URL_TEXT = { type: 'string', format: 'uri', maxLength: 2048 } as const;

/** What an unset variable leaves, which counts as absent. */
const NOTHING: readonly JsonSchema[] = [{ const: '' }, { type: 'null' }];

/** What code checks, as far as JSON Schema can say it. */
const BY_HAND = {
  ServiceUrl: { ...URL_TEXT, description: 'http or https, without credentials, query and fragment.' },
  HealthUrl: { ...URL_TEXT, description: 'http or https, without credentials and fragment.' },
  Metadata: {
    type: 'object',
    description: `Free-form, at most ${configService.MAX_METADATA_BYTES} bytes of JSON. \`weight\` is the share of the choice, \`service_id\` the id of the Coordinator.`,
    properties: {
      instance_id: { anyOf: [refTo('Name'), ...NOTHING] },
      status: { anyOf: [refTo('DeclaredStatus'), ...NOTHING] },
    },
    additionalProperties: true,
  },
} satisfies Partial<Record<SchemaName, JsonSchema>>;

const CONVERSION: ConversionConfig = {
  target: 'draft-2020-12',
  typeMode: 'input',
  // Of what stands in BY_HAND, and of nothing else: an action that cannot be said is an error.
  ignoreActions: ['check', 'raw_check'],
  overrideSchema: ({ valibotSchema }) => (valibotSchema.type === 'custom' ? { type: 'object' } : undefined),
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
};

/** All of them as JSON Schema, which refer to each other as components. */
export function jsonSchemas(): Record<string, JsonSchema> {
  const converted: Record<string, JsonSchema> = { ...toJsonSchemaDefs(SCHEMAS, CONVERSION), ...BY_HAND };
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    if (!('entries' in schema)) continue;
    for (const [key, entry] of Object.entries(schema.entries)) {
      const inside = insideOptionalText(entry);
      const properties = converted[name]?.properties;
      if (inside !== undefined && properties !== undefined) properties[key] = { anyOf: [inside, ...NOTHING] };
    }
  }
  return converted;
}

/** What `optionalText(schema)` takes where it is given; undefined for any other schema. */
function insideOptionalText(schema: object): JsonSchema | undefined {
  if (!('pipe' in schema) || !Array.isArray(schema.pipe)) return undefined;
  const [first, , last] = schema.pipe;
  if (first?.type !== 'nullish' || last?.type !== 'optional') return undefined;
  const name = (Object.keys(SCHEMAS) as SchemaName[]).find((each) => SCHEMAS[each] === last.wrapped);
  return name === undefined ? { type: 'string' } : refTo(name);
}
