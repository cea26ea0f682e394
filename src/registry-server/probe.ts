// One health check over HTTP: no redirects, no proxies, little read, and no address that is forbidden.
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import { isForbidden } from './addresses.js';
import { setDeadline } from './deadline.js';
import { LoopWatch } from './loop-watch.js';
import { type Lookup, Names, Rested } from './names.js';

/** What a health check found. `problem` is null where the instance is healthy (2xx in time). */
export interface ProbeResult {
  readonly problem: string | null;
  readonly status: number | null;
  readonly milliseconds: number;
  /** False where the registry itself was late or could not look: it says nothing of the instance. */
  readonly counts: boolean;
}

/** Checks `url`; never rejects. */
export type Probe = (url: string) => Promise<ProbeResult>;

const MAX_BODY_BYTES = 64 * 1024;

class Forbidden extends Error {}

/** It says nothing of the instance: the registry stood still, or could not look its name up in time. */
class Inconclusive extends Error {}

function refuse(address: string): Forbidden {
  return new Forbidden(`${address} is a link-local or cloud-metadata address: it is not checked`);
}

/** Looks the host up, then refuses what it must not be: what was checked is what is connected to. */
function guardedLookup(names: Names): LookupFunction {
  return (hostname, options, callback) => {
    names.addresses(hostname).then(
      (addresses) => {
        const bad = addresses.find(({ address }) => isForbidden(address));
        const [first] = addresses;
        if (bad !== undefined) callback(refuse(bad.address), []);
        else if (options.all === true) callback(null, addresses);
        else callback(null, first?.address ?? '', first?.family ?? 0);
      },
      (error: Error) => callback(error, []),
    );
  };
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `its host name does not resolve (${code})`;
  return error.message === '' ? code || error.name : error.message;
}

/** Whether a failure is the instance's own, also where this process stood still meanwhile. */
function isCertain(error: unknown): boolean {
  return error instanceof Forbidden || codeOf(error) === 'ECONNREFUSED' || codeOf(error) === 'ENOTFOUND';
}

/** Rejects with the signal's reason where it aborts first. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

/**
 * Makes the probe; `close` ends its connections, and the checks on them as failures. The lookup of a name and the
 * answer have `timeoutMs` each, in which this process has to have run.
 */
export async function httpProbe(
  timeoutMs: number,
  resolve: Lookup = (host) => lookup(host, { all: true }),
): Promise<{ probe: Probe; close(): Promise<void> }> {
  const { buildConnector, Client, request } = await import('../undici/parts.js');
  const names = new Names(resolve);
  const watch = new LoopWatch();
  const within = `within ${timeoutMs / 1000} s`;
  // The deadline comes first; this timeout frees what still tries to connect.
  const connect = buildConnector({ timeout: 2 * timeoutMs, lookup: guardedLookup(names) });
  const clients = new Set<Dispatcher>();

  /** Looks the name up before it is connected to: that it had to wait for its turn is not the instance's fault. */
  async function requireAddress(host: string): Promise<void> {
    if (isIP(host) !== 0) {
      // An address in place of a name is never looked up.
      if (isForbidden(host)) throw refuse(host);
      return;
    }
    const hangs = new Error(`its host name did not resolve ${within}`);
    const deadline = setDeadline(timeoutMs, hangs, watch);
    try {
      await orAborted(names.addresses(host), deadline.signal);
    } catch (error) {
      const waited = error === hangs && names.runningMs(host) < timeoutMs;
      throw waited || error instanceof Rested ? new Inconclusive('other names were looked up first') : error;
    } finally {
      deadline.clear();
    }
  }

  /** The status that `url` answers with. */
  async function statusOf(url: string): Promise<number> {
    const late = new Error(`no answer ${within}`);
    const deadline = setDeadline(timeoutMs, late, watch);
    const { origin, pathname, search } = new URL(url);
    // A connection for every check: one that is kept open would hide that the service stopped accepting.
    const client = new Client(origin, { connect });
    clients.add(client);
    try {
      // undici looks at a signal only once it is connected.
      const answer = request.call(client, {
        method: 'GET',
        path: pathname + search,
        headers: { 'user-agent': 'regctl-health-check', accept: 'application/json, */*' },
        signal: deadline.signal,
      });
      const { statusCode, body } = await orAborted(answer, deadline.signal);
      await body.dump({ limit: MAX_BODY_BYTES });
      return statusCode;
    } catch (error) {
      // The other side may have given up on a registry that stood still.
      if (error !== late && deadline.stalled() && !isCertain(error)) throw new Inconclusive(describe(error));
      throw error;
    } finally {
      deadline.clear();
      clients.delete(client);
      void client.destroy();
    }
  }

  const probe: Probe = async (url) => {
    const started = performance.now();
    const result = (problem: string | null, status: number | null, counts = true): ProbeResult => ({
      problem,
      status,
      milliseconds: Math.round((performance.now() - started) * 10) / 10,
      counts,
    });
    try {
      await requireAddress(new URL(url).hostname.replace(/^\[|\]$/g, ''));
      const status = await statusOf(url);
      return result(status >= 200 && status < 300 ? null : `it answered ${status}`, status);
    } catch (error) {
      return result(describe(error), null, !(error instanceof Inconclusive));
    }
  };
  const close = async (): Promise<void> => {
    await Promise.all([...clients].map((client) => client.destroy()));
  };
  return { probe, close };
}
