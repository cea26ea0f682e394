// Every call of the registry: what it takes and what it answers.
import { PREFIX } from '../../src/wire/config-service.js';
import type { SchemaName } from './schemas.js';

export interface Parameter {
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
  readonly required?: boolean;
  readonly description: string;
  readonly schema: object;
}

export interface Answer {
  readonly description: string;
  /** A schema, rows of it, one of several; anything where it is a media type. */
  readonly body?:
    | SchemaName
    | readonly [SchemaName]
    | { readonly either: readonly SchemaName[] }
    | { readonly mediaType: string };
  readonly headers?: readonly string[];
  readonly example?: unknown;
}

export interface Operation {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly id: string;
  readonly tag: 'config-service' | 'coordinator' | 'registry';
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly body?: { readonly schema: SchemaName; readonly example: unknown };
  /** Whether it wants a token under --auth jwt; `known`: not from addresses that the service is known from. */
  readonly token?: 'always' | 'known';
  /** Answers besides those that every call has. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Works also while what was registered is being read back. */
  readonly beforeLoaded?: true;
  /** Never refused: an orchestrator asks it. */
  readonly open?: true;
}

const service: Parameter = {
  in: 'path',
  name: 'service_name',
  required: true,
  description: 'Name of the service.',
  schema: { type: 'string' },
};
const exclude: Parameter = {
  in: 'query',
  name: 'exclude',
  description: 'Ids or URLs of instances that are not to be chosen: those that just failed. Repeatable.',
  schema: { type: 'array', items: { type: 'string' } },
};
const ifNoneMatch: Parameter = {
  in: 'header',
  name: 'If-None-Match',
  description: 'The `ETag` of an earlier answer: 304 while nothing came, went or changed its state.',
  schema: { type: 'string' },
};
const reason: Parameter = {
  in: 'query',
  name: 'reason',
  description: 'For the audit trail.',
  schema: { type: 'string', maxLength: 500 },
};
const query = (name: string, description: string): Parameter => ({
  in: 'query',
  name,
  required: true,
  description,
  schema: { type: 'string', minLength: 1 },
});

const NOT_CHANGED: Answer = { description: 'Nothing changed since the tag given.', headers: ['ETag'] };
const LISTED = ['ETag', 'Age', 'Warning'];
const TIME = '2026-11-21T20:28:39.241+00:00';
const ROW = {
  instance_id: 'asr-1',
  service_name: 'asr-service',
  service_url: 'http://asr-1:8090',
  status: 'healthy',
  state: 'healthy',
  service_id: 42,
  monitored_by: 'heartbeat',
  registered_at: TIME,
  last_heartbeat: TIME,
  service_metadata: { version: '1.4.0', instance_id: 'asr-1', service_url: 'http://asr-1:8090' },
};
const SERVICE_ROW = {
  service_name: 'asr-service',
  service_url: 'http://asr-1:8090',
  status: 'healthy',
  service_metadata: { version: '1.4.0' },
  registered_at: TIME,
  healthy_instances: 1,
  total_instances: 1,
};
const AUDIT_ROW = {
  seq: 17,
  service_name: 'asr-service',
  instance_id: 'asr-1',
  revision: 3,
  at: '2026-11-21T20:28:39.241Z',
  actor: 'service:42',
  cause: 'registered',
  from: null,
  to: 'starting',
  detail: null,
};
const NO_SERVICE: Answer = { description: 'No such service.', body: 'Error' };

/** The same at both APIs. */
const LIST_SERVICES = {
  summary: 'List the services',
  parameters: [ifNoneMatch],
  answers: {
    200: {
      description: 'A row per service.',
      body: ['Service'],
      headers: LISTED,
      example: [SERVICE_ROW],
    },
    304: NOT_CHANGED,
  },
} satisfies Partial<Operation>;

