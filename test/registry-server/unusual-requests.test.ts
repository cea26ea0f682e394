// Requests that no ordinary client sends: what is answered, byte by byte.
import net from 'node:net';
import { expect, test } from 'vitest';
import { eventually, get, startTestRegistry } from '../support/start-registry.js';

const WATCH = '/api/v1/registry/watch';

/** Sends `text` and resolves with all that comes until the registry ends the connection. */
function exchange(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = net.connect({ host: hostname, port: Number(port) }, () => socket.write(text));
    socket.setEncoding('utf8').on('data', (chunk) => {
      answer += chunk;
    });
    socket.once('error', reject).once('close', () => resolve(answer));
  });
}

const head = (method: string, path: string) =>
  `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;

test.each([
  ['HEAD', '/register', 'allow: POST\r\n'],
  ['OPTIONS', '/services', 'allow: GET, HEAD\r\n'],
  ['PUT', WATCH, 'allow: GET, HEAD\r\n'],
])('%s %s is 405, with the methods there are', async (method, path, allow) => {
  const { url } = await startTestRegistry();
  const answer = await exchange(url, head(method, path));
  expect(answer).toMatch(/^HTTP\/1.1 405 /);
  expect(answer).toContain(allow);
});

test('HEAD of a stream is its head alone', async () => {
  const { url } = await startTestRegistry();
  const answer = await exchange(url, head('HEAD', WATCH));
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  expect(answer).toContain('content-type: text/event-stream');
  expect(answer).toMatch(/\r\n\r\n$/);
});

test.each([
  ['what is not HTTP', 400, '\x16\x03\x01\r\n\r\n'],
  [
    'a length in two ways',
    400,
    'POST /heartbeat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'a head of 20,000 bytes',
    431,
    `GET /live HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
  ],
])('%s is %i, with a detail as any refusal has it', async (_, status, text) => {
  const { url } = await startTestRegistry();
  const answer = await exchange(url, text);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} .*\r\n`));
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual({ detail: expect.any(String) });
});

test.each([
  ['head', 'GET /live HTTP/1.1\r\n'],
  [
    'body',
    'POST /heartbeat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  ],
])('a sender that stops in the %s does not hold its connection', async (_, text) => {
  const { url } = await startTestRegistry({ requestTimeoutMs: 200 });
  expect(await exchange(url, text)).toMatch(/^HTTP\/1.1 408 /);
});

test('a request is answered also where what comes behind it is not HTTP', async () => {
  const { url } = await startTestRegistry();
  const answer = await exchange(
    url,
    'GET /api/v1/registry/services/none/url HTTP/1.1\r\nHost: localhost\r\n\r\n\x16\x03\x01\r\n\r\n',
  );
  expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 404', 'HTTP/1.1 400']);
});

const ASR = '{"service_name":"asr","service_url":"http://asr:8000"}';
const registering = (headers: readonly string[], body: string) =>
  ['POST /api/v1/registry/register HTTP/1.1', 'Host: localhost', ...headers, '', body].join('\r\n');
const long = (body: string) => `Content-Length: ${body.length}`;
const inChunks = (...parts: string[]) =>
  [...parts, ''].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('');
const JSON_TYPE = 'Content-Type: application/json';

test.each([
  ['JSON by another spelling', 201, ['Content-Type: Application/JSON ; charset=utf-8', long(ASR)], ASR],
  ['JSON in chunks', 201, [JSON_TYPE, 'Transfer-Encoding: chunked'], inChunks(ASR.slice(0, 9), ASR.slice(9))],
  ['JSON of no type', 422, [long(ASR)], ASR],
  ['JSON as another type', 422, ['Content-Type: application/json5', long(ASR)], ASR],
  ['what is not JSON', 422, [JSON_TYPE, long('{')], '{'],
  ['a key that is a trap', 422, [JSON_TYPE, long('{"__proto__":{}}')], '{"__proto__":{}}'],
  ['nothing, of a type', 422, ['Content-Type: text/plain', 'Content-Length: 0'], ''],
  ['chunks without end', 413, [JSON_TYPE, 'Transfer-Encoding: chunked'], inChunks('x'.repeat(66_000))],
  ['more than is read', 413, [JSON_TYPE, 'Content-Length: 66000'], ''],
])('%s: %i', async (_, status, headers, body) => {
  const { url } = await startTestRegistry();
  const answer = await exchange(url, registering(['Connection: close', ...headers], body));
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});

test('who hangs up in the middle of a body has registered nothing, and is counted', async () => {
  const { url } = await startTestRegistry();
  const { hostname, port } = new URL(url);
  const socket = net.connect({ host: hostname, port: Number(port) });
  socket.write(registering([JSON_TYPE, long(ASR)], ASR.slice(0, 9)), () => socket.destroy());
  const metrics = async () => (await fetch(`${url}/metrics`)).text();
  await eventually(metrics, (text) => /register",method="POST",status="4xx"} 1/.test(text));
  expect((await get(`${url}/services`)).body).toEqual([]);
});
