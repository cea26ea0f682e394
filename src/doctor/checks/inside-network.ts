// inside.*: what the service can reach from where it runs.
import { isPlaceholder } from '../../secret.js';
import { serviceUrlProblem } from '../../wire/urls.js';
import { blockedBy, deploymentCheck, type Finding, finding, found, notApplicable, pass } from '../check.js';
import type { Code } from '../findings.js';
import type { View } from '../inside/answer.js';
import { type Reached, reached } from '../inside/reached.js';
import { isPort } from './env.js';
import { env, registryOf, runs, TIMEOUT_MS, viewFor } from './inside.js';

export const dns = deploymentCheck({
  id: 'inside.dns',
  title: 'The name of the registry resolves where the service runs',
  about:
    'The host of the registry that the service uses (its CONFIG_SERVICE_URL or REGISTRY_URL, else http://config-service:8082), asked of getent, python, node or nslookup there, whichever is first. Names of Docker resolve on their network alone: this is not what the doctor sees outside.',
  checklist: ['debug.4'],
  requires: [runs],
  codes: ['INSIDE_DNS', 'INSIDE_DNS_UNKNOWN'],
  settles: true,
  timeoutMs: TIMEOUT_MS,
  async run(context, [facts]) {
    const { exec } = facts;
    const view = await viewFor('inside.dns', context, facts);
    const { url } = registryOf(view);
    if (isPlaceholder(url) || serviceUrlProblem(url) !== undefined) return blockedBy(env, `${url} is no URL`);
    const host = new URL(url).hostname;
    const said = view.dns;
    if (said?.code === 0)
      return pass(said.tool === 'address' ? `${host} is an address` : `${host}: ${said.text}`);
    const asked = view.registry?.said;
    const got = asked && reached(asked);
    if (said !== undefined || got?.kind === 'dns') {
      const { tool = '', text = '' } = said ?? asked ?? {};
      const seen = `${tool} says ${text === '' ? 'nothing' : `"${text.slice(0, 200)}"`}`;
      return found(finding('INSIDE_DNS', { exec, url, tool, host, seen }));
    }
    if (got !== undefined && got.kind !== 'failed') return pass(`${host}: ${asked?.tool} finds it`);
    return found(finding('INSIDE_DNS_UNKNOWN', { exec, host }), { facts: undefined });
  },
});

const WHY_NOT = {
  refused: 'INSIDE_REGISTRY_REFUSED',
  unreachable: 'INSIDE_REGISTRY_UNREACHABLE',
  timeout: 'INSIDE_REGISTRY_TIMEOUT',
  tls: 'INSIDE_REGISTRY_TLS',
  failed: 'INSIDE_REGISTRY_NOT_HTTP',
} as const satisfies Partial<Record<Reached['kind'], Code>>;

const LOCALHOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export const registryReachable = deploymentCheck({
  id: 'inside.registry-reachable',
  title: 'The service can reach its registry',
  about:
    'One GET /health of the registry that the service uses, from where it runs, as the debug checklist does with curl; by curl, python, node, wget or nc, whichever is there first. What fails is told apart as far as the tool tells. Any answer below 500 counts: whether the registry is well, registry.healthy tells.',
  checklist: ['debug.4'],
  requires: [runs, dns],
  codes: [...Object.values(WHY_NOT), 'INSIDE_REGISTRY_LOCALHOST', 'INSIDE_REGISTRY_ERROR', 'INSIDE_NO_TOOL'],
  settles: true,
  timeoutMs: TIMEOUT_MS,
  async run(context, [facts]) {
    const { exec } = facts;
    const view = await viewFor('inside.registry-reachable', context, facts);
    const { url, said } = view.registry ?? {};
    if (url === undefined) return blockedBy(env, 'the service has no URL of a registry');
    if (said === undefined) return found(finding('INSIDE_NO_TOOL', { exec, url }));
    const { tool } = said;
    const got = reached(said);
    if (got.kind === 'answered') {
      const { status } = got;
      if (isItself(url, view)) {
        const seen = `${status}, from the service itself, as SERVICE_PORT says`;
        return found(finding('INSIDE_REGISTRY_LOCALHOST', { exec, url, tool, seen }));
      }
      if (status < 500 && status !== 407) return pass(`${url} answered ${status} (${tool})`);
      const seen = `${status}${view.proxied ? '; a proxy is set there' : ''}`;
      return found(finding('INSIDE_REGISTRY_ERROR', { exec, url, tool, seen }));
    }
    if (got.kind === 'dns') return blockedBy(dns, got.text);
    const asked = { exec, url, tool, seen: got.text };
    if (LOCALHOST.test(new URL(url).hostname)) return found(finding('INSIDE_REGISTRY_LOCALHOST', asked));
    return found(finding(WHY_NOT[got.kind], asked));
  },
});

/** The port of the service on its own machine: what answers there is no registry. */
function isItself(url: string, { variables }: View): boolean {
  const { hostname, port } = new URL(url);
  return LOCALHOST.test(hostname) && port === variables.get('SERVICE_PORT')?.value;
}

export const health = deploymentCheck({
  id: 'inside.health',
  title: 'The service answers its health check where it runs',
  about:
    'GET on 127.0.0.1 and SERVICE_PORT from inside, at the path of the registered health URL, else /health, with the 3 s a registry gives it. Where this is green and health.endpoint is red, the service is well and the way to it is not: port mapping, network, or a service that listens on 127.0.0.1 alone.',
  checklist: ['debug.6'],
  requires: [runs],
  codes: ['INSIDE_HEALTH_REFUSED', 'INSIDE_HEALTH_NO_ANSWER', 'INSIDE_HEALTH_FAILING', 'INSIDE_NO_TOOL'],
  settles: true,
  timeoutMs: TIMEOUT_MS,
  async run(context, [facts]) {
    const { exec } = facts;
    const { health: asked, variables } = await viewFor('inside.health', context, facts);
    const port = variables.get('SERVICE_PORT')?.value;
    if (port === undefined)
      return notApplicable('SERVICE_PORT is not set inside, so it is not known where the service listens');
    if (asked === undefined || !isPort(port)) return blockedBy(env, 'SERVICE_PORT inside is no port');
    const { url, said } = asked;
    if (said === undefined) return found(finding('INSIDE_NO_TOOL', { exec, url }));
    const got = reached(said);
    if (got.kind === 'answered' && got.status >= 200 && got.status <= 299)
      return pass(`${url} answered ${got.status} (${said.tool})`);
    return found(failing(got, { exec, url, tool: said.tool }));
  },
});

function failing(got: Reached, asked: { exec: string; url: string; tool: string }): Finding {
  if (got.kind === 'answered')
    return finding('INSIDE_HEALTH_FAILING', { ...asked, seen: String(got.status) });
  const code = got.kind === 'refused' ? 'INSIDE_HEALTH_REFUSED' : 'INSIDE_HEALTH_NO_ANSWER';
  return finding(code, { ...asked, seen: got.text });
}
