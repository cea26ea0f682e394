import type { Context } from '../context.js';
import type { Engines } from '../doctor/context.js';
import type { CheckDescription } from '../doctor/describe.js';
import type { Report } from '../doctor/result.js';
import { fail, RegctlError } from '../errors.js';
import type { Endpoint } from '../registry-client/client.js';
import type { Secret } from '../secret.js';
import { doctorContext } from './doctor-context.js';
import { requireName } from './names.js';

export interface DoctorInput {
  /** Empty: SERVICE_NAME. */
  services: readonly string[];
  /** Every service of the registry. */
  all: boolean;
  /** Globs over ids; empty: all. */
  only: readonly string[];
  skip: readonly string[];
  failOn: 'warn' | 'fail';
  logFile: string | undefined;
  /** Checks that change something run too. */
  active: boolean;
  /** The folder of the service's code; undefined where it is not to be examined. */
  source: string | undefined;
  /** The engines behind the registry to ask directly. */
  engines: Engines;
  /** A command that runs a program where the service runs, such as `docker compose exec -T my-service`. */
  exec: string | undefined;
  deadlineMs: number;
  waitMs: number;
  concurrency: number;
  /** Of regctl. */
  version: string;
}

/**
 * Examines the deployment and the services. A failure is in the report, not thrown; an interruption ends it early,
 * with `unknown` for what was not done. Throws USAGE for a glob that matches no check.
 */
export async function examine(input: DoctorInput, context: Context): Promise<Report> {
  const [{ CHECKS }, { runChecks }, { selection, unmatched }, { report }] = await Promise.all([
    import('../doctor/catalogue.js'),
    import('../doctor/run-checks.js'),
    import('../doctor/select.js'),
    import('../doctor/report.js'),
  ]);
  const [stray] = unmatched(CHECKS, [...input.only, ...input.skip]);
  if (stray !== undefined) throw noSuchCheck(stray);
  for (const name of input.services) requireName('service', name);
  const { clock, signal } = context;
  const startedAt = new Date(clock.now());
  const started = clock.monotonic();
  const wiring = doctorContext(context, {
    endpoint: endpointOf(context),
    secret: await findSecret(context),
    http: await context.http(),
    folder: context.folder,
    logFile: input.logFile,
    source: input.source,
    engines: input.engines,
    exec: input.exec,
  });
  const services = await targets(input, context, wiring.listServices);
  const running = new Set<string>();
  let done = 'Examining';
  const results = await runChecks({
    checks: CHECKS,
    services,
    contextFor: (service, ending) => wiring.forCheck(service ?? '', services, ending),
    clock: { now: clock.monotonic, sleep: clock.sleep },
    concurrency: input.concurrency,
    deadlineMs: input.deadlineMs + input.waitMs,
    waitMs: input.waitMs,
    active: input.active,
    signal,
    leaveOut: selection(CHECKS, input.only, input.skip),
    observe(event) {
      if (event.kind === 'started') running.add(event.id);
      else {
        running.delete(event.result.id);
        done = `${event.done} of ${event.total} checks done`;
      }
      // The one under way the longest is the one that is waited for.
      const [oldest] = running;
      context.progress(oldest === undefined ? done : `${done}, waiting for ${oldest}`);
    },
  });
  context.progress(undefined);
  return report(results, {
    version: input.version,
    startedAt,
    durationMs: clock.monotonic() - started,
    registry: wiring.registry(),
    services,
    failOn: input.failOn,
  });
}

/** What there is to know of every check. */
export async function describeChecks(): Promise<CheckDescription[]> {
  const [{ CHECKS }, { describeCheck }] = await Promise.all([
    import('../doctor/catalogue.js'),
    import('../doctor/describe.js'),
  ]);
  return CHECKS.map(describeCheck);
}

/** One check; throws USAGE where there is none of that id. */
export async function explainCheck(id: string): Promise<CheckDescription> {
  const found = (await describeChecks()).find((check) => check.id === id);
  if (found === undefined) throw noSuchCheck(id);
  return found;
}

function noSuchCheck(glob: string): RegctlError {
  return fail('USAGE', {
    what: `No check is named "${glob}".`,
    why: '',
    next: 'See the checks there are with `regctl doctor --list`.',
  });
}

function endpointOf({ target, sources }: Context): Endpoint {
  const values = sources.context?.values ?? {};
  return {
    url: target.url,
    paths: values.paths ?? {},
    headers: values.headers ?? {},
    // No check that runs without --active changes anything, so none needs to say who it is.
    authorization: async () => undefined,
  };
}

async function findSecret(context: Context): Promise<Secret | undefined> {
  try {
    return await context.secret('the doctor measures it');
  } catch (error) {
    if (error instanceof RegctlError && error.code === 'MISSING_SETTING') return undefined;
    throw error;
  }
}

/** The services to examine, in a fixed order. With `all` and no list to be had, the one the environment names. */
async function targets(
  input: DoctorInput,
  context: Context,
  listServices: () => Promise<string[]>,
): Promise<string[]> {
  const { environment, envFile } = context.sources;
  const own = environment.SERVICE_NAME || envFile.SERVICE_NAME;
  if (input.all) {
    try {
      return (await listServices()).sort();
    } catch (error) {
      // Why it cannot be listed is for the checks to tell.
      if (!(error instanceof RegctlError)) throw error;
    }
  }
  if (input.services.length > 0) return [...new Set(input.services)];
  return own ? [own] : [];
}
