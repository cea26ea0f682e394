// The sample services as processes of their own, against the real registry: what both guides ask of a service.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningRegistry, startRegistry } from '../../src/registry-server/server.js';
import { signHs256, unsigned } from '../support/hs256.js';
import { send, startInstrument } from '../support/instrument.js';
import { COVERAGE } from '../support/run-cli.js';

const MAIN = fileURLToPath(new URL('../../dist/sample.cjs', import.meta.url));
const SECRET = 'a secret for the samples, 32 bytes and more';
const IDS: Record<string, number> = { 'asr-service': 1, 'nmt-service': 2 };

interface Sample {
  url: string;
  log: () => string;
  child: ChildProcess;
}

const children: ChildProcess[] = [];
let registry: RunningRegistry;

beforeEach(async () => {
  const timings = { heartbeatIntervalS: 1 };
  registry = await startRegistry({
    port: 0,
    store: { kind: 'memory' },
    auth: 'jwt',
    secret: SECRET,
    timings,
  });
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await registry.close();
});

function launch(name: string, environment: Record<string, string> = {}): Omit<Sample, 'url'> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...COVERAGE,
      SERVICE_NAME: name,
      SERVICE_HOST: '127.0.0.1',
      SERVICE_PORT: '0',
      SERVICE_INSTANCE_ID: `${name}-a`,
      SERVICE_ID: String(IDS[name]),
      CONFIG_SERVICE_URL: registry.url,
      REGISTRY_URL: registry.url,
      JWT_SECRET: SECRET,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  children.push(child);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  return { child, log: () => log };
}

async function start(name: string, environment: Record<string, string> = {}): Promise<Sample> {
  const launched = launch(name, environment);
  const [{ url }] = (await once(launched.child, 'message')) as [{ url: string }];
  return { ...launched, url };
}

async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    await delay(20);
  }
}

async function instances(service: string): Promise<Record<string, unknown>[]> {
  const answer = await fetch(`${registry.url}/api/v1/registry/services/${service}`);
  return (await answer.json()) as Record<string, unknown>[];
}

const now = () => Math.floor(Date.now() / 1000);
const good = () => `Bearer ${signHs256({ service_id: 7 }, SECRET)}`;

