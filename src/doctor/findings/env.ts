import { entry, sh } from './entry.js';

const RESOLVED = 'regctl context show --resolved';
const GET_FROM_COORDINATOR = `Ask the Coordinator for it, and put it into the environment or .env; see \`${RESOLVED}\`.`;

interface FromSomewhere {
  variable: string;
  value: string;
  origin: string;
}

/** Shows a setting where it is set. */
function look({ variable, origin }: { variable: string; origin: string }): string {
  if (origin === '.env') return `grep ${variable}= .env`;
  return origin === 'environment' ? `printenv ${variable}` : RESOLVED;
}

export const ENV = {
  SERVICE_ID_MISSING: entry<Record<never, never>>('fail', {
    seen: () => 'SERVICE_ID is not set',
    remedy: () => GET_FROM_COORDINATOR,
    reproduce: () => 'printenv SERVICE_ID',
  }),
  SERVICE_ID_INVALID: entry<{ value: string; origin: string }>('fail', {
    seen: (p) => `SERVICE_ID (from ${p.origin}) is "${p.value}", not a positive integer`,
    remedy: () => GET_FROM_COORDINATOR,
    reproduce: (p) => look({ ...p, variable: 'SERVICE_ID' }),
  }),
  REGISTRY_URL_DEFAULT: entry<{ url: string }>('warn', {
    seen: (p) => `neither CONFIG_SERVICE_URL nor REGISTRY_URL is set; ${p.url} is assumed`,
    remedy: () =>
      'Set the one your registry goes by. Services that follow the guide assume http://config-service:8082 when it is missing.',
    reproduce: () => 'printenv CONFIG_SERVICE_URL REGISTRY_URL',
  }),
  REGISTRY_URL_PLACEHOLDER: entry<{ setting: string; value: string; origin: string }>('fail', {
    seen: (p) => `${p.setting} (from ${p.origin}) still is the template's "${p.value}"`,
    remedy: () => GET_FROM_COORDINATOR,
    reproduce: (p) => look({ ...p, variable: p.setting }),
  }),
  REGISTRY_URL_INVALID: entry<{ setting: string; origin: string; problem: string }>('fail', {
    seen: (p) => `${p.setting} (from ${p.origin}) ${p.problem}`,
    remedy: () =>
      'Give it as http://HOST:PORT without path of the API or credentials, such as http://config-service:8082.',
    reproduce: (p) => look({ ...p, variable: p.setting }),
  }),
  SECRET_MISSING: entry<Record<never, never>>('fail', {
    seen: () => 'JWT_SECRET is not set, so no token can be signed or checked',
    remedy: () => GET_FROM_COORDINATOR,
    reproduce: () => 'test -n "$JWT_SECRET" && echo set',
  }),
  SECRET_WEAK: entry<{ origin: string; weakness: string }>('fail', {
    seen: (p) => `JWT_SECRET (from ${p.origin}) ${p.weakness}`,
    remedy: () =>
      'Anyone who guesses it can speak for every service. Have the Coordinator hand out a random one, e.g. of `openssl rand -base64 48`, to all services at once.',
    reproduce: () => 'printf %s "$JWT_SECRET" | wc -c',
  }),
  VARIABLE_MISSING: entry<{ variable: string; needed: string }>('fail', {
    seen: (p) => `${p.variable} is not set, and ${p.needed}`,
    remedy: (p) => `Set ${p.variable} where the service gets its environment (docker-compose.yml, .env).`,
    reproduce: (p) => `printenv ${p.variable}`,
  }),
  VARIABLE_INVALID: entry<FromSomewhere & { problem: string }>('fail', {
    seen: (p) => `${p.variable} (from ${p.origin}) is "${p.value}", which ${p.problem}`,
    remedy: (p) =>
      `Correct ${p.variable}; the service builds the address it registers from SERVICE_PUBLIC_URL, else from SERVICE_HOST and SERVICE_PORT.`,
    reproduce: look,
  }),
  ENV_FILE_NOT_IGNORED: entry<{ path: string }>('fail', {
    seen: (p) => `${p.path} is not ignored by git: the next commit may publish what is in it`,
    remedy: () =>
      'Add .env to .gitignore; if it was committed before, `git rm --cached .env` and have the secret replaced.',
    reproduce: (p) => `git check-ignore -v ${sh(p.path)} || echo "not ignored"`,
  }),
  ENV_FILE_READABLE: entry<{ path: string; mode: string }>('warn', {
    seen: (p) => `${p.path} holds a secret and is readable by other users of this machine (mode ${p.mode})`,
    remedy: (p) => `chmod 600 ${sh(p.path)}`,
    reproduce: (p) => `ls -l ${sh(p.path)}`,
  }),
  ENV_FILE_UNREADABLE: entry<{ path: string; cause: string }>('unknown', {
    seen: (p) => `${p.path} could not be examined: ${p.cause}`,
    remedy: () => 'Run the doctor as the user that the service runs as.',
  }),
};
