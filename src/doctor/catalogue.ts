// Every check there is, in the order of the reports. A new check is an object in `checks/` and a name here.
import type { Check } from './check.js';
import { certificate } from './checks/certificate.js';
import { callsAnotherService } from './checks/e2e.js';
import * as engine from './checks/engine.js';
import * as env from './checks/env.js';
import * as health from './checks/health.js';
import * as heartbeat from './checks/heartbeat.js';
import * as inside from './checks/inside.js';
import * as insideAgrees from './checks/inside-agrees.js';
import * as insideNetwork from './checks/inside-network.js';
import * as message from './checks/message.js';
import * as active from './checks/message-active.js';
import * as registration from './checks/registration.js';
import * as entry from './checks/registration-entry.js';
import * as registry from './checks/registry.js';
import * as registryApi from './checks/registry-api.js';
import { noLeftovers, roundTrip } from './checks/round-trip.js';
import * as source from './checks/source.js';
import { startupLog } from './checks/startup-log.js';
import { waivers } from './checks/waivers.js';
import type { ServiceContext } from './context.js';

type ServiceCheck = Check<unknown, ServiceContext>;

const DEPLOYMENT: readonly Check[] = [
  waivers,
  env.serviceId,
  env.registryUrl,
  env.jwtSecret,
  env.serviceVars,
  env.envFile,
  registry.reachable,
  certificate,
  registry.healthy,
  registry.zookeeper,
  registry.postgres,
  registry.redis,
  registryApi.api,
  registryApi.latency,
  registry.clockSkew,
  noLeftovers,
  roundTrip,
  callsAnotherService,
  engine.zookeeper,
  engine.postgres,
  engine.redis,
  inside.runs,
  inside.env,
  insideAgrees.agrees,
  insideAgrees.clock,
  insideNetwork.dns,
  insideNetwork.registryReachable,
  insideNetwork.health,
  source.readable,
  source.addresses,
  source.secrets,
  source.traceId,
  source.heartbeat,
  source.deregisters,
  source.verifiesToken,
  source.waivers,
];

const SERVICE: readonly ServiceCheck[] = [
  registration.readable,
  registration.noGhosts,
  registration.present,
  registration.discoverable,
  entry.urlMatchesEnv,
  entry.urlForm,
  registration.urlReachable,
  registration.noDeadInstances,
  entry.metadata,
  entry.noDuplicates,
  startupLog,
  health.endpoint,
  health.agrees,
  heartbeat.recent,
  heartbeat.cadence,
  message.missing,
  message.malformed,
  message.wrongKey,
  message.algNone,
  message.expired,
  message.noScheme,
  message.noLeak,
  active.acceptsValid,
  active.echoesTrace,
  active.rejectsUnknownType,
];

// The engine gives a service to every check of scope `service`.
export const CHECKS: readonly ServiceCheck[] = [...DEPLOYMENT, ...SERVICE];
