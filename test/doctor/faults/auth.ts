// Faults of who may do what: the registry, or the service, refuses those that should be let in.
import { startCoordinatorReplica } from '../../support/coordinator-replica.js';
import { verifyHs256 } from '../../support/hs256.js';
import { detail, json } from '../../support/instrument.js';
import { type Deployment, SECRET, SERVICE } from '../deployment.js';
import type { Fault } from './fault.js';

const ACTIVE = { active: true };
const NO_HEALTH = 'not-applicable: this Coordinator has no /health, and its guide asks for none';

export const AUTH: readonly Fault[] = [
  {
    name: 'the registry wants a token also of those who read',
    break: ({ gateway }) => gateway(({ path }) => (path === '/health' ? undefined : detail(401, 'No token'))),
    expect: { 'registry.api': 'API_CALL_REFUSED' },
  },
  {
    name: 'a gateway lets this machine ask for the health of the registry alone',
    break: ({ gateway }) =>
      gateway(({ path }) => (path === '/health' ? undefined : detail(403, 'Forbidden'))),
    expect: { 'registry.api': 'API_CALL_REFUSED' },
  },
  {
    name: 'the Coordinator has another secret than everyone else',
    input: ACTIVE,
    async break({ env, service, owns }) {
      const replica = await startCoordinatorReplica({ secret: 'the-secret-that-only-the-coordinator-has' });
      owns(replica);
      const health_check_url = `${service.url}/health`;
      replica.registerRaw({
        service_id: 42,
        service_name: SERVICE,
        url: service.url,
        health_check_url,
      });
      delete env.CONFIG_SERVICE_URL;
      env.REGISTRY_URL = replica.url;
    },
    expect: { 'registry.round-trip': 'CANARY_NOT_REGISTERED' },
    leaves: Object.fromEntries(
      ['healthy', 'zookeeper', 'postgres', 'redis'].map((name) => [`registry.${name}`, NO_HEALTH]),
    ),
  },
  {
    name: 'the registry takes registrations from its own machine alone',
    input: ACTIVE,
    break: ({ gateway }) =>
      gateway(({ path }) => (path.endsWith('/register') ? detail(403, 'Forbidden') : undefined)),
    expect: { 'registry.round-trip': 'CANARY_NOT_REGISTERED' },
  },
  {
    name: 'the clock of the service is ten minutes ahead: tokens are over before they begin',
    input: ACTIVE,
    break: (deployment) => guarded(deployment, { aheadS: 600 }),
    expect: { 'message.accepts-valid': 'VALID_TOKEN_REFUSED' },
  },
  {
    name: 'the service lets only certain other services in',
    input: ACTIVE,
    break: (deployment) => guarded(deployment, { allows: [7] }),
    expect: { 'message.accepts-valid': 'VALID_TOKEN_REFUSED' },
  },
];

/** A service that checks tokens by a clock of its own, and lets in the ids it allows. */
function guarded(
  { replaceService }: Deployment,
  { aheadS = 0, allows = [42] }: { aheadS?: number; allows?: readonly number[] },
): Promise<void> {
  return replaceService(({ path, headers, body }) => {
    if (path === '/health') return json(200, { status: 'healthy' });
    const token = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    const claims = verifyHs256(token, SECRET, Date.now() / 1000 + aheadS);
    if (claims === undefined) return detail(401, 'Invalid token');
    if (!allows.includes(Number(claims.service_id))) return detail(403, 'Forbidden');
    return json(200, { received: true, trace_id: JSON.parse(body).trace_id });
  });
}
