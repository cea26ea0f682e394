// Which API a registry speaks, and the client for it. A new API is a file beside this one and a line here.
import { fail } from '../errors.js';
import type { Http, HttpAnswer } from '../http/http.js';
import { describeBody, isMissingRoute, jsonOrUndefined, refusal } from './answers.js';
import type { Api, Endpoint, RegistryClient } from './client.js';
import { CONFIG_SERVICE_PATHS, configService } from './config-service.js';
import { COORDINATOR_PATHS, coordinator } from './coordinator.js';
import { urls } from './paths.js';

const CLIENTS: Record<Api, (endpoint: Endpoint, http: Http) => RegistryClient> = {
  'config-service': configService,
  coordinator,
};

/** A name no one registers: what is asked for is the shape of the answer, and that is short. */
const PROBE = { service: 'regctl-probe' };
const PROBE_MAX_BYTES = 1024 * 1024;

/** The client for `endpoint`; probes which API it speaks where `api` is `auto`. */
export async function connect(api: Api | 'auto', endpoint: Endpoint, http: Http): Promise<RegistryClient> {
  return CLIENTS[api === 'auto' ? await detect(endpoint, http) : api](endpoint, http);
}

/**
 * Asks for the same service under both APIs side by side: a Config Service answers its own path with an array,
 * a Coordinator has no such path and answers its own with an object or a 404 of its own (wire/coordinator.md).
 */
async function detect(endpoint: Endpoint, http: Http): Promise<Api> {
  const ask = (url: string) =>
    http.send({ method: 'GET', url, headers: endpoint.headers, maxBytes: PROBE_MAX_BYTES });
  const [underPrefix, atRoot] = await Promise.all([
    ask(urls(endpoint, CONFIG_SERVICE_PATHS)('service', PROBE)),
    ask(urls(endpoint, COORDINATOR_PATHS)('service', PROBE)),
  ]);
  if (Array.isArray(jsonOrUndefined(underPrefix.text))) return 'config-service';
  // A Config Service whose Redis is down answers 500 in plain text; its path exists all the same.
  if (underPrefix.status === 500) return 'config-service';
  if (isObject(atRoot) && (atRoot.status === 200 || (atRoot.status === 404 && !isMissingRoute(atRoot))))
    return 'coordinator';
  const telling = [underPrefix, atRoot].find(({ status }) => status !== 404);
  if (telling !== undefined) throw telling.status === 200 ? strange(telling) : refusal(telling);
  throw fail('NOT_THE_API', {
    url: endpoint.url,
    seen: 'it answers 404 where either registry API lists a service',
  });
}

function isObject(answer: HttpAnswer): boolean {
  const body = jsonOrUndefined(answer.text);
  return typeof body === 'object' && body !== null && !Array.isArray(body);
}

function strange(answer: HttpAnswer) {
  const isJson = jsonOrUndefined(answer.text) !== undefined;
  return fail('NOT_THE_API', {
    url: answer.url,
    seen: isJson ? 'its JSON is no list of instances' : describeBody(answer),
  });
}
