import type { Context } from '../context.js';
import type { Exec } from '../doctor/context.js';
import type { CheckDescription } from '../doctor/describe.js';
import type { FailOn, Report } from '../doctor/result.js';
import type { Engines } from '../engines/address.js';
import { fail, RegctlError } from '../errors.js';
import type { Secret } from '../secret.js';
import { endpointValues, shownUrl } from '../settings.js';
import { openPrevious } from './doctor-compare.js';
import { doctorContext } from './doctor-context.js';
import { progress } from './doctor-progress.js';
import { targets } from './doctor-services.js';
import { openWaivers } from './doctor-waivers.js';
import { requireName } from './names.js';

export interface DoctorInput {
  /** Empty: SERVICE_NAME. */
  services: readonly string[];
  /** Every service of the registry. */
  all: boolean;
  /** Globs over ids; empty: all. */
  only: readonly string[];
  skip: readonly string[];
  failOn: FailOn;
  /** File of waivers. */
  waivers: string | undefined;
  /** An earlier JSON report. */
  compare: string | undefined;
  logFile: string | undefined;
  /** Checks that change something run too. */
  active: boolean;
  /** The folder of the service's code; undefined where it is not to be examined. */
  source: string | undefined;
  /** The engines behind the registry to ask directly. */
  engines: Engines;
  /** A way to where the service runs. */
  exec: Exec | undefined;
  /** Besides `waitMs`; undefined: by the number of services. */
  deadlineMs: number | undefined;
  waitMs: number;
  concurrency: number;
  /** Of regctl. */
  version: string;
}

/**
 * Examines the deployment and the services. A failure is in the report, not thrown; an interruption ends it early,
 * with `unknown` for what was not done. Throws USAGE for a glob that matches no check, and for an engine's address
 * that is none or has a password in it.
 */
export async function examine(input: DoctorInput, context: Context): Promise<Report> {
  const [
    { CHECKS },
    { asAsked },
    { requireEngines },
    { runChecks },
    { asked, selection, unmatched },
    { report },
  ] = await Promise.all([
    import('../doctor/catalogue.js'),
    import('../doctor/commands-to-paste.js'),
    import('../engines/address.js'),
    import('../doctor/run-checks.js'),
    import('../doctor/select.js'),
    import('../doctor/report.js'),
  ]);
  const [stray] = unmatched(CHECKS, [...input.only, ...input.skip]);
  if (stray !== undefined) throw noSuchCheck(stray);
  if (input.exec?.command.trim() === '') throw fail('USAGE', NOWHERE);
  for (const name of input.services) requireName('service', name);
  requireEngines(input.engines);
  const [waive, compare] = await Promise.all([
    openWaivers(input.waivers, context),
    openPrevious(input.compare, input.failOn),
  ]);
  const { clock, signal } = context;
  const startedAt = new Date(clock.now());
  const started = clock.monotonic();
  const wiring = doctorContext(context, {
    endpoint: endpointOf(context),
    secret: await findSecret(context),
    http: await context.http(),
    fromOutside: input.all || input.services.length > 0,
    folder: context.folder,
    logFile: input.logFile,
    source: input.source,
    engines: input.engines,
    exec: input.exec,
  });
  const { services, without } = await targets(
    // Half of the time, so that the checks can still find out why there is no list.
    {
      ...input,
      waitUntil: started + input.waitMs,
      deadline: started + (deadlineOf(input, 0) + input.waitMs) / 2,
    },
    context,
    wiring.listServices,
  );
  const carriedOut = await runChecks({
    checks: CHECKS,
    services,
    withoutServices: without,
    contextFor: (service, ending, send) => wiring.forCheck(service ?? '', services, ending, send),
    clock: { now: clock.monotonic, sleep: clock.sleep },
    concurrency: input.concurrency,
    startedAt: started,
    deadlineMs: Math.min(deadlineOf(input, services.length) + input.waitMs, MAX_TIMER_MS),
    waitMs: input.waitMs,
    active: input.active,
    signal,
    leaveOut: selection(CHECKS, input.only, input.skip),
    observe: progress({
      services: services.length,
      foreseeable: input.waitMs === 0,
      watchers: new Map(CHECKS.filter(({ background }) => background).map(({ id, title }) => [id, title])),
      now: clock.monotonic,
      show: context.progress,
    }),
  });
  context.progress(undefined);
  const flags = flagsOf(context);
  const told = carriedOut.map((result) => asAsked(result, flags));
  const { results, waivers } = waive(told, { complete: input.all && services.length > 0 });
  return report(results, {
    waivers,
    comparison: compare(results),
    version: input.version,
    startedAt,
    durationMs: clock.monotonic() - started,
    registry: wiring.registry(),
    services,
    failOn: input.failOn,
    isAsked: asked(CHECKS, input, input.all || services.length > 0),
  });
}

const DEADLINE_MS = 120_000;
/** Where more is asked of a timer, it fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Ten requests, at the default concurrency of 8: answers may take 800 ms on the average. */
const DEADLINE_PER_SERVICE_MS = 1_000;

/** What is healthy is examined to its end, however much of it there is. */
function deadlineOf({ deadlineMs }: Pick<DoctorInput, 'deadlineMs'>, services: number): number {
  return deadlineMs ?? Math.max(DEADLINE_MS, services * DEADLINE_PER_SERVICE_MS);
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

/** As of `--exec "$UNSET"`: it would be green about the wrong machine. */
const NOWHERE = {
  what: '--exec is empty,',
  why: 'which would look at this machine, not at where the service runs.',
  next: 'Give the command that leads there, such as "docker compose exec -T my-service".',
};

function noSuchCheck(glob: string): RegctlError {
  return fail('USAGE', {
    what: `No check is named "${glob}".`,
    why: '',
    next: 'See the checks there are with `regctl doctor --list`.',
  });
}

function flagsOf({ target, sources: { flags, context } }: Context) {
  // One that is no URL may be anything.
  const registry =
    flags.registry !== undefined && URL.canParse(target.url) ? shownUrl(target.url) : undefined;
  return { registry, context: context?.byFlag ? context.name : undefined };
}

function endpointOf({ target, sources }: Context) {
  const { paths = {}, headers = {} } = endpointValues(sources, target);
  return { url: target.url, paths, headers };
}

async function findSecret(context: Context): Promise<Secret | undefined> {
  try {
    return await context.secret('the doctor measures it');
  } catch (error) {
    if (error instanceof RegctlError && error.code === 'MISSING_SETTING') return undefined;
    throw error;
  }
}
