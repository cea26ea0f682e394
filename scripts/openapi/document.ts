// docs/openapi.json: the calls of `regctl serve` as an OpenAPI 3.1 document.
import { type Answer, OPERATIONS, type Operation } from './operations.js';
import { jsonSchemas, refTo, type SchemaName } from './schemas.js';

const seconds = { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } };

const HEADERS = {
  ETag: { description: 'Of who is registered and in which state.', schema: { type: 'string' } },
  Age: {
    description: 'Of a replica that misses news of the others: since how many seconds.',
    schema: { type: 'integer', minimum: 0 },
  },
  Warning: { description: '`110 - "Response is Stale"`, with Age.', schema: { type: 'string' } },
  'Retry-After': seconds,
  'WWW-Authenticate': { description: '`Bearer`.', schema: { type: 'string' } },
  'X-Trace-Id': {
    description: 'As it was sent, or of `traceparent`, or new; it is in the log.',
    schema: { type: 'string' },
  },
};

const headers = (...names: readonly string[]) =>
  Object.fromEntries(
    ['X-Trace-Id', ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );

const refusal = (description: string, detail: unknown, more: readonly string[] = [], extra = {}) => ({
  description,
  headers: headers(...more),
  content: {
    'application/json': {
      schema: refTo(Array.isArray(detail) ? 'ValidationError' : 'Error'),
      example: { detail, ...extra },
    },
  },
});

const RESPONSES = {
  Unauthorized: refusal('The token is missing or bad.', 'No token', ['WWW-Authenticate']),
  Forbidden: refusal(
    'Refused: from a page of another origin, or a `Host` that is not this machine.',
    'Refused: …',
  ),
  NotYours: refusal(
    'The token is of another service than the owner; or the registry is read-only, then with `code`; or the request comes from a page of another origin.',
    'service_id 7 does not own asr-service/asr-1',
  ),
  TooLarge: refusal('The body has more than 64 KiB.', 'Request body is too large'),
  Invalid: refusal('Refused whole; nothing was changed.', [
    { loc: ['body', 'service_url'], msg: 'must be an http or https URL', type: 'value_error' },
  ]),
  TooMany: refusal('Too many requests from this address.', 'Too many requests', ['Retry-After']),
  Unavailable: refusal(
    'Loading, or what was asked for cannot be stored at the moment.',
    'The registry is loading',
    ['Retry-After'],
  ),
  Other: refusal('Any other error.', 'Method Not Allowed'),
} as const;

const use = (name: keyof typeof RESPONSES) => ({ $ref: `#/components/responses/${name}` });

/** The document; `version` is regctl's. */
export function openapiDocument(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of OPERATIONS) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: described(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'regctl serve',
      version,
      description:
        'A registry of services that answers two APIs: that of the Config Service under /api/v1/registry, that of the Coordinator at the root. HEAD is answered where GET is; another method than those given is 405.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [
      { name: 'config-service', description: 'Service Registry Integration Guide' },
      { name: 'coordinator', description: 'Service Integration Guide' },
      { name: 'registry', description: 'Of this registry alone' },
    ],
    security: [],
    paths,
    components: {
      schemas: jsonSchemas(),
      headers: HEADERS,
      responses: RESPONSES,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'HS256 over JWT_SECRET, with the integer `service_id` that owns what is changed. Asked for under --auth jwt alone.',
        },
      },
    },
  };
}

function described(operation: Operation): object {
  const { id, tag, summary, description, parameters, body, token } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: refTo(body.schema), example: body.example } },
          },
        }),
    ...(token === undefined ? {} : { security: [{ bearer: [] }, ...(token === 'known' ? [{}] : [])] }),
    responses: responses(operation),
  };
}

function responses({ method, parameters = [], token, open, beforeLoaded, answers }: Operation): object {
  // What is posted is JSON or nothing, also where nothing is wanted; an exclude of any kind is taken.
  const checked =
    method === 'post' || parameters.some((each) => each.in === 'query' && each.name !== 'exclude');
  return {
    ...(token === undefined ? {} : { 401: use('Unauthorized') }),
    ...(open ? {} : { 403: use(token === undefined ? 'Forbidden' : 'NotYours'), 429: use('TooMany') }),
    ...(method === 'post' ? { 413: use('TooLarge') } : {}),
    ...(checked ? { 422: use('Invalid') } : {}),
    ...(beforeLoaded ? {} : { 503: use('Unavailable') }),
    ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, response(answer)])),
    default: use('Other'),
  };
}

function response({ description, body, headers: names = [], example }: Answer): object {
  const content = body === undefined ? {} : { content: contentOf(body, example) };
  return { description, headers: headers(...names), ...content };
}

function contentOf(body: NonNullable<Answer['body']>, example: unknown): object {
  if (typeof body === 'object' && 'mediaType' in body) {
    return { [body.mediaType]: { schema: body.mediaType === 'application/json' ? {} : { type: 'string' } } };
  }
  return { 'application/json': { schema: schemaOf(body), ...(example === undefined ? {} : { example }) } };
}

function schemaOf(
  body: SchemaName | readonly [SchemaName] | { readonly either: readonly SchemaName[] },
): object {
  if (typeof body === 'string') return refTo(body);
  return 'either' in body ? { anyOf: body.either.map(refTo) } : { type: 'array', items: refTo(body[0]) };
}
