// Where each setting comes from (cli.md): flag, environment, .env, context, default. Pure: sources in, settings out.

/** The environment variables both guides name, and regctl's own. */
export const VARIABLES = [
  'CONFIG_SERVICE_URL',
  'REGISTRY_URL',
  'SERVICE_ID',
  'JWT_SECRET',
  'SERVICE_NAME',
  'SERVICE_PORT',
  'SERVICE_HOST',
  'SERVICE_PUBLIC_URL',
  'SERVICE_INSTANCE_ID',
  'REGCTL_CONTEXT',
] as const;
export type Variable = (typeof VARIABLES)[number];

/** `flag --registry`, `environment`, `.env`, `context staging`, `default`. */
export type Origin = string;

export interface Setting {
  value: string;
  origin: Origin;
}

/** A named registry in the context file. Secrets are never in it: they come from a file or a command. */
export interface RegistryContext {
  registry?: string;
  api?: 'auto' | 'config-service' | 'coordinator';
  service_id?: number;
  secret_file?: string;
  /** A program and its arguments, run without a shell; its first line of output is the secret. */
  secret_command?: string[];
  ca_file?: string;
  cert_file?: string;
  key_file?: string;
  /** Seconds. */
  timeout?: number;
  paths?: Record<string, string>;
  headers?: Record<string, string>;
}

/** The fields of a context, as its file spells them. */
export const CONTEXT_FIELDS = [
  'registry',
  'api',
  'service_id',
  'secret_file',
  'secret_command',
  'ca_file',
  'cert_file',
  'key_file',
  'timeout',
  'paths',
  'headers',
] as const satisfies readonly (keyof RegistryContext)[];

export interface Sources {
  environment: Readonly<Record<string, string | undefined>>;
  envFile: Readonly<Record<string, string | undefined>>;
  context: { name: string; values: RegistryContext; byFlag: boolean } | undefined;
  flags: {
    registry?: string | undefined;
    api?: 'auto' | 'config-service' | 'coordinator' | undefined;
    serviceId?: string | undefined;
  };
}

/** A variable of the guides from the environment or `.env`; set but empty counts as not set (env.template). */
export function variable(name: Variable, sources: Sources): Setting | undefined {
  const inEnvironment = sources.environment[name];
  if (inEnvironment) return { value: inEnvironment, origin: 'environment' };
  const inFile = sources.envFile[name];
  if (inFile) return { value: inFile, origin: '.env' };
  return undefined;
}

export interface Target {
  /** Without a trailing slash. */
  url: string;
  api: 'auto' | 'config-service' | 'coordinator';
  origin: Origin;
  /** `CONFIG_SERVICE_URL`, `REGISTRY_URL`, `--registry` or `registry`: what to name in a message. */
  setting: string;
}

/** Where `regctl serve` listens by default. */
export const DEFAULT_REGISTRY = 'http://127.0.0.1:8082';

/**
 * The registry to speak to. The highest source that names one wins; within the environment or `.env`,
 * CONFIG_SERVICE_URL before REGISTRY_URL, unless --api asks for the Coordinator.
 */
export function target(sources: Sources): Target {
  const { flags, context } = sources;
  const asked = flags.api ?? 'auto';
  const fromContext = (): Target | undefined =>
    context?.values.registry === undefined
      ? undefined
      : {
          url: base(context.values.registry),
          api: flags.api ?? context.values.api ?? 'auto',
          origin: `context ${context.name}`,
          setting: 'registry',
        };
  if (flags.registry !== undefined) {
    return { url: base(flags.registry), api: asked, origin: 'flag', setting: '--registry' };
  }
  return (
    (context?.byFlag ? fromContext() : undefined) ??
    fromVariables(sources.environment, 'environment', asked) ??
    fromVariables(sources.envFile, '.env', asked) ??
    fromContext() ?? { url: DEFAULT_REGISTRY, api: asked, origin: 'default', setting: 'registry' }
  );
}

/**
 * What the context says of its own registry: paths, headers and the client certificate are nobody else's, so they
 * hold only where the registry asked is the one the context names.
 */
export function endpointValues({ context }: Sources, { url }: Target): RegistryContext {
  if (context?.values.registry === undefined) return {};
  const own = originOf(context.values.registry);
  return own !== undefined && own === originOf(url) ? context.values : {};
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}

/** A URL to show: a password that somebody put into it reads `[secret]`. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/*)[^/?#]*@/i, '$1[secret]@');
}

function fromVariables(
  from: Sources['environment'],
  origin: Origin,
  asked: Target['api'],
): Target | undefined {
  const order = [
    { setting: 'CONFIG_SERVICE_URL', api: 'config-service' },
    { setting: 'REGISTRY_URL', api: 'coordinator' },
  ] as const;
  const matching = order.find(({ setting, api }) => from[setting] && api === asked);
  const found = matching ?? order.find(({ setting }) => from[setting]);
  const value = found && from[found.setting];
  if (!found || !value) return undefined;
  return { url: base(value), api: asked === 'auto' ? found.api : asked, origin, setting: found.setting };
}

function base(url: string): string {
  return url.trim().replace(/\/+$/, '');
}

/** The Coordinator's integer id of the service that regctl speaks for. */
export function serviceId(sources: Sources): Setting | undefined {
  const { flags, context } = sources;
  if (flags.serviceId !== undefined) return { value: flags.serviceId, origin: 'flag --service-id' };
  const fromContext = (): Setting | undefined =>
    context?.values.service_id === undefined
      ? undefined
      : { value: String(context.values.service_id), origin: `context ${context.name}` };
  return (context?.byFlag ? fromContext() : undefined) ?? variable('SERVICE_ID', sources) ?? fromContext();
}
