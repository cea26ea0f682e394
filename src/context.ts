// Builds what an operation may use; the only reader of the environment. Everything that costs is made when asked for.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { parseEnv, promisify } from 'node:util';
import { fail } from './errors.js';
import type { Http, TraceEvent } from './http/http.js';
import type { RegistryClient } from './registry-client/client.js';
import { Secret } from './secret.js';
import { type RegistryContext, type Sources, serviceId, type Target, target, variable } from './settings.js';
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
  /** Like `secret`, for a token that goes to a discovered address: throws UNTRUSTED_URL and refuses placeholders. */
  secretToSend(purpose: string): Promise<Secret>;
  /** The integer SERVICE_ID, undefined where it is not set. Throws INVALID_SETTING where it is no integer. */
  serviceId(): number | undefined;
  clock: Clock;
  signal: AbortSignal;
  random(): number;
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

/** The flags a context depends on, as the command line gave them. */
export interface ContextFlags {
  registry?: string | undefined;
  api?: Target['api'] | undefined;
  context?: string | undefined;
  'service-id'?: string | undefined;
  timeout?: number | undefined;
  retries?: number | undefined;
  'ca-file'?: string | undefined;
  'cert-file'?: string | undefined;
  'key-file'?: string | undefined;
  'secret-file'?: string | undefined;
  'secret-stdin'?: boolean | undefined;
  'trust-env-file'?: boolean | undefined;
}

/** What the process gives to a context. */
export interface Host {
  environment: Readonly<Record<string, string | undefined>>;
  folder: string;
  stdin: Readable;
  pid: number;
  userAgent: string;
  signal: AbortSignal;
  notify(line: string): void;
  progress(line: string | undefined): void;
  trace?: ((event: TraceEvent) => void) | undefined;
  /** Asks for a secret on a terminal; undefined where nobody can be asked. */
  askSecret?: ((message: string) => Promise<string>) | undefined;
}

const MAX_INPUT_BYTES = 1024 * 1024;

/** The path of the context file (XDG Base Directory Specification). */
export function contextFilePath(environment: Host['environment']): string {
  const config = environment.XDG_CONFIG_HOME || join(environment.HOME || homedir(), '.config');
  return join(config, 'regctl', 'contexts.yaml');
}

/** Reads the settings and makes a context; throws INVALID_SETTING where one of them is wrong. */
export async function makeContext(flags: ContextFlags, host: Host): Promise<Context> {
  const sources = await readSources(flags, host);
  const where = target(sources);
  const clock = systemClock(host.signal);
  let http: Promise<Http> | undefined;
  let registry: Promise<RegistryClient> | undefined;
  let secret: Promise<Secret | undefined> | undefined;

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
    signal: host.signal,
    random: Math.random,
    pid: host.pid,
    notify: host.notify,
    progress: host.progress,
    http() {
      http ??= openHttp(flags, sources.context?.values ?? {}, host, clock);
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
    async secretToSend(purpose) {
      const found = await context.secret(purpose);
      return checked(found);
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
      return path === '-' ? readStream(host.stdin) : readTextFile(path, 'The file');
    },
    async close() {
      if (http) await (await http).close();
    },
  };
  return context;

  function checked(found: Secret): Secret {
    if (untrusted(found)) throw fail('UNTRUSTED_URL', { url: where.url, secretOrigin: found.origin });
    const problem = found.weakness();
    if (problem === undefined) return found;
    if (found.isUnusable()) {
      throw fail('INVALID_SETTING', { setting: 'JWT_SECRET', origin: found.origin, problem });
    }
    host.notify(`Warning: JWT_SECRET ${problem}.`);
    return found;
  }

  async function openRegistry(): Promise<RegistryClient> {
    const problem = serviceUrlProblem(where.url);
    if (problem !== undefined) {
      throw fail('INVALID_SETTING', { setting: where.setting, origin: where.origin, problem });
    }
    const { connect } = await import('./registry-client/detect.js');
    const values = sources.context?.values ?? {};
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
        const token = mintToken({ service_id: id, ttl_s: SHORT_TTL_S }, checked(found), clock.now());
        return `Bearer ${token}`;
      },
    };
    return connect(where.api, endpoint, await context.http());
  }
}

async function ask(host: Host): Promise<Secret | undefined> {
  const typed = await host.askSecret?.('JWT secret');
  return typed ? new Secret(typed, 'the prompt') : undefined;
}

async function readSources(flags: ContextFlags, host: Host): Promise<Sources> {
  const envFile = await readEnvFile(join(host.folder, '.env'));
  return {
    environment: host.environment,
    envFile,
    context: await readContext(flags.context, { ...envFile, ...host.environment }, host),
    flags: { registry: flags.registry, api: flags.api, serviceId: flags['service-id'] },
  };
}

async function readEnvFile(path: string): Promise<Record<string, string | undefined>> {
  if (!existsSync(path)) return {};
  return parseEnv(await readTextFile(path, '.env')) as Record<string, string | undefined>;
}