const CONFIG_SERVICE: readonly Operation[] = [
  {
    method: 'post',
    path: `${PREFIX}/register`,
    id: 'register',
    tag: 'config-service',
    summary: 'Register an instance',
    description:
      'Durable before it is answered. The id is `service_metadata.instance_id`, else a new one; a known id is updated.',
    token: 'always',
    body: {
      schema: 'RegisterRequest',
      example: {
        service_name: 'asr-service',
        service_url: 'http://asr-1:8090',
        health_check_url: 'http://asr-1:8090/health',
        service_metadata: { instance_id: 'asr-1', service_id: 42, version: '1.4.0' },
      },
    },
    answers: {
      201: { description: 'It is registered.', body: 'RegisterAnswer', example: { instance_id: 'asr-1' } },
    },
  },
  {
    method: 'post',
    path: `${PREFIX}/deregister`,
    id: 'deregister',
    tag: 'config-service',
    summary: 'Deregister an instance',
    description: 'Answers the same where there was no such instance.',
    token: 'always',
    parameters: [
      query('service_name', 'Name of the service.'),
      query('instance_id', 'Its instance.'),
      reason,
    ],
    answers: {
      200: { description: 'It is not registered.', body: 'DeregisterAnswer', example: { status: 'ok' } },
    },
  },
  {
    method: 'post',
    path: `${PREFIX}/heartbeat`,
    id: 'heartbeat',
    tag: 'config-service',
    summary: 'Say that an instance is alive',
    token: 'always',
    body: {
      schema: 'HeartbeatRequest',
      example: { service_name: 'asr-service', instance_id: 'asr-1' },
    },
    answers: {
      200: {
        description: 'It counted; the next is due after `next_heartbeat_s`.',
        body: 'HeartbeatAnswer',
        example: {
          status: 'ok',
          service_name: 'asr-service',
          instance_id: 'asr-1',
          next_heartbeat_s: 30,
        },
      },
      404: { description: 'It is not registered: register it again.', body: 'Error' },
    },
  },
  {
    method: 'get',
    path: `${PREFIX}/services`,
    id: 'listServices',
    tag: 'config-service',
    ...LIST_SERVICES,
  },
  {
    method: 'get',
    path: `${PREFIX}/services/{service_name}`,
    id: 'listInstances',
    tag: 'config-service',
    summary: 'List the instances of a service, whatever their state',
    parameters: [service, ifNoneMatch],
    answers: {
      200: {
        description: 'A row per instance; none where the service is unknown.',
        body: ['Instance'],
        headers: LISTED,
        example: [ROW],
      },
      304: NOT_CHANGED,
    },
  },
  {
    method: 'get',
    path: `${PREFIX}/services/{service_name}/url`,
    id: 'pickUrl',
    tag: 'config-service',
    summary: 'The URL of a healthy instance',
    description: 'Chosen at random, by `weight` of the metadata.',
    parameters: [service, exclude],
    answers: {
      200: {
        description: 'Where to call it.',
        body: 'UrlAnswer',
        headers: ['Age', 'Warning'],
        example: { url: 'http://asr-1:8090' },
      },
      404: { description: 'None is healthy, or the service is unknown.', body: 'Error' },
    },
  },
  {
    method: 'get',
    path: `${PREFIX}/discover/{service_name}`,
    id: 'discover',
    tag: 'config-service',
    summary: 'The healthy instances of a service',
    parameters: [service],
    answers: {
      200: {
        description: 'A row per healthy instance.',
        body: ['DiscoveredInstance'],
        headers: ['Age', 'Warning'],
        example: [{ ...ROW, health_check_url: null }],
      },
    },
  },
  {
    method: 'post',
    path: `${PREFIX}/services/{service_name}/health`,
    id: 'checkService',
    tag: 'config-service',
    summary: 'Check the health of a service now',
    parameters: [service],
    answers: {
      200: {
        description: 'Once every instance was asked.',
        body: 'ServiceHealth',
        example: { status: 'healthy' },
      },
      404: NO_SERVICE,
    },
  },
  {
    method: 'post',
    path: `${PREFIX}/services/{service_name}/health/detailed`,
    id: 'checkServiceDetailed',
    tag: 'config-service',
    summary: 'Check the health of a service now, and tell of each instance',
    parameters: [service],
    answers: {
      200: { description: 'What each instance answered.', body: 'ServiceHealthDetailed' },
      404: NO_SERVICE,
    },
  },
  {
    method: 'post',
    path: `${PREFIX}/services/{service_name}/release-evictions`,
    id: 'releaseEvictions',
    tag: 'registry',
    summary: 'Let the registry evict what is lost of a service, although most of it is',
    description: 'For where the mass-expiry guard holds instances that are gone for good.',
    token: 'always',
    parameters: [service],
    answers: {
      200: {
        description: 'How many instances are evicted once their time is over.',
        body: 'ReleasedEvictions',
        example: { service_name: 'asr-service', released_instances: 3 },
      },
      404: NO_SERVICE,
    },
  },
  {
    method: 'get',
    path: `${PREFIX}/internal/health-status`,
    id: 'healthStatus',
    tag: 'config-service',
    summary: 'What is known of the health of a service',
    parameters: [query('service_id', 'Name of the service; upstream calls it so.')],
    answers: {
      200: { description: 'Without asking its instances.', body: 'HealthStatus' },
      404: { description: 'Nothing has been seen of it yet.', body: 'Error' },
    },
  },
  {
    method: 'get',
    path: `${PREFIX}/watch`,
    id: 'watch',
    tag: 'registry',
    summary: 'Every change as a server-sent event',
    description:
      '`event: service` carries `service_name`, `revision` and all `instances` of a service; `event: synced` says that all is told, and its `id` continues after a cut.',
    parameters: [
      {
        in: 'query',
        name: 'service',
        description: 'Of these services; of all where none is named. Repeatable.',
        schema: { type: 'array', items: { type: 'string', minLength: 1 } },
      },
      {
        in: 'header',
        name: 'Last-Event-ID',
        description: 'Continue after this event.',
        schema: { type: 'string' },
      },
    ],
    answers: {
      200: { description: 'A stream that goes on.', body: { mediaType: 'text/event-stream' } },
      410: {
        description: 'What changed since is not known any more: watch again without the id.',
        body: 'Error',
      },
    },
  },
  {
    method: 'get',
    path: `${PREFIX}/audit`,
    id: 'audit',
    tag: 'registry',
    summary: 'Who changed what, and why',
    parameters: [
      {
        in: 'query',
        name: 'service',
        description: 'Of this service.',
        schema: { type: 'string', minLength: 1 },
      },
      {
        in: 'query',
        name: 'since',
        description: 'From this time on.',
        schema: { type: 'string', format: 'date-time' },
      },
      {
        in: 'query',
        name: 'after',
        description: 'After the row with this `seq`.',
        schema: { type: 'integer', minimum: 0 },
      },
      {
        in: 'query',
        name: 'limit',
        description: 'At most so many rows.',
        schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
      },
    ],
    answers: { 200: { description: 'Oldest first.', body: ['AuditRow'], example: [AUDIT_ROW] } },
  },
];

