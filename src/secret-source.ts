// Where the JWT secret comes from: flag, environment, .env, context. Never an argument.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fail, RegctlError } from './errors.js';
import type { ContextFlags, Host } from './host.js';
import { MAX_INPUT_BYTES, readStream, readTextFile } from './inputs.js';
import { Secret } from './secret.js';
import { type Sources, variable } from './settings.js';

/** The secret, undefined where none is configured. Throws INVALID_SETTING where what is configured gives none. */
export async function findSecret(
  flags: ContextFlags,
  sources: Sources,
  host: Host,
): Promise<Secret | undefined> {
  const fromFile = async (path: string, origin: string) =>
    usable(await readTextFile(path, 'The secret file', host.signal), origin);
  if (flags['secret-stdin']) return usable(await readStream(host.stdin, host.signal), 'standard input');
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
    if (signal.aborted || error instanceof RegctlError) throw error;
    const { code, signal: killedBy } = error as { code?: unknown; signal?: unknown };
    // The error carries what the program printed, which may be the secret: only its code is told.
    throw fail('INVALID_SETTING', {
      setting: 'secret_command',
      origin,
      problem: `failed: ${program} ended with ${String(code ?? killedBy)}`,
    });
  }
}
