// env.*: what the service and regctl are told by environment, .env and context.
import { isPlaceholder } from '../../secret.js';
import type { Setting, Variable } from '../../settings.js';
import { isName, NAME_RULE } from '../../wire/names.js';
import { serviceUrlProblem, withoutTrailingSlash } from '../../wire/urls.js';
import { deploymentCheck, type Finding, finding, found, notApplicable, pass, verdict } from '../check.js';
import type { DoctorContext } from '../context.js';
import { examineEnvFile } from '../env-file.js';

/** A deployment by the registry guide alone has no ids and no tokens. */
export function usesTokens(context: DoctorContext): boolean {
  return (
    context.serviceId !== undefined ||
    context.secret !== undefined ||
    context.variable('REGISTRY_URL') !== undefined ||
    context.registry.setting === 'REGISTRY_URL'
  );
}

const NO_TOKENS =
  'neither REGISTRY_URL, SERVICE_ID nor JWT_SECRET is set: this deployment follows the registry guide alone';

export const serviceId = deploymentCheck({
  id: 'env.service-id',
  title: 'SERVICE_ID is the integer the Coordinator assigned',
  about:
    'The Coordinator knows a service by its integer id: it is in every token and every heartbeat. Not applicable to a deployment that uses the Config Service alone, without tokens.',
  checklist: ['integration.1', 'debug.3'],
  codes: ['SERVICE_ID_MISSING', 'SERVICE_ID_INVALID'],
  async run(context) {
    const setting = context.serviceId;
    if (setting === undefined) {
      return usesTokens(context) ? found(finding('SERVICE_ID_MISSING', {})) : notApplicable(NO_TOKENS);
    }
    const valid = /^\d+$/.test(setting.value) && Number.isSafeInteger(Number(setting.value));
    if (!valid || Number(setting.value) < 1) return found(finding('SERVICE_ID_INVALID', setting));
    return pass(`${setting.value}, from ${setting.origin}`);
  },
});

export const registryUrl = deploymentCheck({
  id: 'env.registry-url',
  title: 'The URL of the registry is set and can be one',
  about:
    'CONFIG_SERVICE_URL (Config Service) or REGISTRY_URL (Coordinator), or the context or flag that takes their place: set, not a template placeholder, http or https, without credentials.',
  checklist: ['integration.1', 'debug.3'],
  codes: ['REGISTRY_URL_DEFAULT', 'REGISTRY_URL_PLACEHOLDER', 'REGISTRY_URL_INVALID'],
  async run(context) {
    const { url, origin, setting } = context.registry;
    const facts = { url };
    if (isPlaceholder(url))
      return found(finding('REGISTRY_URL_PLACEHOLDER', { setting, origin, value: url }));
    const problem = serviceUrlProblem(url);
    if (problem !== undefined) return found(finding('REGISTRY_URL_INVALID', { setting, origin, problem }));
    if (origin === 'default') return found(finding('REGISTRY_URL_DEFAULT', { url }), { facts });
    return pass(`${url}, from ${setting} (${origin})`, facts);
  },
});

export const jwtSecret = deploymentCheck({
  id: 'env.jwt-secret',
  title: 'JWT_SECRET is set, not a placeholder, and at least 32 bytes long',
  about:
    'All services sign and check their tokens with it. RFC 7518 §3.2 asks 256 bits of an HS256 key: a shorter one can be guessed from a single token. The secret is measured, never shown.',
  checklist: ['integration.1', 'debug.3'],
  codes: ['SECRET_MISSING', 'SECRET_WEAK'],
  async run(context) {
    const { secret } = context;
    if (secret === undefined) {
      return usesTokens(context) ? found(finding('SECRET_MISSING', {})) : notApplicable(NO_TOKENS);
    }
    const weakness = secret.weakness();
    if (weakness !== undefined) return found(finding('SECRET_WEAK', { origin: secret.origin, weakness }));
    return pass(`32 bytes or more, from ${secret.origin}`);
  },
});

export const serviceVars = deploymentCheck({
  id: 'env.service-vars',
  title: 'The SERVICE_ variables are set and make an address',
  about:
    'SERVICE_NAME and SERVICE_PORT (or SERVICE_PUBLIC_URL) are required, SERVICE_HOST and SERVICE_INSTANCE_ID optional: together they are the address the service registers. Not applicable when the doctor looks from outside at services given by --service or --all, with none of them set.',
  checklist: ['integration.1', 'debug.3', 'debug.7'],
  codes: ['VARIABLE_MISSING', 'VARIABLE_INVALID'],
  async run(context) {
    const set = SERVICE_VARIABLES.filter(({ name }) => context.variable(name) !== undefined);
    if (set.length === 0 && context.fromOutside)
      return notApplicable('no SERVICE_ variable is set: this is not the environment of a service');
    const findings = [...missing(context), ...SERVICE_VARIABLES.flatMap((each) => invalid(context, each))];
    if (findings.length > 0) return found(findings);
    const facts = { address: addressFromEnvironment(context) };
    return pass(`${set.map(({ name }) => name).join(', ')}; they make ${facts.address}`, facts);
  },
});

