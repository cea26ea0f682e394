// Servers that answer as no registry should. Each kind is one way to fail; every command must survive them all.
import net from 'node:net';
import { cannedAnswer, ORDINARY_ROW } from './hostile/canned.js';
import { selfSigned } from './hostile/certificate.js';
import { gzipBomb, gzipped, sendDrip, sendHuge, sendTruncated } from './hostile/streams.js';
import { unusualRows } from './hostile/unusual.js';
import { type Answer, detail, type Instrument, json, listen, send, startInstrument } from './instrument.js';

export { TERMINAL_ATTACKS } from './hostile/unusual.js';

export const HOSTILE_KINDS = [
  /** 200, a login page. */
  'html',
  /** 502, a gateway's error page. */
  'html-502',
  /** 500 text/plain, as uvicorn reports a crash. */
  'text-500',
  /** Half of the promised bytes, then the connection drops. */
  'truncated',
  /** All of the promised bytes, but the JSON stops in the middle. */
  'invalid-json',
  /** 200 with no body at all. */
  'empty',
  /** A valid JSON array of 104 MiB. */
  'huge',
  /** `{"foo":1}`. */
  'wrong-object',
  /** `[1,2]`. */
  'wrong-array',
  /** 302 to another origin, `elsewhere`. */
  'redirect',
  /** Accepts and never answers. */
  'silent',
  /** Headers, then a byte every 200 ms without end. */
  'slow-drip',
  '401',
  '403',
  /** 404 to everything. */
  '404',
  '422',
  /** Resets the connection right after accepting it. */
  'reset',
  /** An https:// URL behind which is plain HTTP. */
  'plain-http',
  /** A working registry behind a certificate nobody vouches for; `caFile` would. */
  'self-signed',
  /** A working registry whose answers are gzipped, asked or not. */
  'gzip',
  /** A few KiB that expand to 80 MiB. */
  'gzip-bomb',
  /** A working registry full of names, URLs and metadata meant to hurt. */
  'unusual',
] as const;

export type HostileKind = (typeof HOSTILE_KINDS)[number];

export interface Hostile extends Instrument {
  /** `redirect`: the other origin. Whatever it is asked, Authorization header included, is in its `requests`. */
  readonly elsewhere?: Instrument;
  /** `self-signed`: the certificate's file. */
  readonly caFile?: string;
}

const ANSWERS: Partial<Record<HostileKind, Answer>> = {
  html: html(
    200,
    '<!doctype html><html><head><title>Sign in</title></head><body><form action="/login">…</form></body>',
  ),
  'html-502': html(
    502,
    '<html><head><title>502 Bad Gateway</title></head><body><hr>nginx/1.25.3</body></html>',
  ),
  'text-500': { status: 500, headers: { 'content-type': 'text/plain' }, body: 'Internal Server Error' },
  'invalid-json': { ...json(200, null), body: '[{"service_name":"asr-service","service_url":"http' },
  empty: { ...json(200, null), body: '' },
  'wrong-object': json(200, { foo: 1 }),
  'wrong-array': json(200, [1, 2]),
  '401': detail(401, 'Not authenticated', { 'www-authenticate': 'Bearer' }),
  '403': detail(403, 'Forbidden'),
  '404': detail(404, 'Not Found'),
  '422': detail(422, [{ loc: ['body', 'service_url'], msg: 'field required', type: 'value_error.missing' }]),
  'plain-http': json(200, []),
};

export async function startHostile(kind: HostileKind): Promise<Hostile> {
  if (kind === 'reset') return startReset();
  if (kind === 'redirect') return startRedirect();
  if (kind === 'self-signed') return startSelfSigned();
  const bomb = kind === 'gzip-bomb' ? gzipBomb() : undefined;
  const instrument = await startInstrument((request, response) => {
    if (kind === 'silent') return;
    if (kind === 'huge') return sendHuge(response);
    if (kind === 'slow-drip') return sendDrip(response);
    if (kind === 'truncated') return sendTruncated(response);
    if (kind === 'gzip') return send(response, gzipped(cannedAnswer(request, [ORDINARY_ROW])));
    if (kind === 'unusual') return send(response, cannedAnswer(request, unusualRows()));
    const answer = bomb ?? ANSWERS[kind];
    if (answer === undefined) throw new Error(`no answer for ${kind}`);
    send(response, answer);
  });
  return kind === 'plain-http'
    ? { ...instrument, url: instrument.url.replace('http:', 'https:') }
    : instrument;
}

function html(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

async function startReset(): Promise<Hostile> {
  const { port, ...listening } = await listen(net.createServer((socket) => socket.resetAndDestroy()));
  return { ...listening, url: `http://127.0.0.1:${port}`, requests: [] };
}

async function startRedirect(): Promise<Hostile> {
  const elsewhere = await startInstrument((request, response) => {
    send(response, cannedAnswer(request, [ORDINARY_ROW]));
  });
  const instrument = await startInstrument(({ path }, response) => {
    send(response, { status: 302, headers: { location: elsewhere.url + path }, body: '' });
  });
  return {
    ...instrument,
    elsewhere,
    async close() {
      await Promise.all([instrument.close(), elsewhere.close()]);
    },
  };
}

async function startSelfSigned(): Promise<Hostile> {
  const { remove, caFile, ...tls } = await selfSigned();
  const instrument = await startInstrument((request, response) => {
    send(response, cannedAnswer(request, [ORDINARY_ROW]));
  }, tls);
  return {
    ...instrument,
    caFile,
    async close() {
      await instrument.close();
      await remove();
    },
  };
}
