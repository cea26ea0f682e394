// What checks get of the context: the narrow view of `doctor/context.ts`, bound to the end of each check.
import type { Context } from '../context.js';
import { CANARY_SERVICE_ID } from '../doctor/canary.js';
import type { Exec, ServiceContext } from '../doctor/context.js';
import type { Report } from '../doctor/result.js';
import type { Send } from '../doctor/run-checks.js';
import type { Engines } from '../engines/address.js';
import { enginePassword } from '../engines/password.js';
import { RegctlError } from '../errors.js';
import type { Http, HttpRequest } from '../http/http.js';
import type { Api, Endpoint, RegistryClient } from '../registry-client/client.js';
import { CONFIG_SERVICE_PATHS } from '../registry-client/config-service.js';
import { COORDINATOR_PATHS } from '../registry-client/coordinator.js';
import { connect } from '../registry-client/detect.js';
import { segment, urls } from '../registry-client/paths.js';
import type { Secret } from '../secret.js';
import { serviceId, variable } from '../settings.js';
import { PREFIX } from '../wire/config-service.js';

export interface Wiring {
  /** `inPlace` holds a request back until there is a place for it. */
  forCheck(service: string, services: readonly string[], signal: AbortSignal, inPlace: Send): ServiceContext;
  listServices(signal: AbortSignal): Promise<string[]>;
  /** The registry as the report names it, without credentials; the API once it is known. */
  registry(): Report['registry'];
}

interface Parts {
  fromOutside: boolean;
  endpoint: Omit<Endpoint, 'authorization'>;
  secret: Secret | undefined;
  http: Http;
  folder: string;
  logFile: string | undefined;
  source: string | undefined;
  engines: Engines;
  exec: Exec | undefined;
}

/** Calls no client of regctl makes, but the guide's do. */
const PATHS: Record<Api, Record<string, string>> = {
  'config-service': {
    ...CONFIG_SERVICE_PATHS,
    discover: `${PREFIX}/discover/{service}`,
    check: `${PREFIX}/services/{service}/health/detailed`,
  },
  coordinator: COORDINATOR_PATHS,
};

export function doctorContext(context: Context, parts: Parts): Wiring {
  const { sources, target, clock } = context;
  const { secret, folder, logFile, source, engines, exec } = parts;
  let known: Api | undefined = target.api === 'auto' ? undefined : target.api;
  let detecting: Promise<RegistryClient> | undefined;
  let sendable: Promise<Secret> | undefined;

  const token: ServiceContext['token'] = async ({ service_id, ageS, ttlS }) => {
    sendable ??= context.secretToSend('the doctor needs a token', true);
    // Waited for at once: a refusal that nobody waits for yet would end the run.
    const [key, { mintToken }] = await Promise.all([sendable, import('../messaging/token.js')]);
    return mintToken({ service_id, ttl_s: ttlS }, key, clock.now() - ageS * 1000);
  };

  const endpoint: Endpoint = {
    ...parts.endpoint,
    // Nothing in a registry is changed but the canary, and in its own name.
    async authorization(required) {
      if (secret === undefined) return undefined;
      try {
        return `Bearer ${await token({ service_id: CANARY_SERVICE_ID, ageS: 0, ttlS: 60 })}`;
      } catch (error) {
        if (required || !(error instanceof RegctlError)) throw error;
        return undefined;
      }
    },
  };

  // The engine repeats what is worth it, and tells; a repetition in here would be hidden.
  const once = (request: HttpRequest) => parts.http.send({ retries: 0, ...request });
  const streamOnce = (request: HttpRequest) => parts.http.stream({ retries: 0, ...request });

  const clientOver = async (http: Http): Promise<RegistryClient> => {
    if (known !== undefined) return connect(known, endpoint, http);
    // Asked once for all; a failure is not kept, so that a later attempt may find out.
    detecting ??= connect('auto', endpoint, { ...parts.http, send: once }).finally(() => {
      detecting = undefined;
    });
    known = (await detecting).api;
    return connect(known, endpoint, http);
  };

  return {
    forCheck(service, services, signal, inPlace) {
      const http: Http = {
        send: (request) => inPlace(() => once({ ...request, signal })),
        stream: (request) => inPlace(() => streamOnce({ ...request, signal })),
        close: async () => undefined,
      };
      return {
        service,
        services,
        fromOutside: parts.fromOutside,
        signal,
        http,
        folder,
        logFile,
        source,
        engines,
        enginePassword: (engine) => enginePassword(engine, sources.environment),
        exec,
        secret,
        now: clock.now,
        sleep: (ms) => clock.sleep(ms, signal),
        variable: (name) => variable(name, sources),
        serviceId: serviceId(sources),
        token,
        registry: {
          url: target.url,
          origin: target.origin,
          setting: target.setting,
          headers: endpoint.headers,
          urlOf: (api, call, name) =>
            urls(endpoint, PATHS[api])(call, name === undefined ? {} : segment(name)),
          api: async () => (await clientOver(http)).api,
          client: () => clientOver(http),
          lasting: () =>
            clientOver({
              ...http,
              send: (request) => once({ ...request, finish: true }),
            }),
        },
      };
    },
    async listServices(signal) {
      const http: Http = {
        ...parts.http,
        send: (request) => once({ ...request, signal }),
        stream: (request) => streamOnce({ ...request, signal }),
      };
      return (await (await clientOver(http)).listServices()).map(({ service_name }) => service_name);
    },
    registry: () => ({
      url: target.url.replace(/\/\/[^/@]*@/, '//'),
      origin: `${target.setting} (${target.origin})`,
      api: known ?? null,
    }),
  };
}
