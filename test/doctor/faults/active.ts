// Faults that only `--active` turns up: registry.no-leftovers, registry.round-trip, message.*, e2e.*.
import { CANARY_SERVICE, tag } from '../../../src/doctor/canary.js';
import { verifyHs256 } from '../../support/hs256.js';
import { type Answer, detail, json, send, startInstrument } from '../../support/instrument.js';
import { type Behaviour, startSampleService } from '../../support/sample-service.js';
import { type Deployment, forward, SECRET } from '../deployment.js';
import type { Fault } from './fault.js';

const ACTIVE = { active: true };
const CANARY = `/services/${CANARY_SERVICE}`;
const TRACEBACK = 'Traceback (most recent call last):\n  File "/app/main.py", line 87, in receive_message\n';

export const ACTIVE_FAULTS: readonly Fault[] = [
  {
    name: 'a doctor was killed an hour ago, on another machine',
    break: ({ register }) =>
      register({
        service_name: CANARY_SERVICE,
        service_url: 'http://127.0.0.1:9',
        service_metadata: { ...tag(Date.now() - 3_600_000, 'elsewhere'), status: 'healthy' },
      }),
    expect: { 'registry.no-leftovers': 'CANARY_LEFT' },
  },
  {
    name: 'the registry takes no registrations',
    input: ACTIVE,
    break: ({ gateway }) =>
      gateway(({ path }) => (path.endsWith('/register') ? detail(503, 'read only') : undefined)),
    expect: { 'registry.round-trip': 'CANARY_NOT_REGISTERED' },
  },
  {
    name: 'the registry acknowledges registrations and forgets them',
    input: ACTIVE,
    break: ({ gateway }) =>
      gateway(({ path }) => (path.endsWith('/register') ? json(201, { instance_id: 'lost' }) : undefined)),
    expect: { 'registry.round-trip': 'CANARY_NOT_READABLE' },
  },
  {
    name: 'the registry checks the health of services and calls them unhealthy all the same',
    input: ACTIVE,
    break: (deployment) =>
      tampered(deployment, (path, answer) =>
        path.endsWith(CANARY) ? answer.replaceAll('"healthy"', '"unhealthy"') : answer,
      ),
    expect: { 'registry.round-trip': 'CANARY_NOT_HEALTHY' },
  },
  {
    name: 'the registry does not reach services on this machine',
    input: ACTIVE,
    break: ({ gateway, registry }) =>
      gateway(({ path }) => {
        if (!path.endsWith('/health/detailed')) return undefined;
        const [canary] = registry.contents().nodes[CANARY_SERVICE] ?? [];
        const result = {
          endpoint_url: canary?.health_check_url,
          error_message: 'All connection attempts failed',
        };
        return json(200, { check_results: [{ ...result, is_healthy: false }] });
      }),
    expect: { 'registry.round-trip': 'CANARY_OUT_OF_REACH' },
  },
  {
    name: 'the registry hands out nothing that registers now',
    input: ACTIVE,
    break: ({ gateway }) =>
      gateway(({ path }) =>
        path.endsWith(`${CANARY}/url`) ? detail(404, 'No healthy instances found') : undefined,
      ),
    expect: { 'registry.round-trip': 'CANARY_NOT_DISCOVERABLE' },
  },
  {
    name: 'a proxy swallows messages to services that are new',
    input: ACTIVE,
    break: (deployment) => swallowingProxy(deployment),
    expect: { 'registry.round-trip': 'CANARY_MESSAGE_LOST' },
  },
  {
    name: 'the registry acknowledges deregistrations and forgets them',
    input: ACTIVE,
    break: ({ gateway }) =>
      gateway(({ path }) => (path.includes('/deregister?') ? json(200, { status: 'ok' }) : undefined)),
    expect: { 'registry.round-trip': 'CANARY_STILL_THERE' },
  },
  {
    name: 'the service has another secret than everyone else',
    input: ACTIVE,
    env: { JWT_SECRET: 'the-secret-of-everyone-else-which-is-long-enough' },
    expect: { 'message.accepts-valid': 'VALID_TOKEN_REFUSED' },
  },
  {
    name: 'POST /message crashes behind the token check',
    input: ACTIVE,
    break: (deployment) => behindTokenCheck(deployment, () => detail(500, 'Internal Server Error')),
    expect: { 'message.accepts-valid': 'MESSAGE_CRASHES' },
  },
  {
    name: 'POST /message crashes on a type it does not know',
    input: ACTIVE,
    break: (deployment) =>
      behindTokenCheck(deployment, ({ type, trace_id }) =>
        type === 'query' ? json(200, { received: true, trace_id }) : detail(500, 'Internal Server Error'),
      ),
    expect: { 'message.rejects-unknown-type': 'MESSAGE_CRASHES' },
  },
  {
    name: 'POST /message refuses with a stack trace, once past the token check',
    input: ACTIVE,
    break: (deployment) => behindTokenCheck(deployment, () => detail(400, TRACEBACK)),
    expect: { 'message.accepts-valid': 'ANSWER_LEAKS', 'message.rejects-unknown-type': 'ANSWER_LEAKS' },
    leaves: {
      'message.echoes-trace': 'not-applicable: it refused the message, and an error carries no trace id',
    },
  },
  {
    name: 'POST /message refuses bad tokens with a stack trace',
    break: ({ replaceService }) =>
      replaceService(({ path }) =>
        path === '/health' ? json(200, { status: 'healthy' }) : detail(401, TRACEBACK),
      ),
    expect: { 'message.no-leak': 'ANSWER_LEAKS' },
  },
  {
    name: 'the answer to a message has no trace id',
    input: ACTIVE,
    behaviour: 'no-trace-echo',
    expect: { 'message.echoes-trace': 'TRACE_MISSING' },
  },
  {
    name: 'the answer to a message has another trace id',
    input: ACTIVE,
    behaviour: 'wrong-trace',
    expect: { 'message.echoes-trace': 'TRACE_CHANGED' },
  },
  {
    name: 'POST /message takes any type',
    input: ACTIVE,
    behaviour: 'accepts-unknown-type',
    expect: { 'message.rejects-unknown-type': 'UNKNOWN_TYPE_ACCEPTED' },
  },
  peer('another service is registered without a status', {}, 'CALL_NOT_DISCOVERED', {}),
  peer('another service has crashed', {}, 'CALL_UNANSWERED', {
    url: 'http://127.0.0.1:9',
    status: 'healthy',
  }),
  peer(
    'another service has another secret',
    { secret: 'a-secret-that-nobody-else-has-got-here' },
    'CALL_REFUSED',
  ),
  peer('another service crashes on messages', { behaviour: 'message-500' }, 'CALL_FAILED'),
  peer('another service answers with a trace id of its own', { behaviour: 'wrong-trace' }, 'CALL_TRACE_LOST'),
];

