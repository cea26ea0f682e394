// Which services a run examines.
import type { Context } from '../context.js';
import { CANARY_SERVICE } from '../doctor/canary.js';
import type { Skip } from '../doctor/result.js';
import { fail, RegctlError } from '../errors.js';

export interface Targets {
  /** In a fixed order. */
  services: string[];
  /** What becomes of the checks of a service where there are none. */
  without: Skip;
}

interface Asked {
  /** Empty: SERVICE_NAME. */
  services: readonly string[];
  all: boolean;
  /** On the monotonic clock: until when a list that does not come is asked for again, and when to give it up. */
  waitUntil: number;
  deadline: number;
}

const AGAIN_MS = 1_000;

/**
 * The services to examine. A list that cannot be had is told, not thrown: why is for the checks to find out, and
 * without it no service was examined. Throws USAGE where the registry has no list at all.
 */
export async function targets(
  asked: Asked,
  { sources, clock, signal }: Pick<Context, 'sources' | 'clock' | 'signal'>,
  list: (signal: AbortSignal) => Promise<string[]>,
): Promise<Targets> {
  const { environment, envFile } = sources;
  const own = environment.SERVICE_NAME || envFile.SERVICE_NAME;
  const named = asked.services.length === 0 && own ? [own] : [...new Set(asked.services)];
  const none = 'no service to examine: set SERVICE_NAME or give --service';
  if (!asked.all) return { services: named, without: { kind: 'not-applicable', why: none } };

  const over = new AbortController();
  const late = new AbortController();
  clock.sleep(asked.deadline - clock.monotonic(), over.signal).then(
    () => late.abort(),
    () => undefined,
  );
  const ending = AbortSignal.any([signal, late.signal]);
  try {
    for (;;) {
      try {
        // The row that a canary leaves where rows cannot be deleted is no service.
        const services = (await list(ending)).filter((name) => name !== CANARY_SERVICE).sort();
        return { services, without: { kind: 'not-applicable', why: 'the registry lists no service' } };
      } catch (error) {
        if (!ending.aborted && !(error instanceof RegctlError)) throw error;
        if (error instanceof RegctlError && error.code === 'CANNOT_LIST') throw cannotList(error);
        if (ending.aborted || clock.monotonic() + AGAIN_MS > asked.waitUntil)
          return { services: [], without: unread(error) };
      }
      await clock.sleep(AGAIN_MS, ending).catch(() => undefined);
    }
  } finally {
    over.abort();
  }
}

function unread(error: unknown): Skip {
  const why = error instanceof RegctlError ? error.message.replace(/\.$/, '') : 'there was no time to';
  return { kind: 'blocked', by: 'registry.api', why: `the services could not be listed: ${why}` };
}

function cannotList(error: RegctlError): RegctlError {
  return fail('USAGE', {
    what: '--all needs a list of services.',
    why: error.message,
    next: 'Name the services to examine: --service NAME, repeatable.',
  });
}
