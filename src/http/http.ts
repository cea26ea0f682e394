// The one HTTP client: bounded in time and size, redirects never followed, failures as errors of the catalogue.
import type { Dispatcher } from 'undici';
import { fail } from '../errors.js';
import { monotonicMs } from '../monotonic.js';
import { chunksOf, readBody, tooLarge } from './body.js';
import { type Exchange, exchanges } from './exchange.js';
import { backoffMs, isTransient, retryAfterMs, SAFE_METHODS } from './retry.js';
import { staleSeconds } from './stale.js';

/** What decides how requests are sent; everything has a default but the signal. */
export interface HttpOptions {
  /** Ends every request at once. */
  signal: AbortSignal;
  userAgent: string;
  /** Milliseconds from the first byte sent to the last byte read. Default 5000, the guide's client. */
  timeoutMs?: number;
  /** How often a safe call (GET, HEAD) is sent again after a transient failure. Default 2. */
  retries?: number;
  /** PEM texts. */
  ca?: string;
  cert?: string;
  key?: string;
  /** Proxies by the usual variables; undefined means none. */
  proxy?: { http?: string; https?: string; no?: string };
  /** Random number in [0, 1) for the back-off's jitter. */
  random: () => number;
  /** Waits; rejects when the signal fires. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told before a request that changes something is sent. */
  changing?: (request: HttpRequest) => void;
  /** Told when a request has taken a second, so that a person can be told. */
  slow?: (request: HttpRequest) => void;
  /** Told of an answer that says it may be out of date, and since how many seconds. */
  stale?: (request: HttpRequest, seconds: number) => void;
  /** Told of each request and answer; must not receive secrets, so headers are not passed. */
  trace?: (event: TraceEvent) => void;
}

export interface TraceEvent {
  method: string;
  url: string;
  /** Absent while there is no answer. */
  status?: number;
  error?: string;
  /** Milliseconds of each phase; dns, connect and tls only where a new connection was made. */
  timing: Timing;
}

export interface Timing {
  dns?: number;
  connect?: number;
  tls?: number;
  firstByte?: number;
  total?: number;
}

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'DELETE' | 'PUT' | 'OPTIONS' | 'PATCH';
  url: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  /** Rules whatever the user said. */
  timeoutMs?: number;
  /** Where the user said nothing, in place of the general default. */
  defaultTimeoutMs?: number;
  retries?: number;
  /** Default 64 MiB, counted after decompression. */
  maxBytes?: number;
  signal?: AbortSignal;
  /** Not cut short by the interruption of the command, so that what it changes is known. */
  finish?: boolean;
}

export interface HttpAnswer {
  url: string;
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** Milliseconds from sending to the last byte. */
  ms: number;
  /** When the certificate of the server runs out, in milliseconds since 1970; undefined without TLS and through a proxy. */
  certificateExpiry: number | undefined;
}

/** A 2xx answer whose body is still under way. */
export interface StreamedAnswer {
  status: number;
  headers: HttpAnswer['headers'];
  pieces: AsyncGenerator<string>;
}

export interface Http {
  /**
   * Sends one request and reads the whole answer, whatever its status.
   * Throws DNS_FAILED, CONNECTION_REFUSED, TLS_FAILED, CONNECT_TIMED_OUT (the request never left),
   * TIMED_OUT, CONNECTION_FAILED (it may have arrived), ANSWER_TOO_LARGE, REDIRECTED.
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /**
   * Sends one request and hands a 2xx answer over while it comes, in pieces of text of any length; every other one whole,
   * as `send` does. Only the time that the other side takes counts, and pieces may throw what `send` does. Who takes the
   * answer has to read its pieces, or end them.
   */
  stream(request: HttpRequest): Promise<HttpAnswer | StreamedAnswer>;
  /** Ends idle connections, so that the process can end. */
  close(): Promise<void>;
}