/** A deployment with a second service, which alone is broken. */
function peer(
  name: string,
  service: { secret?: string; behaviour?: Behaviour },
  code: string,
  { url, status }: { url?: string; status?: string } = { status: 'healthy' },
): Fault {
  return {
    name,
    input: ACTIVE,
    async break({ register, owns }) {
      const other = await startSampleService({ name: 'nmt-service', secret: SECRET, ...service });
      owns(other);
      const at = url ?? other.url;
      register({
        service_name: 'nmt-service',
        service_url: at,
        health_check_url: `${at}/health`,
        service_metadata: {
          instance_id: 'nmt-1',
          ...(status === undefined ? {} : { status }),
        },
      });
    },
    expect: { 'e2e.calls-another-service': code },
  };
}

/** A gateway before the registry that writes its answers anew. */
async function tampered(
  { env, registry, owns }: Deployment,
  rewrite: (path: string, body: string) => string,
): Promise<void> {
  const gateway = await startInstrument(async (request, response) => {
    const answer = await forward(request, registry.url);
    send(response, { ...answer, body: rewrite(request.path, String(answer.body)) });
  });
  owns(gateway);
  env.CONFIG_SERVICE_URL = gateway.url;
}

/** A proxy that lets everything through but messages to services that it does not know. */
async function swallowingProxy({ env, service, owns }: Deployment): Promise<void> {
  const proxy = await startInstrument(async (request, response) => {
    const { origin, pathname, search } = new URL(request.path);
    const swallowed = pathname === '/message' && origin !== service.url;
    send(
      response,
      swallowed ? detail(502, 'Bad Gateway') : await forward({ ...request, path: pathname + search }, origin),
    );
  });
  owns(proxy);
  env.HTTP_PROXY = proxy.url;
}

/** A service that checks tokens as it should, and answers good ones as `answer` says. */
function behindTokenCheck(
  { replaceService }: Deployment,
  answer: (message: { type: string; trace_id: string }) => Answer,
): Promise<void> {
  return replaceService(({ path, headers, body }) => {
    if (path === '/health') return json(200, { status: 'healthy' });
    const token = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    const claims = verifyHs256(token, SECRET, Date.now() / 1000);
    return claims === undefined ? detail(401, 'Invalid token') : answer(JSON.parse(body));
  });
}
