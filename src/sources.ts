// Reads the sources of settings: the environment, .env, the context file.
import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseEnvFile } from './env-file.js';
import { fail } from './errors.js';
import type { ContextFlags, Host } from './host.js';
import { readTextFile } from './inputs.js';
import type { RegistryContext, Sources } from './settings.js';

/** The path of the context file (XDG Base Directory Specification). */
export function contextFilePath(environment: Host['environment']): string {
  const config = environment.XDG_CONFIG_HOME || join(environment.HOME || homedir(), '.config');
  return join(config, 'regctl', 'contexts.yaml');
}

/** All sources, unresolved. Throws INVALID_SETTING where a context is named that does not exist. */
export async function readSources(flags: ContextFlags, host: Host): Promise<Sources> {
  const envFile = await readEnvFile(join(host.folder, '.env'));
  return {
    environment: host.environment,
    envFile,
    context: await readContext(flags.context, { ...envFile, ...host.environment }, host),
    flags: { registry: flags.registry, api: flags.api, serviceId: flags['service-id'] },
  };
}

async function readEnvFile(path: string): Promise<Record<string, string | undefined>> {
  // A folder of that name is somebody's virtual environment, not settings.
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isDirectory()) return {};
  return parseEnvFile(await readTextFile(path, 'The settings file'), path);
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
