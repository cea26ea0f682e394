// A request from its first byte to the beginning of its answer, with its deadline and what is told of it.
import type { Dispatcher } from 'undici';
import { RegctlError } from '../errors.js';
import { monotonicMs } from '../monotonic.js';
import type { Pool } from './connect.js';
import { type Deadline, startDeadline } from './deadline.js';
import { connectionError } from './failures.js';
import type { HttpOptions, HttpRequest, TraceEvent } from './http.js';
import { SAFE_METHODS } from './retry.js';

const SLOW_MS = 1_000;
const DEFAULT_TIMEOUT_MS = 5_000;

/** A request under way. */
export interface Exchange {
  answer: Dispatcher.ResponseData;
  deadline: Deadline;
  started: number;
  certificateExpiry: number | undefined;
  /** The error of the catalogue that what was thrown means. */
  failed(error: unknown): unknown;
  /** Lets go of its timers and tells how long it took. */
  end(): void;
}

/** What begins exchanges, over a pool that is opened with the first of them. */
export function exchanges(options: HttpOptions) {
  let pool: Promise<Pool> | undefined;
  const open = () => {
    pool ??= import('./connect.js').then(({ openPool }) => openPool(options));
    return pool;
  };

  /** Sends one request, and resolves when its answer begins. */
  const begin = async (request: HttpRequest): Promise<Exchange> => {
    const { send, reached, timing, expiry } = await open();
    const { timeoutMs = options.timeoutMs ?? request.defaultTimeoutMs ?? DEFAULT_TIMEOUT_MS } = request;
    const deadline = startDeadline(timeoutMs, [request.finish ? undefined : options.signal, request.signal]);
    const origin = new URL(request.url).origin;
    const started = monotonicMs();
    const slow = setTimeout(() => options.slow?.(request), SLOW_MS);
    if (!SAFE_METHODS.has(request.method)) options.changing?.(request);
    const event: TraceEvent = { method: request.method, url: request.url, timing: {} };
    const end = () => {
      deadline.clear();
      clearTimeout(slow);
      event.timing = { ...timing.get(origin), ...event.timing, total: monotonicMs() - started };
      timing.delete(origin);
      options.trace?.(event);
    };
    const failed = (error: unknown): unknown => {
      const caught = connectionError(error, {
        url: request.url,
        seconds: timeoutMs / 1000,
        timedOut: deadline.passed(),
        // Through a proxy nobody knows how far it came.
        reached: options.proxy !== undefined || reached.has(origin),
        safe: SAFE_METHODS.has(request.method),
        proxied: options.proxy !== undefined,
        interrupted: options.signal.aborted || request.signal?.aborted === true,
      });
      event.error = caught instanceof RegctlError ? caught.code : String(caught);
      return caught;
    };
    try {
      const sent = send(request.url, {
        method: request.method,
        headers: {
          'user-agent': options.userAgent,
          accept: 'application/json',
          'accept-encoding': 'gzip',
          ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
          ...request.headers,
        },
        body: request.json === undefined ? null : JSON.stringify(request.json),
        signal: deadline.signal,
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      const answer = await Promise.race([sent, aborted(deadline.signal)]);
      event.status = answer.statusCode;
      event.timing.firstByte = monotonicMs() - started;
      return { answer, deadline, started, end, failed, certificateExpiry: expiry.get(origin) };
    } catch (error) {
      const caught = failed(error);
      end();
      throw caught;
    }
  };

  /** Ends idle connections, so that the process can end. */
  const close = async (): Promise<void> => {
    if (pool) await (await pool).close();
  };
  return { begin, close };
}

/** Rejects when the signal fires: undici minds it only once it has a connection. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
