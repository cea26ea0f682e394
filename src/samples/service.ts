// One sample service, put together: the server, its membership in the registry, and what it does.
import { setTimeout as delay } from 'node:timers/promises';
import { createHttp } from '../http/http.js';
import { asr } from './asr.js';
import type { Behaviour } from './behaviour.js';
import { call } from './call.js';
import type { Log } from './log.js';
import { Membership, registries } from './membership.js';
import { nmt } from './nmt.js';
import { receive } from './receive.js';
import { listen, type Routes } from './server.js';
import { type ServiceSettings, serviceUrl } from './settings.js';

const VERSION = '1.0.0';

const BEHAVIOURS = new Map<string, Behaviour>([
  ['asr-service', asr],
  ['nmt-service', nmt],
]);

export interface RunningService {
  url: string;
  /** Undefined where the registry did not take the registration yet. */
  instanceId: string | undefined;
  /** Deregisters, lets requests end, frees the port. */
  stop(): Promise<void>;
}

/** Starts the service that `SERVICE_NAME` names; resolves once it listens and has tried to register. */
export async function startService(settings: ServiceSettings, log: Log): Promise<RunningService> {
  const { name } = settings;
  const behaviour = BEHAVIOURS.get(name);
  if (behaviour === undefined)
    throw new Error(`SERVICE_NAME must be one of ${[...BEHAVIOURS.keys()].join(', ')}`);
  log.info(`Starting ${name}...`);
  const ending = new AbortController();
  const sleep = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal });
  const http = createHttp({
    // Calls under way may end while the service shuts down: they have a timeout of their own.
    signal: new AbortController().signal,
    userAgent: `${name}/${VERSION}`,
    random: Math.random,
    sleep,
  });
  const clients = registries(settings, http, Date.now);
  const caller = { registry: clients.configService, http, settings, log, now: Date.now };
  const receiver = {
    behaviour,
    secret: settings.secret,
    log,
    call: (service: string, message: Parameters<typeof call>[1]) => call(service, message, caller),
  };
  const routes: Routes = {
    ...aboutRoutes(name, behaviour, Date.now()),
    'POST /message': ({ headers, readBody }) => receive(headers.authorization, readBody, receiver),
  };
  const server = await listen(routes, settings, log);
  const url = serviceUrl(settings, server.port);
  const registration = {
    service_name: name,
    service_url: url,
    health_check_url: `${url}/health`,
    instance_id: settings.instanceId,
    service_metadata: {
      instance_id: settings.instanceId,
      status: 'healthy',
      version: VERSION,
      service_id: settings.serviceId,
    },
    service_id: settings.serviceId,
  };
  const membership = new Membership(registration, clients, log);
  const instanceId = await membership.register();
  const beating = membership.beat(sleep, ending.signal);
  log.info(`${name} started successfully`);
  return {
    url,
    instanceId,
    async stop() {
      log.info(`Shutting down ${name}...`);
      ending.abort();
      // A beat under way could register it again behind the deregistration.
      await beating;
      await membership.deregister();
      await server.close();
      await http.close();
      log.info(`${name} shutdown complete`);
    },
  };
}

/** What every service of the ecosystem tells of itself; `started` in ms since 1970. */
function aboutRoutes(name: string, behaviour: Behaviour, started: number): Routes {
  const uptime = () => Math.round((Date.now() - started) / 1000);
  const dependencies = [...behaviour.dependencies.required, ...behaviour.dependencies.optional];
  return {
    'GET /': () => ({ status: 200, body: { service: name } }),
    'GET /health': () => ({
      status: 200,
      body: { status: 'healthy', service: name, uptime: uptime(), timestamp: new Date().toISOString() },
    }),
    'GET /capabilities': () => ({
      status: 200,
      body: {
        service: name,
        version: VERSION,
        features: behaviour.features,
        dependencies,
        udc_version: '1.0',
      },
    }),
    'GET /state': () => ({ status: 200, body: { uptime_seconds: uptime(), status: 'active' } }),
    'GET /dependencies': () => ({ status: 200, body: behaviour.dependencies }),
  };
}