const DEFAULT_RETRIES = 2;
/** What is there of a streamed answer before it is handed over. */
const FIRST_CHARACTERS = 64 * 1024;
const MAX_BYTES = 64 * 1024 * 1024;

/** Makes the client; undici is loaded with the first request. */
export function createHttp(options: HttpOptions): Http {
  const { begin, close } = exchanges(options);

  /** Reads the whole answer. */
  const finish = async (request: HttpRequest, exchange: Exchange): Promise<HttpAnswer> => {
    const { answer, started, certificateExpiry } = exchange;
    try {
      const text = await readBody(answer, request.maxBytes ?? MAX_BYTES, request.url);
      refuseRedirect(answer, request.url);
      const ms = monotonicMs() - started;
      noteStale(request, answer);
      return {
        url: request.url,
        status: answer.statusCode,
        headers: answer.headers,
        text,
        ms,
        certificateExpiry,
      };
    } catch (error) {
      throw exchange.failed(error);
    } finally {
      exchange.end();
    }
  };

  const noteStale = (request: HttpRequest, answer: Dispatcher.ResponseData): void => {
    const stale = staleSeconds(answer.headers);
    if (stale !== undefined) options.stale?.(request, stale);
  };

  async function* pieces(request: HttpRequest, exchange: Exchange): AsyncGenerator<string> {
    const { answer, deadline } = exchange;
    const decoder = new TextDecoder();
    const maxBytes = request.maxBytes ?? MAX_BYTES;
    let size = 0;
    try {
      noteStale(request, answer);
      for await (const chunk of chunksOf(answer)) {
        size += chunk.length;
        if (size > maxBytes) throw tooLarge(request.url, maxBytes);
        // What the reader does with it is not the registry's time.
        deadline.pause();
        yield decoder.decode(chunk, { stream: true });
        deadline.resume();
      }
      yield decoder.decode();
    } catch (error) {
      throw exchange.failed(error);
    } finally {
      exchange.end();
    }
  }

  /** Sends it again while that is safe and may go better. */
  const insist = async <T>(request: HttpRequest, attempt: () => Promise<T & Retried>): Promise<T> => {
    const retries = SAFE_METHODS.has(request.method)
      ? (request.retries ?? options.retries ?? DEFAULT_RETRIES)
      : 0;
    for (let made = 0; ; made++) {
      try {
        const answer = await attempt();
        if (made >= retries || !isTransient(answer.status)) return answer;
        await options.sleep(retryAfterMs(answer) ?? backoffMs(made, options.random()), options.signal);
      } catch (error) {
        if (made >= retries || !isTransient(error)) throw error;
        await options.sleep(backoffMs(made, options.random()), options.signal);
      }
    }
  };

  return {
    send: (request) => insist(request, async () => finish(request, await begin(request))),
    stream: (request) =>
      insist(request, async () => {
        const exchange = await begin(request);
        const { statusCode } = exchange.answer;
        if (statusCode < 200 || statusCode > 299) return finish(request, exchange);
        const headers = exchange.answer.headers;
        return { status: statusCode, headers, pieces: await begun(pieces(request, exchange)) };
      }),
    close,
  };
}

/** The same, once its first pieces are there: a short answer that breaks off can be asked for again. */
async function begun(pieces: AsyncGenerator<string>): Promise<AsyncGenerator<string>> {
  let first = '';
  let ended = false;
  while (!ended && first.length < FIRST_CHARACTERS) {
    const next = await pieces.next();
    if (next.done) ended = true;
    else first += next.value;
  }
  return (async function* () {
    yield first;
    yield* pieces;
  })();
}

interface Retried {
  status: number;
  headers: HttpAnswer['headers'];
}

function refuseRedirect(answer: Dispatcher.ResponseData, url: string): void {
  if (answer.statusCode < 300 || answer.statusCode > 399 || answer.statusCode === 304) return;
  const location = answer.headers.location;
  throw fail('REDIRECTED', { url, to: typeof location === 'string' ? location : 'nowhere' });
}
