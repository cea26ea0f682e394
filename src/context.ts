// Builds what an operation may use. Everything that costs is made when asked for.
import { fail, RegctlError } from './errors.js';
import type { ContextFlags, Host } from './host.js';
import type { Http } from './http/http.js';
import { readStream, readTextFile } from './inputs.js';
import { monotonicMs } from './monotonic.js';
import { openHttp } from './open-http.js';
import type { RegistryClient } from './registry-client/client.js';
import { Secret } from './secret.js';
import { findSecret } from './secret-source.js';
import { endpointValues, type Sources, serviceId, shownUrl, type Target, target } from './settings.js';
import { readSources } from './sources.js';
import { serviceUrlProblem } from './wire/urls.js';

/** Time as operations see it; injected, so that tests need not wait. */
export interface Clock {
  /** Wall clock, ms since 1970. */
  now(): number;
  /** Monotonic, ms. */
  monotonic(): number;
  /** Rejects with the signal's reason when it fires. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Context {
  sources: Sources;
  target: Target;
  /** Made with the first call; probes which API the registry speaks where that is not said. */
  registry(): Promise<RegistryClient>;
  http(): Promise<Http>;
  /** Throws MISSING_SETTING, naming `purpose`, where there is none; asks for it on a terminal. */
  secret(purpose: string): Promise<Secret>;
  /**
   * Like `secret`, for a token that is sent: refuses placeholders, and, `viaRegistry` to an address that the
   * registry gave, throws UNTRUSTED_URL.
   */
  secretToSend(purpose: string, viaRegistry: boolean): Promise<Secret>;
  /** Where the secret comes from, and what is wrong with it; undefined where there is none. Asks nobody. */
  secretOrigin(): Promise<string | undefined>;
  /** The integer SERVICE_ID, undefined where it is not set. Throws INVALID_SETTING where it is no integer. */
  serviceId(): number | undefined;
  clock: Clock;
  signal: AbortSignal;
  random(): number;
  /** The working folder, whose `.env` was read. */
  folder: string;
  /** The process id, which the guide's default instance id carries. */
  pid: number;
  /** A line for the person, on stderr. */
  notify(line: string): void;
  /** What is going on, in a line that the next one replaces; shown on a terminal when it takes over a second. */
  progress(line: string | undefined): void;
  /** Reads `-` as standard input, at most 1 MiB. Throws USAGE where the file cannot be read. */
  readText(path: string): Promise<string>;
  close(): Promise<void>;
}

/** Reads the settings and makes a context; throws INVALID_SETTING where one of them is wrong. */
export async function makeContext(flags: ContextFlags, host: Host): Promise<Context> {
  const sources = await readSources(flags, host);
  const where = target(sources);
  const clock = systemClock(host);
  let http: Promise<Http> | undefined;
  let registry: Promise<RegistryClient> | undefined;
  let secret: Promise<Secret | undefined> | undefined;

  let warned = false;

  const readSecret = () => {
    secret ??= findSecret(flags, sources, host);
    return secret;
  };
  const untrusted = (found: Secret) =>
    where.origin === '.env' && found.origin !== '.env' && flags['trust-env-file'] !== true;

  const context: Context = {
    sources,
    target: where,
    clock,
    get signal() {
      return host.signal;
    },
    random: Math.random,
    folder: host.folder,
    pid: host.pid,
    notify: host.notify,
    progress: host.progress,
    http() {
      http ??= openHttp(
        flags,
        sources.context?.values ?? {},
        endpointValues(sources, where),
        host,
        clock.sleep,
      );
      return http;
    },
    registry() {
      registry ??= openRegistry();
      return registry;
    },
    async secret(purpose) {
      const found = (await readSecret()) ?? (await ask(host));
      if (found !== undefined) return found;
      throw fail('MISSING_SETTING', {
        setting: 'JWT_SECRET',
        purpose,
        next: 'Set JWT_SECRET, or give --secret-file or --secret-stdin.',
      });
    },
    async secretToSend(purpose, viaRegistry) {
      return checked(await context.secret(purpose), viaRegistry);
    },
    async secretOrigin() {
      try {
        const found = await readSecret();
        const weakness = found?.weakness();
        return weakness === undefined ? found?.origin : `${found?.origin}; it ${weakness}`;
      } catch (error) {
        if (error instanceof RegctlError) return `unusable: ${error.message}`;
        throw error;
      }
    },
    serviceId() {
      const setting = serviceId(sources);
      if (setting === undefined) return undefined;
      const id = Number(setting.value);
      if (/^\d+$/.test(setting.value) && Number.isSafeInteger(id) && id >= 1) return id;
      throw fail('INVALID_SETTING', {
        setting: 'SERVICE_ID',
        origin: setting.origin,
        problem: 'is not the positive integer that the Coordinator hands out',
      });
    },
    async readText(path) {
      if (path !== '-') return readTextFile(path, 'The file', host.signal);
      if (flags['secret-stdin'] !== true) return readStream(host.stdin, host.signal);
      throw fail('USAGE', {
        what: '--secret-stdin already reads standard input,',
        why: 'so nothing else can.',
        next: 'Give the secret with --secret-file or JWT_SECRET.',
      });
    },
    async close() {
      // A client that could not be made was reported where it was asked for.
      await http?.then(
        (made) => made.close(),
        () => undefined,
      );
    },
  };
  return context;

  function checked(found: Secret, viaRegistry: boolean): Secret {
    if (viaRegistry && untrusted(found))
      throw fail('UNTRUSTED_URL', { url: shownUrl(where.url), secretOrigin: found.origin });
    const problem = found.weakness();
    if (problem === undefined) return found;
    if (found.isUnusable()) {
      throw fail('INVALID_SETTING', { setting: 'JWT_SECRET', origin: found.origin, problem });
    }
    if (!warned) host.notify(`Warning: JWT_SECRET ${problem}.`);
    warned = true;
    return found;
  }

  async function openRegistry(): Promise<RegistryClient> {
    const problem = serviceUrlProblem(where.url);
    if (problem !== undefined) {
      throw fail('INVALID_SETTING', { setting: where.setting, origin: where.origin, problem });
    }
    const { connect } = await import('./registry-client/detect.js');
    const values = endpointValues(sources, where);
    const endpoint = {
      url: where.url,
      paths: values.paths ?? {},
      headers: values.headers ?? {},
      authorization: async (required: boolean) => {
        const found = await readSecret();
        const id = context.serviceId();
        if (found === undefined || id === undefined) return undefined;
        if (!required && (untrusted(found) || found.isUnusable())) return undefined;
        const { mintToken, SHORT_TTL_S } = await import('./messaging/token.js');
        const token = mintToken({ service_id: id, ttl_s: SHORT_TTL_S }, checked(found, true), clock.now());
        return `Bearer ${token}`;
      },
    };
    return connect(where.api, endpoint, await context.http());
  }
}

async function ask(host: Host): Promise<Secret | undefined> {
  const typed = await host.askSecret?.()?.('JWT secret');
  return typed ? new Secret(typed, 'the prompt') : undefined;
}

/** As that of `node:timers/promises`, which makes an error with a stack for every timer that is not needed any more. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}

function systemClock(host: Host): Clock {
  return {
    now: () => Date.now(),
    monotonic: monotonicMs,
    sleep: (ms, signal = host.signal) => sleep(ms, signal),
  };
}
