import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.js';
import { fail } from '../errors.js';
import { type EnginesInput, enginesOf, type NamedEngines, namedEngines } from './serve-engines.js';

export interface ServeInput {
  host: string;
  /** 0 takes a free one. */
  port: number;
  dataDir: string | undefined;
  /** Keep nothing on disk. */
  memory: boolean;
  /** Be a replica over these; undefined: embedded. */
  engines: EnginesInput | undefined;
  /** Undefined: none on loopback, jwt anywhere else. */
  auth: 'jwt' | 'none' | undefined;
  /** Refuse every change. */
  readOnly: boolean;
  /** Of regctl, which /metrics tells. */
  version: string;
  /** PEM files; undefined: plain HTTP. */
  tls: { certFile: string; keyFile: string; clientCaFile?: string } | undefined;
  /** Addresses and networks of proxies in front of it. */
  trustedProxies: readonly string[];
  logLevel: string;
  downAfterMs: number | undefined;
  evictAfterMs: number | undefined;
  evictUnhealthyAfterMs: number | undefined;
  /** Remove nothing of a service of which most is lost at once. */
  expiryGuard: boolean;
  /** Also start asr-service and nmt-service. */
  samples: boolean;
}

/** What is being served; the same URL speaks both APIs. */
export interface Serving {
  url: string;
  auth: 'jwt' | 'none';
  /** Nobody may change anything. */
  read_only: boolean;
  /** Null where nothing is kept on this disk. */
  data_dir: string | null;
  /** Null where it stands by itself. */
  engines: NamedEngines | null;
  /** The sample services; empty without --samples. */
  samples: { name: string; service_id: number; instance_id: string; url: string }[];
  /** Where the secret of the samples is, which was made for them; null where one is configured. */
  secret_file: string | null;
}

export interface Server {
  serving: Serving;
  /** Resolves when the signal has fired and everything is written and closed. */
  ended: Promise<void>;
}

/** The log's descriptor: stderr. */
const LOG_FD = 2;
/** The samples, then requests under way: what is left of this after one is the other's. */
const END_PATIENCE_MS = 7_500;
/** A proxy that asks every second has noticed by then that another replica is to be asked. */
const LEAVING_MS = 2_000;

/** Starts the registry. Throws CANNOT_SERVE, or INVALID_SETTING or MISSING_SETTING for the secret. */
export async function serve(input: ServeInput, context: Context): Promise<Server> {
  const { startRegistry, isLoopback } = await import('../registry-server/server.js');
  const { host, port } = input;
  const auth = input.auth ?? (isLoopback(host) ? 'none' : 'jwt');
  const engines = input.engines && (await enginesOf(input.engines, context));
  const dataDir = input.memory || engines ? null : resolve(input.dataDir ?? defaultDataDir(context));
  const made = input.samples ? await secretForSamples(dataDir, context) : undefined;
  const wanted = auth === 'jwt' || input.samples;
  const secret = made?.secret ?? (wanted ? await strongSecret(auth, context) : undefined);
  const { openLog } = await import('../registry-server/log-sink.js');
  const log = await openLog(LOG_FD);
  const registry = await startRegistry({
    host,
    port,
    auth,
    ...(secret === undefined ? {} : { secret }),
    ...(input.tls === undefined ? {} : { tls: input.tls }),
    store: engines
      ? { kind: 'cluster', engines }
      : dataDir === null
        ? { kind: 'memory' }
        : { kind: 'sqlite', dataDir },
    signal: context.signal,
    trustedProxies: input.trustedProxies,
    readOnly: input.readOnly,
    version: input.version,
    timings: {
      ...(input.downAfterMs === undefined ? {} : { downAfterMs: input.downAfterMs }),
      ...(input.evictAfterMs === undefined ? {} : { evictAfterMs: input.evictAfterMs }),
      ...(input.evictUnhealthyAfterMs === undefined
        ? {}
        : { evictUnhealthyAfterMs: input.evictUnhealthyAfterMs }),
      expiryGuard: input.expiryGuard,
    },
    log,
    logLevel: input.logLevel,
  }).catch(async (error: unknown) => {
    await log.close();
    throw error;
  });
  const close = async (patienceMs: number) => {
    await registry.close(patienceMs);
    await made?.remove();
    await log.close();
  };
  try {
    const samples = input.samples ? await launchSamples(registry.url, secret ?? '', log, context) : undefined;
    const serving = {
      url: registry.url,
      auth,
      read_only: input.readOnly,
      data_dir: dataDir,
      engines: input.engines ? namedEngines(input.engines) : null,
      samples: samples?.services ?? [],
      secret_file: made?.file ?? null,
    };
    const ended = aborted(context.signal).then(async () => {
      const started = context.clock.monotonic();
      // The samples deregister, for which the registry has to be there still.
      await samples?.stop();
      if (engines !== undefined) {
        registry.leave();
        await delay(LEAVING_MS);
      }
      await close(END_PATIENCE_MS - (context.clock.monotonic() - started));
    });
    return { serving, ended };
  } catch (error) {
    await close(END_PATIENCE_MS);
    throw error;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A secret made for the samples where none is configured. */
async function secretForSamples(dataDir: string | null, context: Context) {
  if ((await context.secretOrigin()) !== undefined) return undefined;
  const { sampleSecret } = await import('../samples/secret.js');
  return sampleSecret(dataDir);
}

/** Takes whole lines. */
type Log = { write(line: string): void };

async function launchSamples(registryUrl: string, secret: string, log: Log, { signal }: Context) {
  const { startSamples } = await import('../samples/start.js');
  return startSamples({ registryUrl, secret, log: (line) => log.write(`${line}\n`), signal });
}

/** The XDG data folder of this user (XDG Base Directory Specification). */
function defaultDataDir({ sources: { environment } }: Context): string {
  const data = environment.XDG_DATA_HOME || join(environment.HOME || homedir(), '.local', 'share');
  return join(data, 'regctl', 'registry');
}

async function strongSecret(auth: 'jwt' | 'none', context: Context): Promise<string> {
  const purpose = auth === 'jwt' ? '--auth jwt checks tokens with it' : 'the sample services sign with it';
  const secret = await context.secret(purpose);
  const problem = secret.weakness();
  if (problem === undefined) return secret.reveal();
  throw fail('INVALID_SETTING', {
    setting: 'JWT_SECRET',
    origin: secret.origin,
    problem,
    next: 'Make one with `openssl rand -hex 32` and give it to every service.',
  });
}
