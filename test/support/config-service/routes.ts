// The calls of a deployed Config Service (the table of wire/config-service.md) and how its framework routes them.
import { type Answer, CRASHED, decoded, detail, json, type RecordedRequest } from '../instrument.js';
import type { ConfigServiceModel, Instance } from './model.js';
import { type Refusal, readRegistration } from './registration-body.js';
import { type CatalogRow, Crash } from './stores.js';

const PREFIX = '/api/v1/registry';

interface Call {
  readonly params: Record<string, string>;
  readonly query: URLSearchParams;
  readonly body: string;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly answer: (call: Call) => Answer | Promise<Answer>;
}

/** Every call this deployment has; `without` names the paths its version lacks. */
export function configServiceRoutes(
  model: ConfigServiceModel,
  kafkaStatus: () => string,
  without: readonly string[],
): Route[] {
  const routes = [...registryRoutes(model), ...serviceRoutes(model, kafkaStatus)].filter(
    ({ path }) => !without.includes(path),
  );
  // The document does not list itself.
  const document = openapi(routes);
  return [...routes, { method: 'GET', path: '/openapi.json', answer: () => json(200, document) }];
}

/** The registry's own calls, under the prefix. */
function registryRoutes(model: ConfigServiceModel): Route[] {
  const routes: Route[] = [
    {
      method: 'POST',
      path: '/register',
      answer({ body }) {
        const read = readRegistration(body);
        return 'refused' in read
          ? refuse(read.refused)
          : json(201, { instance_id: model.register(read.accepted) });
      },
    },
    {
      method: 'POST',
      path: '/deregister',
      answer({ query }) {
        const name = query.get('service_name');
        const id = query.get('instance_id');
        if (name === null || id === null) return refuse(missing(query, ['service_name', 'instance_id']));
        model.deregister(name, id);
        return json(200, { status: 'ok' });
      },
    },
    { method: 'GET', path: '/services', answer: () => json(200, model.postgres.rows().map(withoutNulls)) },
    {
      method: 'GET',
      path: '/services/{service_name}',
      answer: ({ params }) => json(200, model.instances(named(params)).map(withoutNulls)),
    },
    {
      method: 'GET',
      path: '/services/{service_name}/url',
      answer({ params }) {
        const url = model.healthyUrl(named(params));
        return url === undefined ? detail(404, 'No healthy instances found') : json(200, { url });
      },
    },
    {
      method: 'POST',
      path: '/services/{service_name}/health',
      answer: async ({ params }) => json(200, { status: (await model.probe(named(params))).overall_status }),
    },
    {
      method: 'POST',
      path: '/services/{service_name}/health/detailed',
      answer: async ({ params }) => json(200, await model.probe(named(params))),
    },
    // Promised are the healthy ones; nothing is left out, and nulls are shown.
    {
      method: 'GET',
      path: '/discover/{service_name}',
      answer: ({ params }) => json(200, model.instances(named(params))),
    },
  ];
  return routes.map((each) => ({ ...each, path: PREFIX + each.path }));
}

/** Calls of the service as such, without the prefix. */
function serviceRoutes(model: ConfigServiceModel, kafka: () => string): Route[] {
  const { zookeeper, postgres, redis } = model;
  const started = performance.now() - 1_246_700;
  return [
    {
      method: 'GET',
      path: '/internal/health-status',
      answer({ query }) {
        const name = query.get('service_id');
        if (name === null) return refuse(missing(query, ['service_id']));
        const status = model.healthStatus(name);
        return status === undefined ? detail(404, 'Health status not found') : json(200, status);
      },
    },
    {
      method: 'GET',
      path: '/health',
      answer() {
        if (!redis.up || !postgres.up) return detail(503, 'Service unhealthy');
        const zookeeperStatus = zookeeper.up ? 'healthy' : 'unhealthy';
        const timestamp = Math.round((performance.now() - started) / 100) / 10;
        const stores = { redis: 'healthy', postgres: 'healthy', kafka: kafka(), zookeeper: zookeeperStatus };
        return json(200, { status: zookeeperStatus, ...stores, timestamp });
      },
    },
    {
      method: 'GET',
      path: '/ready',
      answer: () =>
        redis.up && postgres.up ? json(200, { status: 'ready' }) : detail(503, 'Service not ready'),
    },
    { method: 'GET', path: '/live', answer: () => json(200, { status: 'alive' }) },
  ];
}

/** Matches as the framework does: on the decoded path, a parameter being anything but a slash. */
export async function route(
  routes: readonly Route[],
  { method, path, body }: RecordedRequest,
): Promise<Answer> {
  const [pathname = '', search = ''] = path.split(/\?(.*)/s);
  let allow: string | undefined;
  for (const candidate of routes) {
    const params = match(candidate.path, decoded(pathname));
    if (params === undefined) continue;
    allow = candidate.method;
    if (candidate.method !== method) continue;
    try {
      return await candidate.answer({ params, query: new URLSearchParams(search), body });
    } catch (error) {
      if (error instanceof Crash) return CRASHED;
      throw error;
    }
  }
  return allow === undefined ? detail(404, 'Not Found') : detail(405, 'Method Not Allowed', { allow });
}

function match(template: string, path: string): Record<string, string> | undefined {
  const pattern = template.replace(/\{(\w+)\}/, '(?<$1>[^/]+)');
  const found = new RegExp(`^${pattern}$`).exec(path);
  return found === null ? undefined : { ...found.groups };
}

function named({ service_name = '' }: Call['params']): string {
  return service_name;
}

function withoutNulls(row: CatalogRow | Instance): object {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

function refuse(refusals: readonly Refusal[]): Answer {
  return detail(422, refusals);
}

function missing(query: URLSearchParams, names: readonly string[]): Refusal[] {
  const absent = names.filter((name) => !query.has(name));
  return absent.map((name) => ({ loc: ['query', name], msg: 'field required', type: 'value_error.missing' }));
}

function openapi(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path } of routes) {
    const responses = { [path.endsWith('/register') ? 201 : 200]: { description: 'Successful Response' } };
    paths[path] = { ...paths[path], [method.toLowerCase()]: { responses } };
  }
  return { openapi: '3.1.0', info: { title: 'Configuration Management Service', version: '1.0.0' }, paths };
}
