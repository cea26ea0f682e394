import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import http from 'node:http';
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
const OWN_TOKEN = signHs256({ service_id: 42 }, SECRET);
const OWNER = bearer({ service_id: 42 });
const OTHER = bearer({ service_id: 7 });

const ASR = {
  service_name: 'asr',
  service_url: 'http://asr:8000',
  service_metadata: { instance_id: 'asr-1', status: 'healthy' },
};
const BEAT = { service_name: 'asr', instance_id: 'asr-1' };
const COORDINATED = { service_id: 42, service_name: 'nmt', url: 'http://nmt:8000' };

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token of service 42 under a key that the registry has nothing to do with. */
function signRs256(header: object): string {
  const text = `${encoded({ alg: 'RS256', typ: 'JWT', ...header })}.${encoded({ service_id: 42 })}`;
  return `${text}.${sign('sha256', Buffer.from(text), RSA.privateKey).toString('base64url')}`;
}

/** A token of service 42 under the secret, with another HMAC. */
function signHmac(digest: string, header: object): string {
  const text = `${encoded(header)}.${encoded({ service_id: 42 })}`;
  return `${text}.${createHmac(digest, SECRET).update(text).digest('base64url')}`;
}

/** The status of a POST with these Authorization headers, each on a line of its own. */
function statusOf(url: string, body: object, authorization: string[]): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization };
    const request = http.request(
      url,
      { method: 'POST', headers: headers as unknown as http.OutgoingHttpHeaders, agent: false },
      (response) => {
        response.resume().once('close', () => resolve(response.statusCode));
      },
    );
    request.once('error', reject).end(JSON.stringify(body));
  });
}

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

  test('a forged token is refused', async () => {
    const { url } = await protectedRegistry();
    const claims = { service_id: 42 };
    const forged: Record<string, string> = {
      HS384: signHmac('sha384', { alg: 'HS384' }),
      HS512: signHmac('sha512', { alg: 'HS512' }),
      'none, signed all the same': signHs256(claims, SECRET, { alg: 'none' }),
      'None, without a signature': unsigned(claims).replace(/^[^.]+/, encoded({ alg: 'None' })),
      'HS256 without a signature': unsigned(claims).replace(/^[^.]+/, encoded({ alg: 'HS256' })),
      'no alg': signHs256(claims, SECRET, { typ: 'JWT' }),
      RS256: signRs256({}),
      'RS256 with its key in the header': signRs256({ jwk: RSA.publicKey.export({ format: 'jwk' }) }),
      'RS256 with an address of its key': signRs256({ jku: 'http://127.0.0.1:1/jwks.json' }),
      'a key named by a path': signHs256(claims, '', { alg: 'HS256', kid: '/dev/null' }),
      'a key named by a query': signHs256(claims, 'x', { alg: 'HS256', kid: "' UNION SELECT 'x" }),
    };
    for (const [name, token] of Object.entries(forged)) {
      const answer = await post(`${url}${PREFIX}/register`, ASR, { authorization: `Bearer ${token}` });
      expect([name, answer.status, answer.body.detail]).toEqual([name, 401, 'Invalid token']);
    }
    expect((await post(`${url}${PREFIX}/register`, ASR, OWNER)).status).toBe(201);
  });

  test('a service_id that is no integer of at least 1 owns nothing', async () => {
    const { url } = await protectedRegistry();
    for (const service_id of ['42', 42.5, -42, 0, null, true, [42], { id: 42 }, 2 ** 53]) {
      const answer = await post(`${url}${PREFIX}/register`, ASR, bearer({ service_id }));
      const seen = [service_id, answer.status, answer.body.detail];
      expect(seen).toEqual([service_id, 401, expect.stringContaining('its service_id is not')]);
    }
  });

  test('exp and nbf hold with 30 s on either side; iat is not judged', async () => {
    const wall = Date.UTC(2026, 10, 21);
    const clock = { now: () => performance.now(), wall: () => new Date(wall) };
    const { url } = await startTestRegistry({ auth: 'jwt', secret: SECRET, clock });
    const at = wall / 1000;
    const with_ = async (claims: Record<string, unknown>) => {
      const answer = await post(`${url}${PREFIX}/register`, ASR, bearer({ service_id: 42, ...claims }));
      return answer.status === 201 ? 'in' : answer.body.detail;
    };
    expect({
      expired: [await with_({ exp: at - 29 }), await with_({ exp: at - 30 })],
      early: [await with_({ nbf: at + 30 }), await with_({ nbf: at + 31 })],
      issued: [await with_({ iat: at + 3600 }), await with_({ iat: 0 })],
      noTime: [await with_({ exp: 'never' }), await with_({ nbf: '0' })],
    }).toEqual({
      expired: ['in', 'Invalid token: it has expired'],
      early: ['in', 'Invalid token: it is not valid yet'],
      issued: ['in', 'in'],
      noTime: ['Invalid token', 'Invalid token'],
    });
  });

  test('there is one Authorization header, with one token', async () => {
    const { url } = await protectedRegistry();
    const refused: Record<string, string[]> = {
      'two headers, the good one first': [`Bearer ${OWN_TOKEN}`, 'Bearer x.y.z'],
      'two headers, the good one last': ['Bearer x.y.z', `Bearer ${OWN_TOKEN}`],
      'two tokens in one header': [`Bearer ${OWN_TOKEN}, Bearer ${OWN_TOKEN}`],
      'another scheme': [`Basic ${OWN_TOKEN}`],
      'the scheme alone': ['Bearer'],
      '15 KiB that are no token': [`Bearer ${'a.'.repeat(7_500)}`],
    };
    const statusWith = (authorization: string[]) => statusOf(`${url}${PREFIX}/register`, ASR, authorization);
    for (const [name, authorization] of Object.entries(refused)) {
      expect([name, await statusWith(authorization)]).toEqual([name, 401]);
    }
    expect(await statusWith([`Bearer ${'a'.repeat(20_000)}`])).toBe(431);
    expect((await get(`${url}/services`)).body).toEqual([]);
    // RFC 9110, section 11.1: the name of a scheme has no case.
    expect(await statusWith([`bearer ${OWN_TOKEN}`])).toBe(201);
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

  test('a token of service 42 cannot touch service 43, at either API', async () => {
    const { url } = await protectedRegistry();
    const theirs = bearer({ service_id: 43 });
    const tts = {
      ...ASR,
      service_name: 'tts',
      service_metadata: { instance_id: 'tts-1', status: 'healthy' },
    };
    const nmt = {
      service_id: 43,
      service_name: 'nmt',
      url: 'http://nmt:8000',
      metadata: { status: 'healthy' },
    };
    await post(`${url}${PREFIX}/register`, tts, theirs);
    await post(`${url}/register`, nmt, theirs);
    const state = async () => [
      (await get(`${url}${PREFIX}/services/tts`)).body,
      (await get(`${url}${PREFIX}/services/nmt`)).body,
      (await get(`${url}${PREFIX}/audit`)).body,
    ];
    const before = await state();
    const thief = { service_url: 'http://thief:8000', url: 'http://thief:8000' };
    const attempts: [string, unknown][] = [
      [`${PREFIX}/register`, { ...tts, ...thief }],
      [
        `${PREFIX}/register`,
        { ...tts, ...thief, service_metadata: { instance_id: 'tts-2', service_id: 43 } },
      ],
      [`${PREFIX}/register`, { ...tts, ...thief, service_name: 'nmt' }],
      [`${PREFIX}/deregister?service_name=tts&instance_id=tts-1`, undefined],
      [`${PREFIX}/deregister?service_name=nmt&instance_id=nmt-43`, undefined],
      [`${PREFIX}/heartbeat`, { service_name: 'tts', instance_id: 'tts-1' }],
      [`${PREFIX}/heartbeat`, { service_name: 'nmt', instance_id: 'nmt-43' }],
      [`${PREFIX}/services/tts/release-evictions`, undefined],
      [`${PREFIX}/services/nmt/release-evictions`, undefined],
      ['/register', { ...nmt, ...thief }],
      ['/register', { ...nmt, ...thief, service_id: 42 }],
      ['/register', { ...nmt, ...thief, service_id: 42, service_name: 'tts', instance_id: 'tts-1' }],
      ['/deregister', { service_id: 43 }],
      ['/deregister', { service_id: 43, instance_id: 'nmt-43' }],
      ['/heartbeat', { service_id: 43 }],
      ['/heartbeat', { service_id: 43, instance_id: 'nmt-43' }],
    ];
    for (const [path, body] of attempts) {
      const { status } = await post(`${url}${path}`, body, OWNER);
      expect([path, body, [401, 403].includes(status)]).toEqual([path, body, true]);
    }
    expect(await state()).toEqual(before);
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

  test.each(['::', '', '0', 'localhost.example', '127.0.0.1.example', '::ffff:127.0.0.1'])(
    'without authentication on "%s", which is not surely this machine alone',
    async (host) => {
      const started = startRegistry({ host, port: 0, store: { kind: 'memory' } });
      await expect(started).rejects.toMatchObject({ code: 'CANNOT_SERVE' });
    },
  );

  test('unless it was said that it may', async () => {
    const { url } = await startTestRegistry({ host: '0.0.0.0', auth: 'none' });
    expect((await get(`${url}/live`)).status).toBe(200);
  });
});

describe('too many requests from one address', () => {
  const rateLimit = { perSecond: 0.5, burst: 2, loopback: true };

  test('are refused with 429 and the time to wait, whatever they say of where they come from', async () => {
    const { url } = await startTestRegistry({ rateLimit });
    const answers = [];
    for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) {
      answers.push(await get(`${url}/services`, { 'x-forwarded-for': address, forwarded: `for=${address}` }));
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await get(`${url}/live`)).status).toBe(200);
  });

  test('leave heartbeats their own allowance, which no other request can use', async () => {
    const { url } = await startTestRegistry({ rateLimit });
    const paths = ['/services', '/services?x=/heartbeat', '/services?/heartbeat', '/no-such/heartbeat'];
    const statuses = [];
    for (const path of paths) statuses.push((await get(`${url}${path}`)).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
    expect((await post(`${url}/heartbeat`, { service_id: 42 })).status).toBe(404);
  });
});
