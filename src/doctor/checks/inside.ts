// inside.*: what the service itself sees, through the command of --exec.
import { MIN_SECRET_BYTES, PLACEHOLDER } from '../../secret.js';
import type { Variable } from '../../settings.js';
import { healthUrlProblem, withoutTrailingSlash } from '../../wire/urls.js';
import { attempt } from '../attempt.js';
import { deploymentCheck, type Finding, found, notApplicable, pass, verdict } from '../check.js';
import type { DoctorContext, Exec } from '../context.js';
import { insideOf } from '../findings/inside.js';
import type { View } from '../inside/answer.js';
import { type Looked, look } from '../inside/look.js';
import { Looks } from '../inside/looks.js';
import { jwtSecret, registryUrl, serviceId, serviceVars } from './env.js';
import { withoutCredentials } from './registration.js';

/** What the guide's client assumes without CONFIG_SERVICE_URL. */
const GUIDES_DEFAULT = 'http://config-service:8082';

/** All that both guides name, but for the secret. */
export const VARIABLES = [
  'CONFIG_SERVICE_URL',
  'REGISTRY_URL',
  'SERVICE_ID',
  'SERVICE_NAME',
  'SERVICE_PORT',
  'SERVICE_HOST',
  'SERVICE_PUBLIC_URL',
  'SERVICE_INSTANCE_ID',
] as const satisfies readonly Exclude<Variable, 'JWT_SECRET'>[];

/** What runs the command has its own deadline before this. */
export const TIMEOUT_MS = 60_000;

export const runs = deploymentCheck({
  id: 'inside.runs',
  title: 'The command of --exec runs a script where the service runs',
  about:
    'One POSIX shell script goes in through standard input (`COMMAND sh -s`) and answers everything the checks of inside.* ask, with what is there of curl, wget, python, node, nc, getent and nslookup. It changes nothing. What comes back is bounded, and without its last line it counts as no answer.',
  checklist: ['debug.4'],
  codes: ['INSIDE_COMMAND_FAILED', 'INSIDE_NO_ANSWER', 'INSIDE_TIMED_OUT'],
  settles: true,
  timeoutMs: TIMEOUT_MS,
  async run(context) {
    const { exec } = context;
    if (exec === undefined)
      return notApplicable('without --exec nothing is looked at where the service runs');
    const looked = await lookInside(context, exec);
    if ('code' in looked) return found(looked);
    const { tools } = looked.view;
    const ms = Math.round(looked.ended - looked.began);
    return pass(`it answered in ${ms} ms; there: ${tools.join(', ') || 'nothing but the shell'}`, {
      exec: exec.command,
      way: exec,
      looked,
      looks: new Looks(looked),
    });
  },
});

async function lookInside(context: DoctorContext, exec: Exec): Promise<Looked | Finding> {
  const { url, urlOf } = context.registry;
  return look(
    { ...context, exec },
    {
      variables: VARIABLES,
      defaultRegistry: GUIDES_DEFAULT,
      // What is no URL is for env.registry-url to tell.
      registryHealth: URL.canParse(url) ? urlOf('config-service', 'health').slice(url.length) : '/health',
      serviceHealth: await healthPath(context),
      placeholder: PLACEHOLDER.source.replace(/^\^(.*)\$$/, '^[[:space:]]*$1[[:space:]]*$$'),
      secretBytes: MIN_SECRET_BYTES,
    },
  );
}

/** The path the service registered for its health, else the guide's. */
async function healthPath({ registry, services }: DoctorContext): Promise<string> {
  const [service] = services;
  if (service === undefined || services.length > 1 || !URL.canParse(registry.url)) return '/health';
  const listed = await attempt(async () => (await registry.client()).listInstances(service));
  const [url] = listed.value?.flatMap(({ health_check_url: each }) => each ?? []) ?? [];
  // Of another scheme the path may begin without a slash, and lead to another host.
  if (url === undefined || healthUrlProblem(withoutCredentials(url)) !== undefined) return '/health';
  const { pathname, search } = new URL(url);
  return pathname + search;
}

/** The look a check judges: the first, or under --wait a new one. Throws where that one cannot be taken. */
export async function viewFor(check: string, context: DoctorContext, { way, looks }: Facts): Promise<View> {
  const { view } = await looks.for(check, async () => {
    const looked = await lookInside(context, way);
    if ('code' in looked) throw new Error(looked.seen);
    return looked;
  });
  return view;
}

export interface Facts {
  /** The command of --exec, to show. */
  exec: string;
  way: Exec;
  looked: Looked;
  looks: Looks;
}

/** The registry the service uses: by its own environment, else the guide's default. */
export function registryOf({ variables }: View) {
  for (const setting of ['CONFIG_SERVICE_URL', 'REGISTRY_URL'] as const) {
    const set = variables.get(setting);
    if (set) return { setting, url: withoutTrailingSlash(set.value), origin: set.origin };
  }
  return { setting: 'CONFIG_SERVICE_URL', url: GUIDES_DEFAULT, origin: "the guide's default" };
}

/** What the rules of env.* look at, as the service sees it. */
function asTheServiceSees(context: DoctorContext, view: View): DoctorContext {
  const { secret, variables } = view;
  const variable: DoctorContext['variable'] = (name) => variables.get(name);
  // By the Coordinator's guide alone a service has no SERVICE_ variables but its id.
  const coordinatorAlone = variables.has('REGISTRY_URL') && !variables.has('CONFIG_SERVICE_URL');
  return {
    ...context,
    variable,
    fromOutside: coordinatorAlone,
    serviceId: variable('SERVICE_ID'),
    secret: secret && {
      origin: secret.origin,
      matches: () => false,
      appearsIn: () => false,
      weakness: () => {
        if (secret.placeholder) return 'is a placeholder, not a secret';
        return secret.long ? undefined : `has less than ${MIN_SECRET_BYTES} bytes (RFC 7518 §3.2)`;
      },
    },
    registry: { ...context.registry, ...registryOf(view) },
  };
}

const RULES = [serviceId, registryUrl, jwtSecret, serviceVars] as const;

export const env = deploymentCheck({
  id: 'inside.env',
  title: "The service's own environment has what the guides ask",
  about:
    'The rules of env.service-id, env.registry-url, env.jwt-secret and env.service-vars, held to the environment inside, else the .env of the working folder there. Of the secret only leaves whether it is long enough and no placeholder. CONFIG_SERVICE_URL may be missing: the guide gives it a default.',
  checklist: ['integration.1', 'debug.3'],
  requires: [runs],
  codes: RULES.flatMap(({ codes }) => codes).filter((code) => code !== 'REGISTRY_URL_DEFAULT'),
  async run(context, [{ exec, looked }]) {
    const seen = asTheServiceSees(context, looked.view);
    const outcomes = await Promise.all(RULES.map((rule) => rule.run(seen, [])));
    const findings = outcomes.flatMap((outcome) => (outcome.status === 'found' ? outcome.findings : []));
    const set = VARIABLES.filter((name) => looked.view.variables.has(name));
    return verdict(
      findings.map((each) => inside(each, exec)),
      [...set, ...(looked.view.secret ? ['JWT_SECRET'] : [])].join(', ') ||
        'nothing is set, and nothing is missing',
      undefined,
    );
  },
});

/** A finding of env.*, made inside. */
function inside(made: Finding, exec: string): Finding {
  return {
    ...made,
    seen: `inside: ${made.seen}`,
    remedy: `${made.remedy} A container gets a new environment by \`docker compose up -d\`, not by a restart.`,
    reproduce: made.reproduce === null ? null : insideOf(exec, made.reproduce),
  };
}