async function post(url: string, authorization: string | undefined, body: unknown) {
  const answer = await fetch(`${url}/message`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

const ping = { type: 'query', payload: { action: 'ping' }, trace_id: 't-1' };

describe('a sample service in the registry', () => {
  it('registers itself, beats, and is handed out; its log says so in the words of the guide', async () => {
    const asr = await start('asr-service');
    expect(asr.log()).toContain('Registered asr-service with service registry as instance asr-service-a');
    const [listed] = await until(async () => {
      const found = await instances('asr-service');
      return found[0]?.last_heartbeat ? found : undefined;
    });
    expect(listed).toMatchObject({
      instance_id: 'asr-service-a',
      service_url: asr.url,
      health_check_url: `${asr.url}/health`,
      status: 'healthy',
      monitored_by: 'heartbeat',
      service_metadata: { status: 'healthy', version: '1.0.0' },
    });
    const handedOut = await fetch(`${registry.url}/services/asr-service`);
    expect(await handedOut.json()).toMatchObject({ url: asr.url, service_id: 1 });
  });

  it('keeps beating, and registers again where the registry has forgotten it', async () => {
    await start('asr-service');
    const first = await until(async () => (await instances('asr-service'))[0]?.last_heartbeat as string);
    await until(async () => (await instances('asr-service'))[0]?.last_heartbeat !== first || undefined);
    const gone = `${registry.url}/api/v1/registry/deregister?service_name=asr-service&instance_id=asr-service-a`;
    const token = `Bearer ${signHs256({ service_id: 1 }, SECRET)}`;
    expect((await fetch(gone, { method: 'POST', headers: { authorization: token } })).status).toBe(200);
    expect(await instances('asr-service')).toEqual([]);
    await until(async () => (await instances('asr-service'))[0]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('deregisters on %s and exits 0', async (signal) => {
    const asr = await start('asr-service');
    asr.child.kill(signal);
    expect(await once(asr.child, 'exit')).toEqual([0, null]);
    expect(await instances('asr-service')).toEqual([]);
    expect(asr.log()).toContain('Deregistered asr-service from service registry');
  });

  it('ends, deregistered, when the process that started it is gone', async () => {
    const asr = await start('asr-service');
    asr.child.disconnect();
    expect(await once(asr.child, 'exit')).toEqual([0, null]);
    expect(await instances('asr-service')).toEqual([]);
  });

  it('starts without a registry, serves, and says in the words of the guide that it is not registered', async () => {
    const asr = await start('asr-service', { CONFIG_SERVICE_URL: 'http://127.0.0.1:1' });
    expect(asr.log()).toContain('Service registry registration skipped/failed for asr-service');
    expect((await fetch(`${asr.url}/health`)).status).toBe(200);
  });

  it.each([
    ['JWT_SECRET', '', 'JWT_SECRET is not set'],
    ['SERVICE_ID', 'forty-two', 'SERVICE_ID must be an integer from 1'],
    ['SERVICE_PORT', '70000', 'SERVICE_PORT must be an integer from 0 to 65535'],
    ['REGISTRY_URL', '[PROVIDED BY COORDINATOR]', 'REGISTRY_URL must'],
    ['SERVICE_NAME', 'tts-service', 'SERVICE_NAME must be one of asr-service, nmt-service'],
  ])('does not start with %s=%s', async (variable, value, says) => {
    const asr = launch('asr-service', { [variable]: value });
    expect(await once(asr.child, 'exit')).toEqual([1, null]);
    expect(asr.log()).toContain(says);
    expect(asr.log()).not.toContain(SECRET);
  });
});

describe('POST /message of a sample service', () => {
  it('refuses every bad token with 401 before it looks at the body', async () => {
    const { url } = await start('asr-service');
    const claims = { service_id: 7 };
    const bad: [string, string | undefined, string][] = [
      ['none', undefined, 'No token'],
      ['malformed', 'Bearer not.a.token', 'Invalid token'],
      ['other key', `Bearer ${signHs256(claims, 'another secret of 32 bytes or more')}`, 'Invalid token'],
      ['unsigned', `Bearer ${unsigned(claims)}`, 'Invalid token'],
      ['expired', `Bearer ${signHs256({ ...claims, exp: now() - 3600 }, SECRET)}`, 'Invalid token'],
      ['no scheme', signHs256(claims, SECRET), 'Invalid token'],
      ['HS512', `Bearer ${signHs256(claims, SECRET, { alg: 'HS512', typ: 'JWT' })}`, 'Invalid token'],
      ['no service_id', `Bearer ${signHs256({}, SECRET)}`, 'Invalid token'],
      ['service_id a text', `Bearer ${signHs256({ service_id: '7' }, SECRET)}`, 'Invalid token'],
    ];
    for (const [what, token, detail] of bad) {
      expect([what, await post(url, token, '{"not":')]).toEqual([what, { status: 401, body: { detail } }]);
    }
    expect((await post(url, good(), ping)).status).toBe(200);
  });

  it('answers received, the trace id and a result', async () => {
    const { url, log } = await start('asr-service');
    const message = {
      ...ping,
      payload: { action: 'transcribe', audio_id: 'greeting' },
      trace_id: 'trace-42',
    };
    const result = { audio_id: 'greeting', language: 'en', text: 'good morning and welcome' };
    for (const type of ['query', 'command']) {
      expect(await post(url, good(), { ...message, type })).toEqual({
        status: 200,
        body: { received: true, trace_id: 'trace-42', result },
      });
    }
    expect(log()).toContain('[trace-42]');
    expect(await post(url, good(), { ...message, type: 'event' })).toMatchObject({ body: { result: null } });
  });

  it('refuses what it does not understand, and says which part', async () => {
    const { url } = await start('asr-service');
    expect(await post(url, good(), { ...ping, type: 'request' })).toMatchObject({
      status: 400,
      body: { detail: 'Unknown message type' },
    });
    expect(await post(url, good(), { ...ping, payload: { action: 'sing' } })).toMatchObject({ status: 400 });
    expect(await post(url, good(), 'no JSON')).toMatchObject({ status: 422 });
    expect(await post(url, good(), { type: 'query', payload: {} })).toEqual({
      status: 422,
      body: { detail: [{ loc: ['body', 'trace_id'], msg: 'field required', type: 'missing' }] },
    });
    const tooLarge = await fetch(`${url}/message`, {
      method: 'POST',
      headers: { authorization: good() },
      body: 'x'.repeat(70_000),
    });
    expect([tooLarge.status, tooLarge.headers.get('connection')]).toEqual([413, 'close']);
  });

  it('nmt-service asks asr-service, found through the registry, under the same trace id', async () => {
    const asr = await start('asr-service');
    const nmt = await start('nmt-service');
    const payload = { action: 'translate', audio_id: 'platform', target: 'es' };
    const answer = await post(nmt.url, good(), { ...ping, payload, trace_id: 'trace-7' });
    expect(answer.body).toMatchObject({
      trace_id: 'trace-7',
      result: {
        translation: 'el tren sale al mediodía',
        transcribed_by: { service: 'asr-service', url: asr.url, trace_id: 'trace-7' },
      },
    });
    expect(asr.log()).toContain('[trace-7] Received query from service 2');
  });

  it.each(['no JSON', '[]', '"text"'])('nmt-service says so where asr-service answers %s', async (text) => {
    const broken = await startInstrument((_, response) => send(response, { status: 200, body: text }));
    const nmt = await start('nmt-service');
    const made = await fetch(`${registry.url}/register`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${signHs256({ service_id: 1 }, SECRET)}`,
      },
      body: JSON.stringify({
        service_id: 1,
        service_name: 'asr-service',
        url: broken.url,
        metadata: { status: 'healthy' },
      }),
    });
    expect(made.status).toBe(201);
    const payload = { action: 'translate', audio_id: 'platform' };
    expect(await post(nmt.url, good(), { ...ping, payload })).toMatchObject({
      status: 502,
      body: { detail: expect.stringContaining('asr-service answered') },
    });
    await broken.close();
  });

  it('nmt-service says so where asr-service is not there', async () => {
    const nmt = await start('nmt-service');
    const payload = { action: 'translate', audio_id: 'platform' };
    expect(await post(nmt.url, good(), { ...ping, payload })).toMatchObject({
      status: 503,
      body: { detail: 'asr-service is not available: no healthy instance' },
    });
  });
});

it('a sample service tells of itself as the ecosystem asks', async () => {
  const { url } = await start('nmt-service');
  const get = async (path: string) => (await fetch(url + path)).json();
  expect(await get('/health')).toMatchObject({ status: 'healthy', service: 'nmt-service' });
  expect(await get('/capabilities')).toMatchObject({ service: 'nmt-service', udc_version: '1.0' });
  expect(await get('/state')).toMatchObject({ status: 'active' });
  expect(await get('/dependencies')).toEqual({ required: [], optional: ['asr-service'] });
  expect((await fetch(`${url}/none`)).status).toBe(404);
  expect((await fetch(`${url}/message`)).status).toBe(405);
});
