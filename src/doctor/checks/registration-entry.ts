// registration.*, the entry itself: its URL, its metadata, and what else has the same URL.
import type { Instance } from '../../registry-client/client.js';
import { MAX_METADATA_BYTES } from '../../wire/config-service.js';
import { serviceUrlProblem, withoutTrailingSlash } from '../../wire/urls.js';
import { CANARY_SERVICE } from '../canary.js';
import { type Finding, few, finding, found, notApplicable, pass, serviceCheck, verdict } from '../check.js';
import type { ServiceContext } from '../context.js';
import { serviceVars } from './env.js';
import { address, label, present, sameUrl, saysNoStatus, withoutCredentials } from './registration.js';
import { api } from './registry-api.js';

export const urlMatchesEnv = serviceCheck({
  id: 'registration.url-matches-env',
  title: 'The registered URL is the one the environment makes',
  about:
    "The guide's rule: SERVICE_PUBLIC_URL if set, else http://SERVICE_HOST:SERVICE_PORT with SERVICE_NAME for a missing host. Not applicable to a service whose environment this is not.",
  checklist: ['debug.3', 'debug.7'],
  requires: [present, api, serviceVars],
  codes: ['URL_NOT_FROM_ENV'],
  async run(context, [{ instances }, { api: kind }, { address: expected }]) {
    const { service } = context;
    const own = context.variable('SERVICE_NAME')?.value ?? service;
    if (own !== service) return notApplicable(`this is the environment of ${own}`);
    const id = context.variable('SERVICE_INSTANCE_ID')?.value;
    const named = instances.filter(({ instance_id }) => instance_id === id);
    const candidates = named.length > 0 ? named : instances;
    if (candidates.some((each) => sameUrl(address(each), expected))) return pass(expected);
    const registered = few(candidates.map((each) => address(each) ?? 'no URL'));
    const url = context.registry.urlOf(kind, 'service', service);
    return found(finding('URL_NOT_FROM_ENV', { service, expected, registered, url }));
  },
});

export const urlForm = serviceCheck({
  id: 'registration.url-form',
  title: 'The registered URL is a name that others can use',
  about:
    'An http(s) URL without credentials; not localhost, which is another machine to everyone else, and not an IP address, which the next container does not keep. Addresses of this machine are fine where the registry itself is at one: everything runs here then.',
  checklist: ['integration.3', 'debug.7'],
  requires: [present],
  codes: ['URL_INVALID', 'URL_LOCALHOST', 'URL_RAW_IP'],
  async run(context, [{ instances }]) {
    const findings = instances.flatMap((instance) => formProblems(instance, context));
    return verdict(findings, few(instances.map((each) => address(each) ?? 'no URL')), undefined);
  },
});

function formProblems(instance: Instance, { registry, service }: ServiceContext): Finding[] {
  const url = instance.service_url ?? '';
  const named = { service, instance: label(instance), address: url };
  const problem = serviceUrlProblem(url);
  if (problem !== undefined) return [finding('URL_INVALID', { ...named, problem })];
  if (isLoopback(url)) return isLoopback(registry.url) ? [] : [finding('URL_LOCALHOST', named)];
  return isIp(url) ? [finding('URL_RAW_IP', named)] : [];
}

function isLoopback(url: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0)$/.test(new URL(url).hostname);
}

function isIp(url: string): boolean {
  return /^(\d+(\.\d+){3}|\[[0-9a-f:.]+\])$/.test(new URL(url).hostname);
}

export const metadata = serviceCheck({
  id: 'registration.metadata',
  title: 'Each instance registered what the registry needs to know',
  about:
    'A status in the metadata (without it a deployed Config Service never hands the instance out), a health URL on the host and port of the service, and metadata of a size that can be listed.',
  requires: [present, api],
  codes: ['METADATA_NO_STATUS', 'NO_HEALTH_URL', 'HEALTH_URL_ELSEWHERE', 'METADATA_TOO_LARGE'],
  async run({ service }, [{ instances }, { api: kind }]) {
    const findings = instances.flatMap((instance) => [
      ...(saysNoStatus(instance)
        ? [finding('METADATA_NO_STATUS', { service, instance: label(instance), status: instance.status })]
        : []),
      ...(kind === 'config-service' ? healthUrlProblems(instance, service) : []),
      ...sizeProblems(instance, service),
    ]);
    return verdict(findings, 'status, health URL, size', undefined);
  },
});

function healthUrlProblems(instance: Instance, service: string): Finding[] {
  const of = { service, instance: label(instance) };
  if (!instance.health_check_url) return [finding('NO_HEALTH_URL', of)];
  const healthUrl = withoutCredentials(instance.health_check_url);
  const own = address(instance);
  if (own === null || !URL.canParse(own)) return [];
  const elsewhere = !URL.canParse(healthUrl) || new URL(healthUrl).host !== new URL(own).host;
  return elsewhere ? [finding('HEALTH_URL_ELSEWHERE', { ...of, healthUrl, address: own })] : [];
}

function sizeProblems(instance: Instance, service: string): Finding[] {
  const bytes = Buffer.byteLength(JSON.stringify(instance.service_metadata));
  if (bytes <= MAX_METADATA_BYTES) return [];
  return [
    finding('METADATA_TOO_LARGE', { service, instance: label(instance), bytes, limit: MAX_METADATA_BYTES }),
  ];
}

export const noDuplicates = serviceCheck({
  id: 'registration.no-duplicates',
  title: 'No URL is registered twice',
  about:
    'Twice by the same service: a start before the last one left its entry behind. By two services: one of them has a copied host or port, and its callers reach the other.',
  requires: [present, api],
  codes: ['DUPLICATE_URL', 'SHARED_URL'],
  async run({ service }, [{ instances }, { namesByUrl }]) {
    const addresses = new Map<string, Instance[]>();
    for (const instance of instances) {
      const registered = address(instance);
      if (registered === null) continue;
      const url = withoutTrailingSlash(registered);
      const same = addresses.get(url);
      if (same) same.push(instance);
      else addresses.set(url, [instance]);
    }
    const findings = [...addresses].flatMap(([url, same]) => {
      const others = (namesByUrl.get(url) ?? []).filter(
        // The row of a canary outlives it at its port, which is anybody's again.
        (name) => name !== service && name !== CANARY_SERVICE,
      );
      return [
        ...(same.length > 1
          ? [
              finding('DUPLICATE_URL', {
                service,
                address: url,
                instances: `${same.length} times: ${few(same.map(label))}`,
              }),
            ]
          : []),
        ...(others.length > 0 ? [finding('SHARED_URL', { service, address: url, others: few(others) })] : []),
      ];
    });
    return verdict(findings, few([...addresses.keys()]), undefined);
  },
});
