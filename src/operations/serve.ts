import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Context } from '../context.js';
import { fail } from '../errors.js';

export interface ServeInput {
  host: string;
  /** 0 takes a free one. */
  port: number;
  dataDir: string | undefined;
  /** Keep nothing on disk. */
  memory: boolean;
  /** Undefined: none on loopback, jwt anywhere else. */
  auth: 'jwt' | 'none' | undefined;
  logLevel: string;
  downAfterMs: number | undefined;
  evictAfterMs: number | undefined;
}

/** What is being served; the same URL speaks both APIs. */
export interface Serving {
  url: string;
  auth: 'jwt' | 'none';
  /** Null where nothing is kept on disk. */
  data_dir: string | null;
}

export interface Server {
  serving: Serving;
  /** Resolves when the signal has fired and everything is written and closed. */
  ended: Promise<void>;
}

/** Starts the registry. Throws CANNOT_SERVE, or INVALID_SETTING or MISSING_SETTING for the secret. */
export async function serve(input: ServeInput, context: Context): Promise<Server> {
  const { startRegistry, isLoopback } = await import('../registry-server/server.js');
  const { host, port } = input;
  const auth = input.auth ?? (isLoopback(host) ? 'none' : 'jwt');
  const secret = auth === 'jwt' ? await strongSecret(context) : undefined;
  const dataDir = input.memory ? null : resolve(input.dataDir ?? defaultDataDir(context));
  const registry = await startRegistry({
    host,
    port,
    auth,
    ...(secret === undefined ? {} : { secret }),
    store: dataDir === null ? { kind: 'memory' } : { kind: 'sqlite', dataDir },
    timings: {
      ...(input.downAfterMs === undefined ? {} : { downAfterMs: input.downAfterMs }),
      ...(input.evictAfterMs === undefined ? {} : { evictAfterMs: input.evictAfterMs }),
    },
    log: { write: (line) => context.notify(line.trimEnd()) },
    logLevel: input.logLevel,
  });
  const ended = new Promise<void>((done, failed) => {
    const close = () => void registry.close().then(done, failed);
    if (context.signal.aborted) close();
    else context.signal.addEventListener('abort', close, { once: true });
  });
  return { serving: { url: registry.url, auth, data_dir: dataDir }, ended };
}

/** The XDG data folder of this user (XDG Base Directory Specification). */
function defaultDataDir({ sources: { environment } }: Context): string {
  const data = environment.XDG_DATA_HOME || join(environment.HOME || homedir(), '.local', 'share');
  return join(data, 'regctl', 'registry');
}

async function strongSecret(context: Context): Promise<string> {
  const secret = await context.secret('--auth jwt checks tokens with it');
  const problem = secret.weakness();
  if (problem === undefined) return secret.reveal();
  throw fail('INVALID_SETTING', {
    setting: 'JWT_SECRET',
    origin: secret.origin,
    problem,
    next: 'Make one with `openssl rand -hex 32` and give it to every service.',
  });
}
