// Holds the sample service to the guide, and each of its faults to exactly what the fault says.
import { afterEach, expect, it } from 'vitest';
import { signHs256, unsigned } from './hs256.js';
import { type Behaviour, type SampleService, startSampleService } from './sample-service.js';

const SECRET = 'a secret of at least thirty-two bytes';
const ENVELOPE = {
  type: 'query',
  payload: { action: 'ping' },
  trace_id: '6f6c1bb8-6f0a-4f5e-9c4e-3f7a1f0d2b11',
};
const claims = { service_id: 42 };
const good = signHs256(claims, SECRET);

/** Every Authorization header a receiver must refuse. */
const BAD = {
  missing: undefined,
  rubbish: 'Bearer rubbish',
  'wrong-key': `Bearer ${signHs256(claims, 'another secret')}`,
  'alg-none': `Bearer ${unsigned(claims)}`,
  expired: `Bearer ${signHs256({ ...claims, exp: 1 }, SECRET)}`,
  'no-scheme': good,
} as const;

let service: SampleService;
afterEach(() => service.close());

async function start(behaviour?: Behaviour, healthDelayMs = 4000): Promise<void> {
  const given = behaviour === undefined ? {} : { behaviour };
  service = await startSampleService({ name: 'asr-service', secret: SECRET, healthDelayMs, ...given });
}

async function message(authorization: string | undefined, body: unknown = ENVELOPE) {
  const headers = authorization === undefined ? {} : { authorization };
  const response = await fetch(`${service.url}/message`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, body: text.startsWith('{') ? JSON.parse(text) : undefined };
}

/** The bad tokens that get in. */
async function admitted(): Promise<string[]> {
  const names: string[] = [];
  for (const [name, header] of Object.entries(BAD)) {
    if ((await message(header)).status === 200) names.push(name);
  }
  return names;
}

it('answers a good message with its trace id and keeps it', async () => {
  await start();
  expect(await message(`Bearer ${good}`)).toMatchObject({
    status: 200,
    body: { received: true, trace_id: ENVELOPE.trace_id, result: { service: 'asr-service' } },
  });
  expect(service.received).toMatchObject([
    { ...ENVELOPE, claims, headers: { authorization: `Bearer ${good}` } },
  ]);
});

it('refuses every bad token with the guide’s 401', async () => {
  await start();
  expect(await message(undefined)).toMatchObject({ status: 401, body: { detail: 'No token' } });
  expect(await message(BAD['wrong-key'])).toMatchObject({ status: 401, body: { detail: 'Invalid token' } });
  expect(await admitted()).toEqual([]);
  expect(service.received).toEqual([]);
});

it('is 422 for a wrong shape, 400 for an unknown type, 401 before either', async () => {
  await start();
  expect(await message(`Bearer ${good}`, { type: 'query', payload: {} })).toMatchObject({
    status: 422,
    body: { detail: [{ loc: ['body', 'trace_id'], msg: 'field required' }] },
  });
  expect(await message(`Bearer ${good}`, { ...ENVELOPE, type: 'gossip' })).toMatchObject({
    status: 400,
    body: { detail: 'Unknown message type' },
  });
  expect((await message(undefined, 'no envelope')).status).toBe(401);
});

it('is healthy', async () => {
  await start();
  const response = await fetch(`${service.url}/health`);
  expect([response.status, await response.json()]).toMatchObject([200, { status: 'healthy' }]);
});

it.each<[Behaviour, string[]]>([
  ['accepts-any-token', ['rubbish', 'wrong-key', 'alg-none', 'expired']],
  ['accepts-alg-none', ['alg-none']],
  ['accepts-expired', ['expired']],
  ['accepts-wrong-key', ['wrong-key']],
  ['accepts-no-scheme', ['no-scheme']],
  ['accepts-missing', ['missing']],
])('%s lets in %j and nothing else', async (behaviour, names) => {
  await start(behaviour);
  expect(await admitted()).toEqual(names);
  expect((await message(`Bearer ${good}`)).status).toBe(200);
});

it.each<[Behaviour, object]>([
  ['no-trace-echo', { status: 200, body: { received: true } }],
  ['wrong-trace', { status: 200, body: { trace_id: expect.not.stringMatching(ENVELOPE.trace_id) } }],
  ['message-404', { status: 404 }],
  ['message-500', { status: 500, text: expect.stringContaining('Traceback') }],
  ['refuses-type', { status: 400, body: { detail: 'Unknown message type' } }],
])('%s answers a good message so', async (behaviour, answer) => {
  await start(behaviour);
  const seen = await message(`Bearer ${good}`);
  expect(seen).toMatchObject(answer);
  if (behaviour === 'no-trace-echo') expect(seen.body).not.toHaveProperty('trace_id');
});

it('accepts-unknown-type takes any type', async () => {
  await start('accepts-unknown-type');
  expect((await message(`Bearer ${good}`, { ...ENVELOPE, type: 'gossip' })).status).toBe(200);
});

it('message-hangs never answers', async () => {
  await start('message-hangs');
  const options = { method: 'POST', signal: AbortSignal.timeout(100) };
  await expect(fetch(`${service.url}/message`, options)).rejects.toThrow('timeout');
  expect(service.requests).toHaveLength(1);
});

it.each<[Behaviour, number]>([
  ['health-500', 500],
  ['health-404', 404],
])('%s answers /health with %i and messages as ever', async (behaviour, status) => {
  await start(behaviour);
  expect((await fetch(`${service.url}/health`)).status).toBe(status);
  expect((await message(`Bearer ${good}`)).status).toBe(200);
});

it('health-slow takes its time', async () => {
  await start('health-slow', 150);
  const started = performance.now();
  expect((await fetch(`${service.url}/health`)).status).toBe(200);
  expect(performance.now() - started).toBeGreaterThan(140);
});

it('no-health hangs up', async () => {
  await start('no-health');
  await expect(fetch(`${service.url}/health`)).rejects.toThrow('fetch failed');
});