async function readContext(
  asked: string | undefined,
  variables: Record<string, string | undefined>,
  host: Host,
): Promise<Sources['context']> {
  const path = contextFilePath(host.environment);
  const wanted = asked ?? (variables.REGCTL_CONTEXT || undefined);
  if (!existsSync(path) && wanted === undefined) return undefined;
  const { readContextFile } = await import('./context-file.js');
  const file = await readContextFile(path);
  const name = wanted ?? file.current;
  if (name === undefined) return undefined;
  const values: RegistryContext | undefined = Object.hasOwn(file.contexts, name)
    ? file.contexts[name]
    : undefined;
  if (values !== undefined) return { name, values, byFlag: asked !== undefined };
  throw fail('INVALID_SETTING', {
    setting: 'The context',
    origin: asked === undefined ? 'REGCTL_CONTEXT or current' : 'flag --context',
    problem: `names "${name}", which ${path} does not have`,
    next: 'See the contexts there are with `regctl context list`.',
  });
}

async function findSecret(flags: ContextFlags, sources: Sources, host: Host): Promise<Secret | undefined> {
  const fromFile = async (path: string, origin: string) =>
    usable(await readTextFile(path, 'The secret file'), origin);
  if (flags['secret-stdin']) return usable(await readStream(host.stdin), 'standard input');
  if (flags['secret-file'] !== undefined) return fromFile(flags['secret-file'], flags['secret-file']);
  const context = sources.context;
  const fromContext = async (): Promise<Secret | undefined> => {
    const { secret_file: file, secret_command: command } = context?.values ?? {};
    if (file !== undefined) return fromFile(file, `context ${context?.name}`);
    if (command !== undefined) return fromCommand(command, `context ${context?.name}`, host.signal);
    return undefined;
  };
  const first = context?.byFlag ? await fromContext() : undefined;
  if (first !== undefined) return first;
  const setting = variable('JWT_SECRET', sources);
  if (setting !== undefined) return usable(setting.value, setting.origin);
  return fromContext();
}

/** A secret ends at the newline that an editor or `echo` puts behind it. */
function usable(text: string, origin: string): Secret {
  const value = text.replace(/\r?\n$/, '');
  if (value !== '') return new Secret(value, origin);
  throw fail('INVALID_SETTING', {
    setting: 'JWT_SECRET',
    origin,
    problem: 'is empty',
    next: 'Set JWT_SECRET, or give --secret-file or --secret-stdin.',
  });
}

async function fromCommand(command: string[], origin: string, signal: AbortSignal): Promise<Secret> {
  const [program = '', ...args] = command;
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      timeout: 30_000,
      maxBuffer: MAX_INPUT_BYTES,
      signal,
    });
    return usable(stdout.split('\n')[0] ?? '', origin);
  } catch (error) {
    if (signal.aborted || !(error instanceof Error) || !('code' in error) || error.name === 'RegctlError')
      throw error;
    // The error carries what the program printed, which may be the secret: only its code is told.
    throw fail('INVALID_SETTING', {
      setting: 'secret_command',
      origin,
      problem: `failed: ${program} ended with ${String(error.code ?? 'a timeout')}`,
    });
  }
}

async function openHttp(
  flags: ContextFlags,
  values: RegistryContext,
  host: Host,
  clock: Clock,
): Promise<Http> {
  const { createHttp } = await import('./http/http.js');
  const pem = async (flag: string | undefined, fromContext: string | undefined) => {
    const path = flag ?? fromContext;
    return path === undefined ? undefined : readTextFile(path, 'The PEM file');
  };
  const [ca, cert, key] = await Promise.all([
    pem(flags['ca-file'], values.ca_file),
    pem(flags['cert-file'], values.cert_file),
    pem(flags['key-file'], values.key_file),
  ]);
  const timeoutMs = flags.timeout ?? (values.timeout === undefined ? undefined : values.timeout * 1000);
  const proxy = proxyOf(host.environment);
  return createHttp({
    signal: host.signal,
    userAgent: host.userAgent,
    random: Math.random,
    sleep: clock.sleep,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(flags.retries === undefined ? {} : { retries: flags.retries }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(host.trace === undefined ? {} : { trace: host.trace }),
  });
}

function proxyOf(
  environment: Host['environment'],
): { http?: string; https?: string; no?: string } | undefined {
  const pick = (name: string) => environment[name.toLowerCase()] || environment[name] || undefined;
  const [http, https, no] = [pick('HTTP_PROXY'), pick('HTTPS_PROXY'), pick('NO_PROXY')];
  if (http === undefined && https === undefined) return undefined;
  return {
    ...(http === undefined ? {} : { http }),
    ...(https === undefined ? {} : { https }),
    ...(no === undefined ? {} : { no }),
  };
}

async function readTextFile(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw fail('USAGE', {
      what: `${what} ${path} cannot be read:`,
      why: code === 'ENOENT' ? 'there is no such file.' : `${code}.`,
      next: 'Check the path and its permissions.',
    });
  }
}

async function readStream(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_INPUT_BYTES) {
      throw fail('USAGE', {
        what: 'Standard input is larger than 1 MiB:',
        why: 'that is no message and no secret.',
        next: 'Check what is piped in.',
      });
    }
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString('utf8');
}

function systemClock(signal: AbortSignal): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep: async (ms, other) => {
      await delay(ms, undefined, { signal: other ?? signal });
    },
  };
}