export const envFile = deploymentCheck({
  id: 'env.file',
  title: '.env stays out of git and out of the sight of others',
  about:
    'The guide keeps the JWT secret in .env. A file that git does not ignore is published by the next commit; one that other users can read is no secret on a shared machine.',
  checklist: ['integration.1'],
  codes: ['ENV_FILE_NOT_IGNORED', 'ENV_FILE_READABLE', 'ENV_FILE_UNREADABLE'],
  async run(context) {
    try {
      const file = await examineEnvFile(context.folder, context.signal);
      if (file === undefined) return notApplicable('the working folder has no .env');
      const { path, mode } = file;
      const findings = [
        ...(file.git === 'not-ignored' ? [finding('ENV_FILE_NOT_IGNORED', { path })] : []),
        ...(file.holdsSecret && file.readableByOthers && mode !== undefined
          ? [finding('ENV_FILE_READABLE', { path, mode })]
          : []),
      ];
      const git = file.git === 'ignored' ? 'ignored by git' : 'in no git repository';
      return verdict(findings, `${path}: ${git}${mode === undefined ? '' : `, mode ${mode}`}`, undefined);
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      return found(finding('ENV_FILE_UNREADABLE', { path: `${context.folder}/.env`, cause }));
    }
  },
});

type ServiceVariable = Exclude<Extract<Variable, `SERVICE_${string}`>, 'SERVICE_ID'>;

const HOST = /^(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9._-]*[a-z0-9])?)$/i;

/** Each variable and why a value is no good for it, undefined where it is. */
const SERVICE_VARIABLES: { name: ServiceVariable; problem(value: string): string | undefined }[] = [
  { name: 'SERVICE_NAME', problem: (value) => (isName(value) ? undefined : `is no name: ${NAME_RULE}`) },
  { name: 'SERVICE_PORT', problem: (value) => (isPort(value) ? undefined : 'is no port: 1 to 65535') },
  {
    name: 'SERVICE_HOST',
    problem: (value) =>
      HOST.test(value) ? undefined : 'is no host name: without http:// and port, e.g. my-service',
  },
  { name: 'SERVICE_PUBLIC_URL', problem: serviceUrlProblem },
  {
    name: 'SERVICE_INSTANCE_ID',
    problem: (value) => (isName(value) ? undefined : `is no instance id: ${NAME_RULE}`),
  },
];

export function isPort(value: string): boolean {
  return /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535;
}

function missing(context: DoctorContext): Finding[] {
  const absent = (variable: ServiceVariable, needed: string): Finding[] =>
    context.variable(variable) === undefined ? [finding('VARIABLE_MISSING', { variable, needed })] : [];
  return [
    ...absent('SERVICE_NAME', 'the service needs it to register, the doctor (without --service) to find it'),
    ...(context.variable('SERVICE_PUBLIC_URL') === undefined
      ? absent('SERVICE_PORT', 'the service needs it to build its address')
      : []),
  ];
}

function invalid(context: DoctorContext, { name, problem }: (typeof SERVICE_VARIABLES)[number]): Finding[] {
  const setting: Setting | undefined = context.variable(name);
  if (setting === undefined) return [];
  const why = isPlaceholder(setting.value)
    ? "is the template's placeholder"
    : problem(setting.value)?.replace(/^must/, 'is no address of a service: it must');
  if (why === undefined) return [];
  const value = setting.value.replace(/\/\/[^/?#]*@/, '//[secret]@');
  return [finding('VARIABLE_INVALID', { variable: name, value, origin: setting.origin, problem: why })];
}

/** The guide's rule: SERVICE_PUBLIC_URL, else http://SERVICE_HOST|SERVICE_NAME:SERVICE_PORT. */
function addressFromEnvironment(context: DoctorContext): string {
  const publicUrl = context.variable('SERVICE_PUBLIC_URL')?.value;
  if (publicUrl !== undefined) return withoutTrailingSlash(publicUrl);
  const host = context.variable('SERVICE_HOST') ?? context.variable('SERVICE_NAME');
  return `http://${host?.value}:${context.variable('SERVICE_PORT')?.value}`;
}
