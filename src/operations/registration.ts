// What a service says of itself when it registers, by the rule of the Service Registry Integration Guide
// ("How URL Construction Works"): flags first, then the environment.
import * as v from 'valibot';
import type { Context } from '../context.js';
import { fail } from '../errors.js';
import type { Registration } from '../registry-client/client.js';
import { type Setting, type Sources, type Variable, variable } from '../settings.js';
import { RegisterRequest } from '../wire/config-service.js';
import { withoutTrailingSlash } from '../wire/urls.js';
import { requireName } from './names.js';
import { parseObject, parsePairs } from './pairs.js';

export interface RegistrationInput {
  name?: string | undefined;
  /** The whole base URL, as against host and port. */
  url?: string | undefined;
  host?: string | undefined;
  port?: string | undefined;
  /** A path below the URL, or a whole URL. */
  healthUrl?: string | undefined;
  /** False registers without a health check. */
  healthCheck: boolean;
  instanceId?: string | undefined;
  metadata: readonly string[];
  metadataFile?: string | undefined;
  status?: string | undefined;
}

/** The address part of the guide's rule, with where it came from; undefined where a part is missing. */
export function serviceUrlFromEnvironment(sources: Sources, name: string): Setting | undefined {
  const whole = variable('SERVICE_PUBLIC_URL', sources);
  if (whole !== undefined) return { value: withoutTrailingSlash(whole.value), origin: whole.origin };
  const port = variable('SERVICE_PORT', sources);
  if (port === undefined) return undefined;
  requirePort(port, 'SERVICE_PORT');
  const host = variable('SERVICE_HOST', sources)?.value ?? name;
  return { value: `http://${host}:${port.value}`, origin: port.origin };
}

/** The whole registration. Throws MISSING_SETTING, INVALID_SETTING, INVALID_NAME or USAGE naming what is wrong. */
export async function registrationFrom(input: RegistrationInput, context: Context): Promise<Registration> {
  const { sources } = context;
  const name = input.name ?? variable('SERVICE_NAME', sources)?.value;
  if (name === undefined)
    throw missing('SERVICE_NAME', 'a registration needs a name', 'regctl register NAME --url URL');
  requireName('service', name);
  const service_url = addressOf(input, sources, name);
  const metadata = await metadataOf(input, context);
  const instance_id =
    input.instanceId ??
    (typeof metadata.instance_id === 'string' ? metadata.instance_id : undefined) ??
    variable('SERVICE_INSTANCE_ID', sources)?.value ??
    `${name}-${context.pid}`;
  requireName('instance', instance_id);
  const registration: Registration = {
    service_name: name,
    service_url,
    health_check_url: healthUrlOf(input, service_url),
    instance_id,
    service_metadata: { ...metadata, instance_id, status: input.status ?? metadata.status ?? 'healthy' },
    service_id: context.serviceId() ?? null,
  };
  requireValid(registration);
  return registration;
}

function addressOf(input: RegistrationInput, sources: Sources, name: string): string {
  if (input.url !== undefined) return withoutTrailingSlash(input.url);
  if (input.host === undefined && input.port === undefined) {
    const setting = serviceUrlFromEnvironment(sources, name);
    if (setting !== undefined) return setting.value;
  }
  const port: Setting | undefined =
    input.port === undefined
      ? variable('SERVICE_PORT', sources)
      : { value: input.port, origin: 'flag --port' };
  if (port === undefined) {
    throw missing(
      'SERVICE_PORT',
      'neither is SERVICE_PUBLIC_URL, so the service has no URL',
      '--url URL or --port PORT',
    );
  }
  requirePort(port, 'SERVICE_PORT');
  const host = input.host ?? variable('SERVICE_HOST', sources)?.value ?? name;
  return `http://${host}:${port.value}`;
}

function requirePort(port: Setting, setting: Variable): void {
  const number = Number(port.value);
  if (/^\d{1,5}$/.test(port.value) && number >= 1 && number <= 65_535) return;
  throw fail('INVALID_SETTING', {
    setting: `${setting}=${port.value.slice(0, 20)}`,
    origin: port.origin,
    problem: 'is not a port, which is a number from 1 to 65535',
    next: 'Set SERVICE_PORT to the port the service listens on, or give --port or --url.',
  });
}

function healthUrlOf(input: RegistrationInput, serviceUrl: string): string | null {
  if (!input.healthCheck) return null;
  const given = input.healthUrl ?? '/health';
  return given.startsWith('/') ? serviceUrl + given : given;
}

async function metadataOf(input: RegistrationInput, context: Context): Promise<Record<string, unknown>> {
  const fromFile =
    input.metadataFile === undefined
      ? {}
      : parseObject(await context.readText(input.metadataFile), `--metadata-file ${input.metadataFile}`);
  return { ...fromFile, ...parsePairs(input.metadata, '--metadata') };
}

const WHERE: Record<string, string> = {
  service_url: 'The service URL (--url, SERVICE_PUBLIC_URL, or SERVICE_HOST and SERVICE_PORT)',
  health_check_url: 'The health URL (--health-url)',
  service_metadata: 'The metadata (--metadata, --metadata-file)',
};

/** The registry's own rules, asked before anything is sent. */
function requireValid(registration: Registration): void {
  // Callers append paths to it, `/message` first of all.
  if (registration.service_url.includes('?')) throw refused('service_url', 'it must not contain a query');
  const parsed = v.safeParse(RegisterRequest, registration);
  if (parsed.success) return;
  const issue = parsed.issues[0];
  const path = v.getDotPath(issue) ?? '';
  const field = path.split('.')[0] ?? '';
  const inner = path.slice(field.length + 1);
  throw refused(field, `${inner === '' ? 'it' : inner} ${issue.message}`);
}

function refused(field: string, problem: string) {
  return fail('USAGE', {
    what: `${WHERE[field] ?? field} is refused:`,
    why: `${problem}.`,
    next: 'Nothing was sent. Correct the value; --dry-run shows the request.',
  });
}

function missing(setting: string, purpose: string, next: string) {
  return fail('MISSING_SETTING', { setting, purpose, next: `Set ${setting}, or give it: ${next}.` });
}
