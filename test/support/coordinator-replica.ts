// A replica of a minimal deployed Coordinator: what the Service Integration Guide fixes and wire/coordinator.md adds.
import { CoordinatorDirectory, type CoordinatorRegistration } from './coordinator/directory.js';
import { carries, readBody, tokenProblem } from './coordinator/requests.js';
import {
  type Answer,
  CRASHED,
  decoded,
  detail,
  type Instrument,
  json,
  pathname,
  pause,
  type RecordedRequest,
  send,
  startInstrument,
} from './instrument.js';

const HEARTBEAT_INTERVAL_S = 30;

export interface CoordinatorPaths {
  readonly register: string;
  readonly deregister: string;
  readonly heartbeat: string;
  /** The list; a service is at `{services}/{name}`. */
  readonly services: string;
}

export interface CoordinatorOptions {
  /** The shared `JWT_SECRET`. */
  readonly secret: string;
  /** Whether `GET /services` exists; the guide does not have it. */
  readonly canList?: boolean;
  /** Where this deployment has its calls; the guide's paths unless set. */
  readonly paths?: Partial<CoordinatorPaths>;
  /** Headers every call must carry, else 403: `{ 'X-Registry-Key': 'k-1' }`. */
  readonly requireHeaders?: Readonly<Record<string, string>>;
  /** Milliseconds before every answer; `slow` changes it later. */
  readonly delayMs?: number;
}

export interface CoordinatorReplica extends Instrument {
  /** Registers without HTTP and without a token; answers the instance id. */
  registerRaw(registration: CoordinatorRegistration): string;
  /** Puts the replica's clock `ms` ahead; a service whose last beat is 90 s old is down. */
  advance(ms: number): void;
  /** From now on every answer waits `ms`. */
  slow(ms: number): void;
  /** Registrations are in memory: all are gone. */
  restart(): void;
  /** From now on every answer is a text/plain 500. */
  crash(): void;
  /** When an id was last heard of, on the replica's clock; undefined where it is not registered. */
  lastBeat(serviceId: number): number | undefined;
}

export async function startCoordinatorReplica(options: CoordinatorOptions): Promise<CoordinatorReplica> {
  let ahead = 0;
  let delayMs = options.delayMs ?? 0;
  let crashed = false;
  const now = (): number => Date.now() + ahead;
  const directory = new CoordinatorDirectory(now);

  const instrument = await startInstrument(async (request, response) => {
    if (delayMs > 0) await pause(delayMs);
    send(response, crashed ? CRASHED : answer(request, options, directory, now()));
  });

  return {
    ...instrument,
    registerRaw: (registration) => directory.enter(registration),
    advance(ms) {
      ahead += ms;
    },
    slow(ms) {
      delayMs = ms;
    },
    restart: () => directory.clear(),
    crash() {
      crashed = true;
    },
    lastBeat: (serviceId) => directory.lastBeat(serviceId),
  };
}

function answer(
  request: RecordedRequest,
  { secret, canList = false, paths = {}, requireHeaders = {} }: CoordinatorOptions,
  directory: CoordinatorDirectory,
  nowMs: number,
): Answer {
  const { register: registering = '/register', deregister: deregistering = '/deregister' } = paths;
  const { heartbeat: beating = '/heartbeat', services = '/services' } = paths;
  const calls: Record<string, { method: string; run: () => Answer }> = {
    [registering]: { method: 'POST', run: () => register(request, secret, directory, nowMs) },
    [deregistering]: { method: 'POST', run: () => deregister(request, secret, directory, nowMs) },
    [beating]: { method: 'POST', run: () => heartbeat(request, directory) },
  };
  if (canList) calls[services] = { method: 'GET', run: () => json(200, directory.rows()) };
  const path = pathname(request);
  const name = path.startsWith(`${services}/`) ? path.slice(services.length + 1) : '';
  if (/^[^/]+$/.test(name)) calls[path] = { method: 'GET', run: () => discover(name, directory) };

  const call = calls[path];
  if (call === undefined) return detail(404, 'Not Found');
  if (!carries(request, requireHeaders)) return detail(403, 'Registry key required');
  if (call.method !== request.method) return detail(405, 'Method Not Allowed', { allow: call.method });
  return call.run();
}

function register(
  request: RecordedRequest,
  secret: string,
  directory: CoordinatorDirectory,
  nowMs: number,
): Answer {
  const body = readBody(request, { service_id: 'integer', service_name: 'string', url: 'string' });
  const problem = tokenProblem(request, secret, nowMs, body);
  if (problem !== undefined) return detail(401, problem);
  if (Array.isArray(body)) return detail(422, body);
  // The fields that are needed were checked by readBody.
  const instance_id = directory.enter(body as unknown as CoordinatorRegistration);
  const { service_id } = body;
  return json(201, { registered: true, service_id, instance_id, heartbeat_interval_s: HEARTBEAT_INTERVAL_S });
}

function deregister(
  request: RecordedRequest,
  secret: string,
  directory: CoordinatorDirectory,
  nowMs: number,
): Answer {
  const body = readBody(request, { service_id: 'integer' });
  const problem = tokenProblem(request, secret, nowMs, body);
  if (problem !== undefined) return detail(401, problem);
  if (Array.isArray(body)) return detail(422, body);
  const left = directory.leave(body.service_id, body.instance_id);
  return left ? json(200, { deregistered: true }) : detail(404, 'Service not registered');
}

/** The guide's heartbeat carries no token. */
function heartbeat(request: RecordedRequest, directory: CoordinatorDirectory): Answer {
  const body = readBody(request, { service_id: 'integer' });
  if (Array.isArray(body)) return detail(422, body);
  const { service_id } = body;
  if (!directory.beat(service_id)) return detail(404, 'Service not registered');
  return json(200, { status: 'ok', service_id, next_heartbeat_s: HEARTBEAT_INTERVAL_S });
}

/** The guide fixes `url` and nothing else; no traffic is routed to what is down. */
function discover(encodedName: string, directory: CoordinatorDirectory): Answer {
  const urls = directory.urls(decoded(encodedName));
  if (urls === undefined) return detail(404, 'Service not found');
  const url = urls[Math.floor(Math.random() * urls.length)];
  return url === undefined ? detail(404, 'Service is down') : json(200, { url });
}