const COORDINATOR: readonly Operation[] = [
  {
    method: 'post',
    path: '/register',
    id: 'coordinatorRegister',
    tag: 'coordinator',
    summary: 'Register a service under its integer id',
    token: 'always',
    body: {
      schema: 'CoordinatorRegisterRequest',
      example: { service_id: 42, service_name: 'asr-service', url: 'http://asr-1:8090' },
    },
    answers: {
      201: {
        description: 'It is registered.',
        body: 'CoordinatorRegisterAnswer',
        example: {
          registered: true,
          service_id: 42,
          instance_id: 'asr-service-42',
          heartbeat_interval_s: 30,
        },
      },
    },
  },
  {
    method: 'post',
    path: '/deregister',
    id: 'coordinatorDeregister',
    tag: 'coordinator',
    summary: 'Deregister the instances of a service id, or one of them',
    token: 'always',
    body: { schema: 'CoordinatorDeregisterRequest', example: { service_id: 42 } },
    answers: {
      200: {
        description: 'They are not registered any more.',
        body: 'CoordinatorDeregisterAnswer',
        example: { deregistered: true },
      },
      404: { description: 'Nothing was registered.', body: 'Error' },
    },
  },
  {
    method: 'post',
    path: '/heartbeat',
    id: 'coordinatorHeartbeat',
    tag: 'coordinator',
    summary: 'Say that a service is alive',
    description:
      'Without a token it counts from the addresses that the service registered from or showed its token from.',
    token: 'known',
    body: { schema: 'CoordinatorHeartbeatRequest', example: { service_id: 42 } },
    answers: {
      200: {
        description: 'It counted; the next is due after `next_heartbeat_s`.',
        body: 'CoordinatorHeartbeatAnswer',
        example: { status: 'ok', service_id: 42, next_heartbeat_s: 30 },
      },
      404: { description: 'The id is not registered: register it again.', body: 'Error' },
    },
  },
  {
    method: 'get',
    path: '/services',
    id: 'coordinatorListServices',
    tag: 'coordinator',
    ...LIST_SERVICES,
  },
  {
    method: 'get',
    path: '/services/{service_name}',
    id: 'coordinatorService',
    tag: 'coordinator',
    summary: 'The URL of a healthy instance, and all instances',
    parameters: [service, exclude],
    answers: {
      200: {
        description: 'Where to call it.',
        body: 'CoordinatorService',
        headers: ['Age', 'Warning'],
        example: {
          url: 'http://asr-1:8090',
          service_name: 'asr-service',
          service_id: 42,
          instances: [ROW],
        },
      },
      404: {
        description: 'The service is unknown, or none of the instances told of is healthy.',
        body: 'NoHealthyInstance',
      },
    },
  },
];

