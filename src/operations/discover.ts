import type { Context } from '../context.js';
import { fail, RegctlError } from '../errors.js';
import type { Instance, RegistryClient } from '../registry-client/client.js';
import { sideBySide } from '../side-by-side.js';
import { serviceUrlProblem } from '../wire/urls.js';
import { requireListed } from './names.js';

export interface DiscoverInput {
  service: string;
  /** All healthy instances, as against the one handed out. */
  all: boolean;
  /** Connect first, and pass over what does not answer. */
  probe: boolean;
}

export interface Discovered {
  service_name: string;
  /** Null where the registry hands out an address alone. */
  instance_id: string | null;
  url: string;
}

/** Errors of an answer that is not followed or not read to its end: somebody is there. */
const ANSWERED: ReadonlySet<string> = new Set(['REDIRECTED', 'ANSWER_TOO_LARGE']);
const PROBE_TIMEOUT_MS = 2_000;
const CONCURRENCY = 16;

/**
 * Where a service is: one healthy instance, or all of them. Only healthy ones, whatever the API returns.
 * Throws SERVICE_NOT_FOUND and NO_HEALTHY_INSTANCE.
 */
export async function discover(input: DiscoverInput, context: Context): Promise<Discovered[]> {
  requireListed('service', input.service);
  const registry = await context.registry();
  if (!input.all && !input.probe) return [await handedOut(input.service, registry)];
  const healthy = await healthyInstances(input.service, registry);
  const answering = input.probe ? await thoseThatAnswer(healthy, context) : healthy;
  const [first] = answering;
  if (first === undefined) {
    throw fail('NO_HEALTHY_INSTANCE', { service: input.service, why: silent(healthy.length) });
  }
  return (input.all ? answering : [first]).map(({ instance_id, url }) => ({
    service_name: input.service,
    instance_id,
    url,
  }));
}

/** A healthy instance with an address that can be called. */
export type Candidate = Instance & { url: string };

/** The healthy instances, sorted by id. Throws SERVICE_NOT_FOUND or NO_HEALTHY_INSTANCE where there is none. */
export async function healthyInstances(service: string, registry: RegistryClient): Promise<Candidate[]> {
  const instances = await registry.listInstances(service);
  const healthy = instances
    .filter(({ status }) => status === 'healthy')
    .flatMap((one) => (one.service_url === null ? [] : [{ ...one, url: one.service_url }]))
    .filter(({ url }) => serviceUrlProblem(url) === undefined)
    .sort((a, b) => ((a.instance_id ?? '') < (b.instance_id ?? '') ? -1 : 1));
  if (healthy.length === 0) throw none(service, instances, registry);
  return healthy;
}

async function handedOut(service: string, registry: RegistryClient): Promise<Discovered> {
  const url = await registry.pickUrl(service);
  if (url === undefined) throw none(service, await registry.listInstances(service), registry);
  const problem = serviceUrlProblem(url);
  if (problem === undefined) return { service_name: service, instance_id: null, url };
  throw fail('NOT_THE_API', { url: registry.url, seen: `the URL it hands out for ${service} ${problem}` });
}

function none(service: string, instances: readonly Instance[], registry: RegistryClient) {
  if (instances.length === 0)
    return fail('SERVICE_NOT_FOUND', { service, url: registry.url, api: registry.api });
  const statuses = instances.map(({ instance_id, status }) => `${instance_id ?? '-'} is ${status}`);
  const shown =
    statuses.slice(0, 5).join(', ') + (statuses.length > 5 ? `, and ${statuses.length - 5} more` : '');
  return fail('NO_HEALTHY_INSTANCE', { service, why: shown });
}

function silent(listed: number): string {
  return listed === 1
    ? 'the one that the registry calls healthy does not answer'
    : `none of the ${listed} that the registry calls healthy answers`;
}

/** Any HTTP answer will do: what is asked is whether somebody is there. */
async function thoseThatAnswer(candidates: readonly Candidate[], context: Context): Promise<Candidate[]> {
  const http = await context.http();
  const answers = await sideBySide(candidates, CONCURRENCY, async (candidate) => {
    const url = candidate.health_check_url ?? candidate.url;
    try {
      await http.send({ method: 'GET', url, timeoutMs: PROBE_TIMEOUT_MS, retries: 0, maxBytes: 64 * 1024 });
      return true;
    } catch (error) {
      if (context.signal.aborted) throw error;
      if (error instanceof RegctlError && ANSWERED.has(error.code)) return true;
      const why = error instanceof Error ? error.message : String(error);
      context.notify(`Passed over ${candidate.instance_id ?? candidate.url}. ${why}`);
      return false;
    }
  });
  return candidates.filter((_, index) => answers[index]);
}
