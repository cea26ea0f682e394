// health.* and heartbeat.recent: is it well, does the registry know, does it still beat.
import { detailOf } from '../../registry-client/answers.js';
import type { Instance } from '../../registry-client/client.js';
import { sideBySide } from '../../side-by-side.js';
import { HEARTBEAT_INTERVAL_S, MISSED_BEATS_MEAN_DOWN } from '../../wire/coordinator.js';
import { withoutTrailingSlash } from '../../wire/urls.js';
import { attempt, because, ONCE_MORE } from '../attempt.js';
import { type Finding, few, finding, found, notApplicable, serviceCheck, verdict } from '../check.js';
import type { DoctorContext } from '../context.js';
import { AT_ONCE, address, label, present, urlReachable, withoutCredentials } from './registration.js';
import { reachable, skewOf } from './registry.js';
import { api } from './registry-api.js';

/** The registry gives a health probe 3 s (registry.md, "What makes an instance healthy"). */
const PROBE_TIMEOUT_MS = 3_000;

export const endpoint = serviceCheck({
  id: 'health.endpoint',
  title: 'Its health endpoint answers 2xx in time',
  about:
    'GET on the registered health URL (else the service URL and /health) of every instance that answers at all, with the 3 s that a registry gives it.',
  checklist: ['debug.6'],
  requires: [urlReachable],
  codes: ['HEALTH_MISSING', 'HEALTH_FAILING', 'HEALTH_NO_ANSWER'],
  retry: ONCE_MORE,
  settles: true,
  timeoutMs: 30_000,
  async run(context, [{ alive }]) {
    const probed = await sideBySide(alive, AT_ONCE, async (instance) => ({
      instance,
      problem: await probe(instance, context),
    }));
    const findings = probed.flatMap(({ problem }) => (problem ? [problem] : []));
    const facts = probed.map(({ instance, problem }) => ({ instance, well: problem === undefined }));
    if (findings.length > 0) {
      const transient = findings.some(({ code }) => code === 'HEALTH_NO_ANSWER');
      return found(findings, { facts, transient });
    }
    return verdict([], few(alive.map(healthUrl)), facts);
  },
});

function healthUrl(instance: Instance): string {
  const registered = instance.health_check_url;
  return registered
    ? withoutCredentials(registered)
    : `${withoutTrailingSlash(address(instance) ?? '')}/health`;
}

async function probe(instance: Instance, { http }: DoctorContext): Promise<Finding | undefined> {
  const at = { instance: label(instance), url: healthUrl(instance) };
  if (!URL.canParse(at.url)) return finding('HEALTH_NO_ANSWER', { ...at, seen: `"${at.url}" is no URL` });
  const asked = await attempt(() =>
    http.send({ method: 'GET', url: at.url, timeoutMs: PROBE_TIMEOUT_MS, maxBytes: 1024 * 1024 }),
  );
  if (asked.error) return finding('HEALTH_NO_ANSWER', { ...at, seen: because(asked.error) });
  const { status } = asked.value;
  if (status >= 200 && status <= 299) return undefined;
  if (status === 404 || status === 405) return finding('HEALTH_MISSING', { ...at, status });
  return finding('HEALTH_FAILING', { ...at, status, said: detailOf(asked.value) });
}

const ILL: ReadonlySet<string> = new Set(['unhealthy', 'down']);

export const agrees = serviceCheck({
  id: 'health.agrees',
  title: 'What the registry says of its health is true',
  about:
    "Compares the registry's status of each instance, and of the catalog row, with what its health endpoint says. A deployed Config Service repeats what the registration declared and never corrects it.",
  requires: [endpoint, api],
  codes: ['SAID_HEALTHY_IS_NOT', 'SAID_UNHEALTHY_IS_WELL', 'CATALOG_STATUS_WRONG'],
  async run({ service }, [probed, { services }]) {
    const findings = probed.flatMap(({ instance, well }) => {
      const about = { service, instance: label(instance), status: instance.status };
      if (instance.status === 'healthy' && !well) return [finding('SAID_HEALTHY_IS_NOT', about)];
      return ILL.has(instance.status) && well ? [finding('SAID_UNHEALTHY_IS_WELL', about)] : [];
    });
    const row = services?.find(({ service_name }) => service_name === service)?.status;
    const oneIsWell = probed.some(({ instance, well }) => well && instance.status === 'healthy');
    if (row !== undefined && row !== 'healthy' && oneIsWell)
      findings.push(finding('CATALOG_STATUS_WRONG', { service, row }));
    return verdict(
      findings,
      few(probed.map(({ instance }) => `${label(instance)} ${instance.status}`)),
      undefined,
    );
  },
});

const LIMIT_S = HEARTBEAT_INTERVAL_S * MISSED_BEATS_MEAN_DOWN;

export const recent = serviceCheck({
  id: 'heartbeat.recent',
  title: `The last heartbeat is less than ${LIMIT_S} s old`,
  about: `A service beats every ${HEARTBEAT_INTERVAL_S} s; after ${LIMIT_S} s without it is down and gets no traffic. Read from the registry, by the registry's clock. Not applicable where the registry does not tell of heartbeats, as a deployed Config Service, which has none.`,
  checklist: ['integration.5'],
  requires: [present, api, reachable],
  codes: ['BEAT_LATE', 'BEAT_NEVER'],
  settles: true,
  async run(context, [, { api: kind }, { answer, askedAt }]) {
    const { service } = context;
    const instances = await (await context.registry.client()).listInstances(service);
    const now = context.now() + (skewOf(answer, askedAt) ?? 0);
    const findings: Finding[] = [];
    const ages: number[] = [];
    for (const instance of instances) {
      const about = { service, instance: label(instance), limitS: LIMIT_S };
      const beat = Date.parse(instance.last_heartbeat ?? '');
      const ageS = Math.max(0, Math.round((now - beat) / 1000));
      if (!Number.isNaN(beat)) ages.push(ageS);
      if (ageS > LIMIT_S) findings.push(finding('BEAT_LATE', { ...about, ageS }));
      // Only a registry that tells how it watches an instance tells of heartbeats at all.
      if (Number.isNaN(beat) && kind === 'coordinator' && instance.monitored_by !== null)
        findings.push(finding('BEAT_NEVER', about));
    }
    if (findings.length > 0) return found(findings);
    if (ages.length === 0) return notApplicable('the registry does not tell of heartbeats');
    return verdict([], `${few(ages.map((age) => `${age} s`))} ago`, undefined);
  },
});
