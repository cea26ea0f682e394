// Each hostile kind is what it says, seen by clients that are not regctl's.
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { afterEach, expect, it } from 'vitest';
import {
  HOSTILE_KINDS,
  type Hostile,
  type HostileKind,
  startHostile,
  TERMINAL_ATTACKS,
} from './hostile-registry.js';

const LIST = '/api/v1/registry/services';
let hostile: Hostile;
afterEach(() => hostile.close());

async function start(kind: HostileKind): Promise<void> {
  hostile = await startHostile(kind);
}

it.each<[HostileKind, number, RegExp, RegExp]>([
  ['html', 200, /^text\/html/, /<form action="\/login">/],
  ['html-502', 502, /^text\/html/, /Bad Gateway/],
  ['text-500', 500, /^text\/plain/, /^Internal Server Error$/],
  ['empty', 200, /json/, /^$/],
  ['wrong-object', 200, /json/, /^\{"foo":1\}$/],
  ['wrong-array', 200, /json/, /^\[1,2\]$/],
  ['401', 401, /json/, /^\{"detail":"/],
  ['403', 403, /json/, /^\{"detail":"/],
  ['404', 404, /json/, /^\{"detail":"Not Found"\}$/],
  ['422', 422, /json/, /"field required"/],
])('%s answers %i', async (kind, status, type, body) => {
  await start(kind);
  const response = await fetch(hostile.url + LIST);
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toMatch(type);
  expect(await response.text()).toMatch(body);
  expect(hostile.requests).toMatchObject([{ method: 'GET', path: LIST }]);
});

it('invalid-json arrives whole and does not parse', async () => {
  await start('invalid-json');
  const response = await fetch(hostile.url);
  await expect(response.json()).rejects.toThrow(SyntaxError);
});

it('truncated drops the connection in the middle of the body', async () => {
  await start('truncated');
  const response = await fetch(hostile.url);
  await expect(response.text()).rejects.toThrow('terminated');
});

it('huge is a valid list of over 100 MiB for whoever reads it all', async () => {
  await start('huge');
  const response = await fetch(hostile.url);
  let [read, first, last] = [0, '', ''];
  for await (const chunk of response.body ?? []) {
    const text = Buffer.from(chunk);
    if (read === 0) first = text.toString('latin1', 0, 20);
    last = text.toString('latin1', Math.max(0, text.length - 2));
    read += text.length;
  }
  expect([first, last]).toEqual(['[{"service_name":"as', '}]'].map((text) => expect.stringContaining(text)));
  expect(read).toBeGreaterThan(100 * 1024 * 1024);
  expect(hostile.bytesTaken()).toBeGreaterThanOrEqual(read);
});

it('huge tells how little was taken where the client hangs up', async () => {
  await start('huge');
  await new Promise<void>((resolve, reject) => {
    const request = http.get(hostile.url, (response) => response.once('data', () => request.destroy()));
    request.on('close', resolve).on('error', reject);
  });
  expect(hostile.bytesTaken()).toBeLessThan(32 * 1024 * 1024);
});

it('redirect sends the client to another origin, which records what arrives', async () => {
  await start('redirect');
  const answer = await fetch(hostile.url + LIST, { redirect: 'manual' });
  expect(answer.status).toBe(302);
  expect(answer.headers.get('location')).toBe(`${hostile.elsewhere?.url}${LIST}`);
  expect(hostile.elsewhere?.requests).toEqual([]);
  const headers = { authorization: 'Bearer canary' };
  await fetch(`${hostile.elsewhere?.url}${LIST}`, { headers });
  expect(hostile.elsewhere?.requests).toMatchObject([{ path: LIST, headers }]);
});

it('silent accepts and never answers', async () => {
  await start('silent');
  await expect(fetch(hostile.url, { signal: AbortSignal.timeout(100) })).rejects.toThrow('timeout');
  expect(hostile.connections()).toBe(1);
});

it('slow-drip starts an answer and never ends it', async () => {
  await start('slow-drip');
  const response = await fetch(hostile.url, { signal: AbortSignal.timeout(500) });
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow('timeout');
});

it('reset resets', async () => {
  await start('reset');
  const problem = await fetch(hostile.url).catch((error: Error) => error.cause);
  expect(problem).toMatchObject({ code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) });
  expect(hostile.connections()).toBe(1);
});

it('plain-http has an https URL and no TLS behind it', async () => {
  await start('plain-http');
  expect(hostile.url).toMatch(/^https:/);
  const problem = await fetch(hostile.url).catch((error: Error) => error.cause);
  expect(problem).toMatchObject({ code: expect.stringMatching(/^ERR_SSL/) });
  expect(hostile.requests).toEqual([]);
});

it('self-signed is refused, unless its certificate is trusted', async () => {
  await start('self-signed');
  const status = (ca?: Buffer): Promise<unknown> =>
    new Promise((resolve) => {
      const options = ca === undefined ? {} : { ca };
      const request = https.get(hostile.url + LIST, options, (response) =>
        resolve(response.resume().statusCode),
      );
      request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
  expect(await status()).toMatch(/SELF_SIGNED/);
  expect(hostile.requests).toEqual([]);
  expect(await status(await readFile(hostile.caFile ?? ''))).toBe(200);
});

it('gzip is a registry that compresses without being asked', async () => {
  await start('gzip');
  const encoding = await new Promise((resolve) => {
    http.get(hostile.url + LIST, (response) => resolve(response.resume().headers['content-encoding']));
  });
  expect(encoding).toBe('gzip');
  expect(await (await fetch(hostile.url + LIST)).json()).toMatchObject([{ service_name: 'asr-service' }]);
  const url = await (await fetch(`${hostile.url}${LIST}/asr-service/url`)).json();
  expect(url).toEqual({ url: 'http://asr-service:8090' });
});

it('gzip-bomb is small on the wire and over 64 MiB behind it', async () => {
  await start('gzip-bomb');
  const response = await fetch(hostile.url);
  expect(Number(response.headers.get('content-length'))).toBeLessThan(1024 * 1024);
  let read = 0;
  for await (const chunk of response.body ?? []) read += chunk.length;
  expect(read).toBeGreaterThan(64 * 1024 * 1024);
});

it('unusual is a valid list with every attack in it', async () => {
  await start('unusual');
  const text = await (await fetch(hostile.url + LIST)).text();
  const rows: { service_name: string; service_metadata: object }[] = JSON.parse(text);
  const names = rows.map((row) => row.service_name);
  for (const attack of Object.values(TERMINAL_ATTACKS)) {
    expect(names.filter((name) => name.endsWith(` ${attack}`))).toHaveLength(1);
  }
  expect(names.find((name) => name.length === 10_000)).toBeDefined();
  expect(text).toContain('"__proto__":{"polluted":true}');
  expect(text).toMatch(/(\[\{"down":){400}/);
  const clear = encodeURIComponent(`clearScreen ${TERMINAL_ATTACKS.clearScreen}`);
  const instances = await (await fetch(`${hostile.url}${LIST}/${clear}`)).json();
  expect(instances).toHaveLength(1);
});

it.each(HOSTILE_KINDS)('%s frees its port at once, also with a client waiting', async (kind) => {
  await start(kind);
  const waiting = fetch(hostile.url).then(
    (response) => response.text(),
    (error: Error) => error,
  );
  while (hostile.connections() === 0) await new Promise(setImmediate);
  await hostile.close();
  await waiting.catch((error: Error) => error);
  await expect(fetch(hostile.url)).rejects.toThrow('fetch failed');
});
