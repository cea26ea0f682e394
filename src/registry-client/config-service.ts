// The Config Service registry API (Service Registry Integration Guide; wire/config-service.md).
import type { Http } from '../http/http.js';
import { InstanceRows, PREFIX, RegisterAnswer, UrlAnswer } from '../wire/config-service.js';
import { HeartbeatAnswer } from '../wire/coordinator.js';
import { isMissingRoute, read, refusal, toHealth, toInstance } from './answers.js';
import type { Endpoint, Registration, RegistryClient } from './client.js';
import { DISCOVERY_TIMEOUT_MS, segment, sendPlanned, signed, urls } from './paths.js';
import { serviceList, whole } from './service-list.js';

/** Where each call goes; `{service}` stands for the service's name. Settable per context. */
export const CONFIG_SERVICE_PATHS = {
  register: `${PREFIX}/register`,
  deregister: `${PREFIX}/deregister`,
  services: `${PREFIX}/services`,
  service: `${PREFIX}/services/{service}`,
  url: `${PREFIX}/services/{service}/url`,
  heartbeat: `${PREFIX}/heartbeat`,
  health: '/health',
};

/** A client of a Config Service at `endpoint`. */
export function configService(endpoint: Endpoint, http: Http): RegistryClient {
  const url = urls(endpoint, CONFIG_SERVICE_PATHS);
  const headers = endpoint.headers;
  const planRegister = (registration: Registration) => ({
    method: 'POST' as const,
    url: url('register'),
    body: {
      service_name: registration.service_name,
      service_url: registration.service_url,
      health_check_url: registration.health_check_url,
      service_metadata: { ...registration.service_metadata, instance_id: registration.instance_id },
    },
  });

  const services = (maxBytes?: number) =>
    serviceList(http, {
      method: 'GET',
      url: url('services'),
      headers,
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });

  return {
    api: 'config-service',
    url: endpoint.url,

    services,
    listServices: () => whole(services()),

    async listInstances(service) {
      const answer = await http.send({ method: 'GET', url: url('service', segment(service)), headers });
      return read(answer, InstanceRows).map((row) => toInstance(row, service));
    },

    async pickUrl(service) {
      const target = url('url', segment(service));
      const answer = await http.send({
        method: 'GET',
        url: target,
        headers,
        defaultTimeoutMs: DISCOVERY_TIMEOUT_MS,
      });
      if (answer.status === 404 && !isMissingRoute(answer)) return undefined;
      return read(answer, UrlAnswer).url;
    },

    planRegister,

    async register(registration) {
      const answer = await sendPlanned(http, endpoint, planRegister(registration), false);
      return { instance_id: read(answer, RegisterAnswer).instance_id, heartbeat_interval_s: null };
    },

    async deregister(key, reason) {
      const query = new URLSearchParams({
        service_name: key.service_name,
        instance_id: key.instance_id ?? '',
      });
      if (reason !== undefined) query.set('reason', reason);
      const answer = await http.send({
        method: 'POST',
        url: `${url('deregister')}?${query}`,
        headers: await signed(endpoint, false),
        finish: true,
      });
      if (answer.status < 200 || answer.status > 299) throw refusal(answer);
      return true;
    },

    async heartbeat(key) {
      const json = { service_name: key.service_name, instance_id: key.instance_id };
      const answer = await http.send({
        method: 'POST',
        url: url('heartbeat'),
        json,
        headers: await signed(endpoint, false),
      });
      if (isMissingRoute(answer)) return { kind: 'unsupported' };
      if (answer.status === 404) return { kind: 'not-registered' };
      return { kind: 'accepted', next_heartbeat_s: read(answer, HeartbeatAnswer).next_heartbeat_s ?? null };
    },

    async health() {
      return toHealth(await http.send({ method: 'GET', url: url('health'), headers, retries: 0 }));
    },
  };
}
