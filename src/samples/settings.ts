// A service's configuration, from the environment alone (both guides, "Environment Variables").
import { Secret } from '../secret.js';
import { isName, NAME_RULE } from '../wire/names.js';
import { serviceUrlProblem, withoutTrailingSlash } from '../wire/urls.js';

export interface ServiceSettings {
  name: string;
  /** 0 takes a free one; the address that is registered has the one that was taken. */
  port: number;
  host: string;
  /** Registered as it is, where the service is reached under another address than its own. */
  publicUrl: string | undefined;
  instanceId: string;
  configServiceUrl: string;
  registryUrl: string;
  serviceId: number;
  secret: Secret;
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_CONFIG_SERVICE_URL = 'http://config-service:8082';

/** Reads the settings; throws an Error that names the variable which is missing or wrong. */
export function readSettings(environment: Environment, pid: number): ServiceSettings {
  const name = required(environment, 'SERVICE_NAME');
  const instanceId = environment.SERVICE_INSTANCE_ID || `${name}-${pid}`;
  for (const [variable, value] of Object.entries({ SERVICE_NAME: name, SERVICE_INSTANCE_ID: instanceId })) {
    if (!isName(value)) throw new Error(`${variable} must be ${NAME_RULE}`);
  }
  return {
    name,
    instanceId,
    port: integer(environment, 'SERVICE_PORT', { from: 0, to: 65_535 }),
    host: environment.SERVICE_HOST || name,
    publicUrl: environment.SERVICE_PUBLIC_URL ? url(environment, 'SERVICE_PUBLIC_URL') : undefined,
    configServiceUrl: url(environment, 'CONFIG_SERVICE_URL', DEFAULT_CONFIG_SERVICE_URL),
    registryUrl: url(environment, 'REGISTRY_URL'),
    serviceId: integer(environment, 'SERVICE_ID', { from: 1, to: Number.MAX_SAFE_INTEGER }),
    secret: new Secret(required(environment, 'JWT_SECRET'), 'environment'),
  };
}

/** The guide's rule: SERVICE_PUBLIC_URL, else http://SERVICE_HOST:port. */
export function serviceUrl({ publicUrl, host }: ServiceSettings, port: number): string {
  return publicUrl ?? `http://${host}:${port}`;
}

function required(environment: Environment, variable: string): string {
  const value = environment[variable];
  if (!value) throw new Error(`${variable} is not set`);
  return value;
}

function integer(environment: Environment, variable: string, range: { from: number; to: number }): number {
  const text = required(environment, variable);
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= range.from && value <= range.to) return value;
  throw new Error(`${variable} must be an integer from ${range.from} to ${range.to}`);
}

function url(environment: Environment, variable: string, fallback?: string): string {
  const value = environment[variable] || (fallback ?? required(environment, variable));
  const problem = serviceUrlProblem(value);
  if (problem !== undefined) throw new Error(`${variable} ${problem}`);
  return withoutTrailingSlash(value);
}
