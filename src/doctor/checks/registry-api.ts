// registry.api and registry.latency: does it answer as documented, and in time.
import * as v from 'valibot';
import type { RegctlError } from '../../errors.js';
import type { HttpAnswer } from '../../http/http.js';
import { isMissingRoute, read, toService } from '../../registry-client/answers.js';
import type { Api, Service } from '../../registry-client/client.js';
import { InstanceRows, ServiceRows, UrlAnswer } from '../../wire/config-service.js';
import { ServiceAnswer } from '../../wire/coordinator.js';
import { withoutTrailingSlash } from '../../wire/urls.js';
import { attempt, because, isTransient, ONCE_MORE } from '../attempt.js';
import { blockedBy, deploymentCheck, type Finding, finding, found, pass, verdict } from '../check.js';
import type { DoctorContext } from '../context.js';
import { healthy, NOBODY, ownWord, reachable, WELL } from './registry.js';

export const api = deploymentCheck({
  id: 'registry.api',
  title: 'Every call of the registry API answers as documented',
  about:
    'Reads the list, and the instances, the URL and the discovery of a name that nobody registers, and compares each answer with the documented shape. Calls that change something are left alone. Blocked by registry.healthy where the registry itself says that it is not well.',
  requires: [reachable],
  codes: ['NOT_A_REGISTRY', 'API_CALL_MISSING', 'API_CALL_FAILS', 'API_CALL_MALFORMED', 'API_CALL_REFUSED'],
  retry: ONCE_MORE,
  settles: true,
  async run(context, [{ answer }]) {
    const detected = await attempt(() => context.registry.api());
    const word = ownWord(answer);
    const ill = word !== undefined && !WELL.has(word.status) ? `it is ${word.text}` : undefined;
    if (detected.error) {
      if (ill !== undefined) return blockedBy(healthy, ill);
      const where = { url: context.registry.url, seen: because(detected.error) };
      return found(finding('NOT_A_REGISTRY', where), { transient: isTransient(detected.error) });
    }
    const calls = callsOf(detected.value, context);
    const results = await Promise.all(calls.map((call) => examine(call, context)));
    const findings = results.flatMap(({ finding: each }) => (each ? [each] : []));
    const failing = findings.some(({ code }) => code === 'API_CALL_FAILS');
    if (failing && ill !== undefined) return blockedBy(healthy, ill);
    const listed = results[0]?.answer;
    const services = listed?.status === 200 ? servicesOf(listed) : null;
    const facts = { api: detected.value, services, namesByUrl: namesByUrl(services ?? []) };
    if (findings.length > 0) {
      // What later checks do not call does not keep them from running.
      const usable = results.every(({ finding: each }, index) => !each || calls[index]?.aside);
      return found(findings, { transient: failing, ...(usable ? { facts } : {}) });
    }
    return pass(`${detected.value}: ${calls.map(({ call }) => call).join(', ')}`, facts);
  },
});

interface Call {
  call: string;
  url: string;
  /** Throws the error of the catalogue that the answer means. */
  judge(answer: HttpAnswer): void;
  /** A guide leaves this call out. */
  optional?: boolean;
  /** No other check needs it. */
  aside?: boolean;
}

function callsOf(kind: Api, { registry }: DoctorContext): Call[] {
  const notFoundOr = (schema: v.GenericSchema) => (answer: HttpAnswer) => {
    if (answer.status === 404 && v.is(v.looseObject({ detail: v.string() }), parsed(answer))) return;
    read(answer, schema);
  };
  const list: Call = {
    call: 'GET /services',
    url: registry.urlOf(kind, 'services'),
    judge: (answer) => read(answer, ServiceRows),
  };
  const instances = registry.urlOf(kind, 'service', NOBODY);
  if (kind === 'coordinator') {
    return [
      { ...list, optional: true },
      { call: 'GET /services/{name}', url: instances, judge: notFoundOr(ServiceAnswer) },
    ];
  }
  return [
    list,
    { call: 'GET /services/{name}', url: instances, judge: (answer) => read(answer, InstanceRows) },
    {
      call: 'GET /services/{name}/url',
      url: registry.urlOf(kind, 'url', NOBODY),
      judge: notFoundOr(UrlAnswer),
    },
    {
      call: 'GET /discover/{name}',
      aside: true,
      url: registry.urlOf(kind, 'discover', NOBODY),
      judge: (answer) => read(answer, InstanceRows),
    },
  ];
}

