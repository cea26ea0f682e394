// health.*: is it well, and does the registry know.
import type { Instance } from '../../registry-client/client.js';
import { sideBySide } from '../../side-by-side.js';
import { withoutTrailingSlash } from '../../wire/urls.js';
import { attempt, because, ONCE_MORE } from '../attempt.js';
import { type Finding, few, finding, found, serviceCheck, verdict } from '../check.js';
import type { DoctorContext } from '../context.js';
import { saidBy } from './message-leaks.js';
import { AT_ONCE, address, label, urlReachable, withoutCredentials } from './registration.js';
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

async function probe(instance: Instance, { http, secret }: DoctorContext): Promise<Finding | undefined> {
  const at = { instance: label(instance), url: healthUrl(instance) };
  if (!URL.canParse(at.url)) return finding('HEALTH_NO_ANSWER', { ...at, seen: `"${at.url}" is no URL` });
  const asked = await attempt(() =>
    http.send({ method: 'GET', url: at.url, timeoutMs: PROBE_TIMEOUT_MS, maxBytes: 1024 * 1024 }),
  );
  if (asked.error) return finding('HEALTH_NO_ANSWER', { ...at, seen: because(asked.error) });
  const { status } = asked.value;
  if (status >= 200 && status <= 299) return undefined;
  if (status === 404 || status === 405) return finding('HEALTH_MISSING', { ...at, status });
  return finding('HEALTH_FAILING', { ...at, status, said: saidBy(asked.value, secret) });
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
