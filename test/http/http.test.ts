// The HTTP client over real connections: what is sent again, what never is, and what each failure is called.
import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttp, type Http, type HttpOptions, type TraceEvent } from '../../src/http/http.js';
import { type HostileKind, startHostile } from '../support/hostile-registry.js';
import { type Answer, json, send, startInstrument } from '../support/instrument.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

const UNAVAILABLE = json(503, { detail: 'later' });
const slept: number[] = [];

function client(options: Partial<HttpOptions> = {}): Http {
  slept.length = 0;
  const http = createHttp({
    signal: new AbortController().signal,
    userAgent: 'regctl/test',
    random: () => 0,
    sleep: async (ms) => void slept.push(ms),
    ...options,
  });
  opened.push(http);
  return http;
}

/** Answers one after the other; the last one again and again. */
async function answering(...answers: Answer[]) {
  const server = await startInstrument((_, response) =>
    send(response, answers[Math.min(server.requests.length, answers.length) - 1] ?? UNAVAILABLE),
  );
  opened.push(server);
  return server;
}

describe('a call that changes nothing', () => {
  it('is sent again after a transient failure, twice by default, backing off', async () => {
    const server = await answering(UNAVAILABLE, UNAVAILABLE, json(200, []));
    const { status, text } = await client().send({ method: 'GET', url: server.url });
    expect({ status, text, slept }).toEqual({ status: 200, text: '[]', slept: [50, 100] });
    expect(server.requests[0]?.headers).toMatchObject({
      'user-agent': 'regctl/test',
      accept: 'application/json',
    });
  });

  it('waits as long as it is asked to, at most 5 s, and gives up with the last answer', async () => {
    const server = await answering(
      json(503, {}, { 'retry-after': '2' }),
      json(429, {}, { 'retry-after': '60' }),
    );
    const { status } = await client().send({ method: 'GET', url: server.url });
    expect({ status, slept, requests: server.requests.length }).toEqual({
      status: 429,
      slept: [2_000, 5_000],
      requests: 3,
    });
  });

  it.each([404, 500, 401])('is not sent again after %i', async (status) => {
    const server = await answering(json(status, {}));
    expect((await client().send({ method: 'GET', url: server.url })).status).toBe(status);
    expect(server.requests).toHaveLength(1);
  });

  it('is not sent again with retries 0', async () => {
    const server = await answering(UNAVAILABLE);
    await client({ retries: 0 }).send({ method: 'GET', url: server.url });
    expect(server.requests).toHaveLength(1);
  });
});

describe('a call that changes something', () => {
  it('is sent once, whatever is answered', async () => {
    const server = await answering(UNAVAILABLE);
    await client({ retries: 5 }).send({ method: 'POST', url: server.url, json: { a: 1 } });
    expect(server.requests).toMatchObject([{ method: 'POST', body: '{"a":1}' }]);
  });

  it('is sent once where the connection breaks', async () => {
    const server = await startInstrument((_, response) => void response.destroy());
    opened.push(server);
    const sending = client({ retries: 5 }).send({ method: 'POST', url: server.url });
    await expect(sending).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
    expect(server.requests).toHaveLength(1);
  });
});

describe('what went wrong', () => {
  const failures: [HostileKind, code: string][] = [
    ['reset', 'CONNECTION_FAILED'],
    ['truncated', 'CONNECTION_FAILED'],
    ['silent', 'TIMED_OUT'],
    ['slow-drip', 'TIMED_OUT'],
    ['redirect', 'REDIRECTED'],
    ['plain-http', 'TLS_FAILED'],
    ['self-signed', 'TLS_FAILED'],
    ['gzip-bomb', 'ANSWER_TOO_LARGE'],
  ];
  it.each(failures)('%s: %s', async (kind, code) => {
    const server = await startHostile(kind);
    opened.push(server);
    const http = client({ timeoutMs: code === 'TIMED_OUT' ? 500 : 10_000, retries: 0 });
    await expect(http.send({ method: 'GET', url: server.url, maxBytes: 1_000_000 })).rejects.toMatchObject({
      code,
    });
    expect(server.elsewhere?.requests ?? []).toEqual([]);
  });

  it.each([
    ['http://127.0.0.1:9', 'CONNECTION_REFUSED'],
    ['http://no-such-host.invalid', 'DNS_FAILED'],
  ])('%s: %s', async (url, code) => {
    await expect(client({ retries: 0 }).send({ method: 'GET', url })).rejects.toMatchObject({ code });
  });

  it('a certificate is trusted where its authority is given, and gzip is unpacked', async () => {
    const [secure, packed] = await Promise.all([startHostile('self-signed'), startHostile('gzip')]);
    opened.push(secure, packed);
    const ca = await readFile(secure.caFile ?? '', 'utf8');
    const path = '/api/v1/registry/services';
    const [one, two] = await Promise.all([
      client({ ca }).send({ method: 'GET', url: secure.url + path }),
      client().send({ method: 'GET', url: packed.url + path }),
    ]);
    expect(JSON.parse(one.text)).toEqual(JSON.parse(two.text));
  });
});

it('a signal ends a request at once, and is what the caller gets to see', async () => {
  const server = await startHostile('silent');
  opened.push(server);
  const controller = new AbortController();
  const sending = client({ signal: controller.signal }).send({ method: 'GET', url: server.url });
  const reason = new Error('interrupted');
  controller.abort(reason);
  await expect(sending).rejects.toBe(reason);
});

it('each request is told of, with its timing and without headers', async () => {
  const server = await answering(json(200, []));
  const events: TraceEvent[] = [];
  const headers = { authorization: 'Bearer secret-token' };
  await client({ trace: (event) => events.push(event) }).send({ method: 'GET', url: server.url, headers });
  expect(events).toMatchObject([
    {
      method: 'GET',
      url: server.url,
      status: 200,
      timing: { connect: expect.any(Number), total: expect.any(Number) },
    },
  ]);
  expect(JSON.stringify(events)).not.toContain('secret-token');
});