const REGISTRY: readonly Operation[] = [
  {
    method: 'get',
    path: '/health',
    id: 'health',
    tag: 'registry',
    summary: 'How the registry is',
    answers: {
      200: { description: 'Well.', body: 'RegistryHealth' },
      503: {
        description: 'Loading, changes cannot be stored, or an engine is missing.',
        body: { either: ['RegistryHealth', 'Error'] },
        headers: ['Retry-After'],
      },
    },
  },
  {
    method: 'get',
    path: '/ready',
    id: 'ready',
    tag: 'registry',
    summary: 'Whether to send requests here',
    answers: {
      200: { description: 'Yes.', body: 'Status', example: { status: 'ready' } },
      503: {
        description: 'No: loading, or cut off from its engines.',
        body: { either: ['Status', 'Error'] },
        headers: ['Retry-After'],
      },
    },
  },
  {
    method: 'get',
    path: '/live',
    id: 'live',
    tag: 'registry',
    summary: 'Whether the process answers at all',
    open: true,
    beforeLoaded: true,
    answers: { 200: { description: 'Yes.', body: 'Status', example: { status: 'alive' } } },
  },
  {
    method: 'get',
    path: '/metrics',
    id: 'metrics',
    tag: 'registry',
    summary: 'Metrics for Prometheus',
    beforeLoaded: true,
    answers: { 200: { description: 'Text format 0.0.4.', body: { mediaType: 'text/plain' } } },
  },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'openapi',
    tag: 'registry',
    summary: 'This document',
    answers: { 200: { description: 'OpenAPI 3.1.', body: { mediaType: 'application/json' } } },
  },
];

export const OPERATIONS: readonly Operation[] = [...CONFIG_SERVICE, ...COORDINATOR, ...REGISTRY];
