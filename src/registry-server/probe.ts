// One health check over HTTP: no redirects, no proxies, little read, and no address that is forbidden.
import { lookup as resolve } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isForbidden } from './addresses.js';

/** What a health check found. `problem` is null where the instance is healthy (2xx in time). */
export interface ProbeResult {
  readonly problem: string | null;
  readonly status: number | null;
  readonly milliseconds: number;
}

/** Checks `url`; never rejects. */
export type Probe = (url: string) => Promise<ProbeResult>;

const MAX_BODY_BYTES = 64 * 1024;

class Forbidden extends Error {}

function refuse(address: string): Forbidden {
  return new Forbidden(`${address} is a link-local or cloud-metadata address: it is not checked`);
}

/** Looks the host up as ever, then refuses what it must not be: what was checked is what is connected to. */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, []);
      return;
    }
    const bad = addresses.find(({ address }) => isForbidden(address));
    const [first] = addresses;
    if (bad !== undefined) callback(refuse(bad.address), []);
    else if (options.all === true) callback(null, addresses);
    else callback(null, first?.address ?? '', first?.family ?? 0);
  });
};

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `its host name does not resolve (${code})`;
  return error.message === '' ? code || error.name : error.message;
}

/** Makes the probe; `close` ends its connections, and the checks on them as failures. */
export async function httpProbe(timeoutMs: number): Promise<{ probe: Probe; close(): Promise<void> }> {
  const { Agent, request } = await import('undici');
  // A connection for every check: one that is kept open would hide that the service stopped accepting.
  const agent = new Agent({ pipelining: 0, connect: { timeout: timeoutMs, lookup: guardedLookup } });

  const probe: Probe = async (url) => {
    const started = performance.now();
    const deadline = new AbortController();
    const late = new Error(`no answer within ${timeoutMs / 1000} s`);
    const timer = setTimeout(() => deadline.abort(late), timeoutMs);
    const elapsed = (): number => Math.round((performance.now() - started) * 10) / 10;
    try {
      // An address in place of a name is never looked up.
      const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
      if (isForbidden(host)) throw refuse(host);
      const { statusCode, body } = await request(url, {
        dispatcher: agent,
        headers: { 'user-agent': 'regctl-health-check', accept: 'application/json, */*' },
        signal: deadline.signal,
      });
      await body.dump({ limit: MAX_BODY_BYTES });
      const healthy = statusCode >= 200 && statusCode < 300;
      return {
        problem: healthy ? null : `it answered ${statusCode}`,
        status: statusCode,
        milliseconds: elapsed(),
      };
    } catch (error) {
      return { problem: describe(error), status: null, milliseconds: elapsed() };
    } finally {
      clearTimeout(timer);
    }
  };
  return { probe, close: () => agent.destroy() };
}