function parsed(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    return undefined;
  }
}

async function examine(call: Call, { http, registry }: DoctorContext) {
  const asked = await attempt(() =>
    http.send({ method: 'GET', url: call.url, headers: { ...registry.headers } }),
  );
  if (asked.error) return { finding: finding('API_CALL_FAILS', { ...call, seen: because(asked.error) }) };
  const answer = asked.value;
  // FastAPI answers a path it does not have and a name it does not know with 404; only the text differs.
  const detail = v.is(v.looseObject({ detail: v.literal('Not Found') }), parsed(answer));
  if (isMissingRoute(answer) && (detail || answer.status === 405)) {
    return call.optional ? { answer } : { finding: finding('API_CALL_MISSING', call) };
  }
  const judged = await attempt(async () => call.judge(answer));
  if (!judged.error) return { answer };
  const seen = because(judged.error);
  if (judged.error.code === 'UNAUTHORIZED' || judged.error.code === 'FORBIDDEN')
    return { finding: finding('API_CALL_REFUSED', { ...call, seen }) };
  if (judged.error.code === 'SERVER_ERROR') return { finding: finding('API_CALL_FAILS', { ...call, seen }) };
  return { finding: finding('API_CALL_MALFORMED', { ...call, seen }) };
}

/** The names of the services in the catalog by their URL, which has no trailing slash. */
function namesByUrl(services: readonly Service[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const { service_name, service_url } of services) {
    if (service_url === null) continue;
    const url = withoutTrailingSlash(service_url);
    const same = names.get(url);
    if (same) same.push(service_name);
    else names.set(url, [service_name]);
  }
  return names;
}

function servicesOf(answer: HttpAnswer): Service[] {
  return read(answer, ServiceRows).map(toService);
}

/** The guide's client: 3 s for a discovery, 5 s for any other call. Half of it is near. */
const LIMITS = [
  { call: 'discovery', path: { 'config-service': 'url', coordinator: 'service' }, limitS: 3, samples: 3 },
  { call: 'the list', path: { 'config-service': 'services', coordinator: undefined }, limitS: 5, samples: 1 },
] as const;

export const latency = deploymentCheck({
  id: 'registry.latency',
  title: "The registry answers well within the guide's timeouts",
  about:
    "The guide's client gives a discovery 3 s and other calls 5 s. The median of three discoveries, and one list: over the limit is a fail, over half of it a warning.",
  requires: [api],
  codes: ['REGISTRY_TOO_SLOW', 'REGISTRY_SLOW'],
  timeoutMs: 20_000,
  async run(context, [{ api: kind }]) {
    const findings: Finding[] = [];
    const seen: string[] = [];
    for (const { call, path, limitS, samples } of LIMITS) {
      const name = path[kind];
      if (name === undefined) continue;
      const url = context.registry.urlOf(kind, name, NOBODY);
      const measured = await medianMs(url, limitS, samples, context);
      if (measured.error) return blockedBy(api, because(measured.error));
      const { ms } = measured;
      const took = `${(ms / 1000).toFixed(1)} s`;
      if (!Number.isFinite(ms)) findings.push(finding('REGISTRY_TOO_SLOW', { call, url, limitS }));
      else if (ms > limitS * 500) findings.push(finding('REGISTRY_SLOW', { call, url, limitS, took }));
      seen.push(`${call} ${Math.round(ms)} ms`);
    }
    return verdict(findings, seen.join(', '), undefined);
  },
});

/** The median of some requests in milliseconds, Infinity where most took over the limit. */
async function medianMs(
  url: string,
  limitS: number,
  samples: number,
  { http, registry }: DoctorContext,
): Promise<{ ms: number; error?: never } | { error: RegctlError }> {
  const times: number[] = [];
  const late = () => times.filter((ms) => !Number.isFinite(ms)).length;
  while (times.length < samples && late() * 2 < samples) {
    const asked = await attempt(() =>
      http.send({ method: 'GET', url, headers: { ...registry.headers }, timeoutMs: limitS * 1000 }),
    );
    if (asked.error && asked.error.code !== 'TIMED_OUT') return { error: asked.error };
    times.push(asked.value?.ms ?? Number.POSITIVE_INFINITY);
  }
  if (late() * 2 >= samples) return { ms: Number.POSITIVE_INFINITY };
  return { ms: times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0 };
}
