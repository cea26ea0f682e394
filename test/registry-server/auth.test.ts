import { describe, expect, test } from 'vitest';
import { startRegistry } from '../../src/registry-server/server.js';
import { signHs256, unsigned } from '../support/hs256.js';
import { get, post, startTestRegistry } from '../support/start-registry.js';

const SECRET = 'a secret of more than thirty-two bytes';
const PREFIX = '/api/v1/registry';
const now = Math.floor(Date.now() / 1000);

const bearer = (claims: Record<string, unknown>, secret = SECRET) => ({
  authorization: `Bearer ${signHs256(claims, secret)}`,
});
const OWNER = bearer({ service_id: 42 });
const OTHER = bearer({ service_id: 7 });

const ASR = {
  service_name: 'asr',
  service_url: 'http://asr:8000',
  service_metadata: { instance_id: 'asr-1', status: 'healthy' },
};
const BEAT = { service_name: 'asr', instance_id: 'asr-1' };
const COORDINATED = { service_id: 42, service_name: 'nmt', url: 'http://nmt:8000' };

const protectedRegistry = () => startTestRegistry({ auth: 'jwt', secret: SECRET });

describe('under --auth jwt', () => {
  test.each<[string, Record<string, string>, string]>([
    ['no token', {}, 'No token'],
    ['no scheme', { authorization: signHs256({ service_id: 42 }, SECRET) }, 'Invalid token'],
    ['another key', bearer({ service_id: 42 }, 'b'.repeat(32)), 'Invalid token'],
    ['alg none', { authorization: `Bearer ${unsigned({ service_id: 42 })}` }, 'Invalid token'],
    ['what is no token', { authorization: 'Bearer x.y.z' }, 'Invalid token'],
    ['an expired token', bearer({ service_id: 42, exp: now - 60 }), 'Invalid token: it has expired'],
    ['a service_id that is a text', bearer({ service_id: '42' }), 'Invalid token: its service_id'],
    ['no service_id', bearer({}), 'Invalid token: its service_id'],
  ])('every change is refused with %s', async (_, headers, detail) => {
    const { url } = await protectedRegistry();
    for (const [path, body] of [
      [`${PREFIX}/register`, ASR],
      [`${PREFIX}/deregister?service_name=asr&instance_id=asr-1`, undefined],
      [`${PREFIX}/heartbeat`, BEAT],
      ['/register', COORDINATED],
      ['/deregister', { service_id: 42 }],
    ] as const) {
      const answer = await post(`${url}${path}`, body, headers);
      expect([path, answer.status, answer.headers.get('www-authenticate')]).toEqual([path, 401, 'Bearer']);
      expect(answer.body.detail).toContain(detail);
    }
    expect((await get(`${url}/services`)).body).toEqual([]);
  });

  test('a token of another algorithm of the same family is refused', async () => {
    const { url } = await protectedRegistry();
    const headers = {
      authorization: `Bearer ${signHs256({ service_id: 42 }, SECRET, { alg: 'HS512', typ: 'JWT' })}`,
    };
    expect((await post(`${url}${PREFIX}/register`, ASR, headers)).status).toBe(401);
  });

  test('a token that expired within the leeway of 30 s still holds', async () => {
    const { url } = await protectedRegistry();
    const headers = bearer({ service_id: 42, exp: now - 5 });
    expect((await post(`${url}${PREFIX}/register`, ASR, headers)).status).toBe(201);
  });

  test('reading needs no token: the clients of the guides send none', async () => {
    const { url } = await protectedRegistry();
    await post(`${url}${PREFIX}/register`, ASR, OWNER);
    expect((await get(`${url}${PREFIX}/services/asr/url`)).body).toEqual({ url: 'http://asr:8000' });
    expect((await get(`${url}/services/asr`)).status).toBe(200);
  });

  test('only the service that registered an instance may change it', async () => {
    const { url } = await protectedRegistry();
    expect((await post(`${url}${PREFIX}/register`, ASR, OWNER)).status).toBe(201);
    const stolen = { ...ASR, service_url: 'http://thief:8000' };
    for (const [path, body] of [
      [`${PREFIX}/register`, stolen],
      [`${PREFIX}/deregister?service_name=asr&instance_id=asr-1`, undefined],
      [`${PREFIX}/heartbeat`, BEAT],
      ['/deregister', { service_id: 42 }],
      ['/heartbeat', { service_id: 42 }],
    ] as const) {
      const answer = await post(`${url}${path}`, body, OTHER);
      expect([path, answer.status]).toEqual([path, 403]);
      expect(answer.body.detail).toBe('service_id 7 does not own asr/asr-1');
    }
    expect((await get(`${url}/services/asr`)).body.url).toBe('http://asr:8000');
    expect((await post(`${url}${PREFIX}/heartbeat`, BEAT, OWNER)).status).toBe(200);
    expect((await post(`${url}/deregister`, { service_id: 42 }, OWNER)).status).toBe(200);
  });

  test('nobody registers under the service id of another on the Coordinator API', async () => {
    const { url } = await protectedRegistry();
    const answer = await post(`${url}/register`, COORDINATED, OTHER);
    expect([answer.status, answer.body.detail]).toEqual([401, 'Invalid token: its service_id is 7, not 42']);
  });

  test("the guide's heartbeat without a token counts from the address that registered", async () => {
    const { url } = await protectedRegistry();
    await post(`${url}/register`, COORDINATED, OWNER);
    expect((await post(`${url}/heartbeat`, { service_id: 42 })).status).toBe(200);
    expect((await post(`${url}/heartbeat`, { service_id: 42 }, OWNER)).status).toBe(200);
    const bad = await post(`${url}/heartbeat`, { service_id: 42 }, { authorization: 'Bearer x' });
    expect(bad.status).toBe(401);
  });

  test("the guide's heartbeat without a token is refused from any other address", async () => {
    const { url } = await startTestRegistry({ host: '::', auth: 'jwt', secret: SECRET });
    const { port } = new URL(url);
    await post(`http://127.0.0.1:${port}/register`, COORDINATED, OWNER);
    const elsewhere = await post(`http://[::1]:${port}/heartbeat`, { service_id: 42 });
    expect([elsewhere.status, elsewhere.body.detail]).toEqual([401, expect.stringContaining('No token')]);
  });

  test("the guide's heartbeat counts from every address that a token of the service came from", async () => {
    const lines: string[] = [];
    const log = { write: (line: string) => void lines.push(line) };
    const { url } = await startTestRegistry({ host: '::', auth: 'jwt', secret: SECRET, log });
    const { port } = new URL(url);
    const [four, six] = [`http://127.0.0.1:${port}`, `http://[::1]:${port}`];
    await post(`${four}/register`, COORDINATED, OWNER);
    const beat = () => post(`${six}/heartbeat`, { service_id: 42 }).then(({ status }) => status);
    expect([await beat(), await beat()]).toEqual([401, 401]);
    expect(lines.filter((line) => line.includes('heartbeats of service_id 42 without a token'))).toHaveLength(
      1,
    );
    await post(`${six}/heartbeat`, { service_id: 42 }, OWNER);
    expect(await beat()).toBe(200);
  });

  test('nobody joins, or takes over, the name of another service', async () => {
    const { url } = await protectedRegistry();
    const join = { ...ASR, service_metadata: { instance_id: 'asr-2', status: 'healthy', weight: 1e300 } };
    await post(`${url}${PREFIX}/register`, ASR, OWNER);
    const joined = await post(`${url}${PREFIX}/register`, join, OTHER);
    expect([joined.status, joined.body.detail]).toEqual([
      403,
      'service_id 7 does not own the service asr: it belongs to service_id 42',
    ]);
    expect((await post(`${url}${PREFIX}/register`, join, OWNER)).status).toBe(201);
    for (const id of ['asr-1', 'asr-2']) {
      await post(`${url}${PREFIX}/deregister?service_name=asr&instance_id=${id}`, undefined, OWNER);
    }
    const after = await post(`${url}${PREFIX}/register`, ASR, OTHER);
    expect([after.status, after.body.detail]).toEqual([403, expect.stringContaining('is kept for it')]);
    expect((await post(`${url}${PREFIX}/register`, ASR, OWNER)).status).toBe(201);
  });
});

describe('a registry that would stand open does not start', () => {
  test.each([
    ['without authentication for others', { host: '0.0.0.0' }, 'without authentication anyone'],
    ['with jwt and no secret', { auth: 'jwt' as const }, 'there is none'],
    ['with a short secret', { auth: 'jwt' as const, secret: 'short' }, 'the secret has 5 bytes'],
  ])('%s', async (_, options, why) => {
    const started = startRegistry({ port: 0, store: { kind: 'memory' }, ...options });
    await expect(started).rejects.toMatchObject({
      code: 'CANNOT_SERVE',
      message: expect.stringContaining(why),
    });
  });

  test('unless it was said that it may', async () => {
    const { url } = await startTestRegistry({ host: '0.0.0.0', auth: 'none' });
    expect((await get(`${url}/live`)).status).toBe(200);
  });
});
