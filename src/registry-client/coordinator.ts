// The Coordinator registry API (Service Integration Guide; wire/coordinator.md).
import * as v from 'valibot';
import { fail } from '../errors.js';
import type { Http, HttpAnswer } from '../http/http.js';
import { InstanceRows } from '../wire/config-service.js';
import { DeregisterAnswer, HeartbeatAnswer, RegisterAnswer, ServiceAnswer } from '../wire/coordinator.js';
import { isMissingRoute, json, jsonOrUndefined, read, refusal, toHealth, toInstance } from './answers.js';
import type { Endpoint, Instance, Registration, RegistryClient } from './client.js';
import { DISCOVERY_TIMEOUT_MS, segment, sendPlanned, signed, urls } from './paths.js';
import { serviceList, whole } from './service-list.js';

/** Where each call goes; `{service}` stands for the service's name. Settable per context. */
export const COORDINATOR_PATHS = {
  register: '/register',
  deregister: '/deregister',
  services: '/services',
  service: '/services/{service}',
  heartbeat: '/heartbeat',
  health: '/health',
};

/** A client of a Coordinator at `endpoint`. */
export function coordinator(endpoint: Endpoint, http: Http): RegistryClient {
  const url = urls(endpoint, COORDINATOR_PATHS);
  const headers = endpoint.headers;

  const ask = (service: string): Promise<HttpAnswer> =>
    http.send({
      method: 'GET',
      url: url('service', segment(service)),
      headers,
      defaultTimeoutMs: DISCOVERY_TIMEOUT_MS,
    });

  const planRegister = (registration: Registration) => ({
    method: 'POST' as const,
    url: url('register'),
    body: {
      service_id: registration.service_id,
      service_name: registration.service_name,
      url: registration.service_url,
      health_check_url: registration.health_check_url,
      metadata: registration.service_metadata,
      instance_id: registration.instance_id,
    },
  });

  const services = (maxBytes?: number) =>
    serviceList(
      http,
      { method: 'GET', url: url('services'), headers, ...(maxBytes === undefined ? {} : { maxBytes }) },
      (answer) => (isMissingRoute(answer) ? fail('CANNOT_LIST', { url: endpoint.url }) : refusal(answer)),
    );

  return {
    api: 'coordinator',
    url: endpoint.url,

    services,
    listServices: () => whole(services()),

    async listInstances(service) {
      const answer = await ask(service);
      if (answer.status === 404) return instancesOfRefusal(answer, service);
      const found = read(answer, ServiceAnswer);
      if (found.instances) return found.instances.map((row) => toInstance(row, service));
      return [handedOut(service, found.url, found.service_id ?? null)];
    },

    async pickUrl(service) {
      const answer = await ask(service);
      return answer.status === 404 ? undefined : read(answer, ServiceAnswer).url;
    },

    planRegister,

    async register(registration) {
      const answer = await sendPlanned(http, endpoint, planRegister(registration), true);
      const registered = read(answer, RegisterAnswer);
      return {
        instance_id: registered.instance_id ?? registration.instance_id,
        heartbeat_interval_s: registered.heartbeat_interval_s ?? null,
      };
    },

    async deregister(key, reason) {
      const body = { service_id: key.service_id, instance_id: key.instance_id ?? undefined, reason };
      const answer = await http.send({
        method: 'POST',
        url: url('deregister'),
        json: body,
        headers: await signed(endpoint, true),
        finish: true,
      });
      if (answer.status === 404 && !isMissingRoute(answer)) return false;
      return read(answer, DeregisterAnswer).deregistered;
    },

    async heartbeat(key) {
      const beat = { service_id: key.service_id, instance_id: key.instance_id ?? undefined };
      const answer = await http.send({
        method: 'POST',
        url: url('heartbeat'),
        json: beat,
        headers: await signed(endpoint, false),
      });
      // The guide fixes this path, so that a 404, whatever it says, is about the service.
      if (answer.status === 404) return { kind: 'not-registered' };
      if (answer.status < 200 || answer.status > 299) throw refusal(answer);
      const body = beatAnswer(answer);
      return {
        kind: 'accepted',
        next_heartbeat_s: v.is(HeartbeatAnswer, body) ? (body.next_heartbeat_s ?? null) : null,
      };
    },

    async health() {
      return toHealth(await http.send({ method: 'GET', url: url('health'), headers, retries: 0 }));
    },
  };
}

/** The guide fixes no body: none, `OK` or any object is an accepted beat. A web page or half a document is not. */
function beatAnswer(answer: HttpAnswer): unknown {
  const type = String(answer.headers['content-type'] ?? '');
  if (answer.text.trim() === '' || /^text\/plain/i.test(type)) return undefined;
  const body = json(answer);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw fail('NOT_THE_API', { url: answer.url, seen: 'its JSON is no answer to a heartbeat' });
}

/** A Coordinator that answers with an address alone says no more of the instance than that it is handed out. */
function handedOut(service: string, url: string, serviceId: number | null): Instance {
  return {
    ...toInstance({ instance_id: '', service_url: url, status: 'healthy', service_id: serviceId }, service),
    instance_id: null,
  };
}

/** `regctl serve` lists the instances also where none of them is healthy and the answer is therefore 404. */
function instancesOfRefusal(answer: HttpAnswer, service: string): Instance[] {
  const body = v.safeParse(v.object({ instances: InstanceRows }), jsonOrUndefined(answer.text));
  return body.success ? body.output.instances.map((row) => toInstance(row, service)) : [];
}
