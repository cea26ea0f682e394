// registry.*: can it be reached, is it well, and the engines behind it.
import type { RegctlError } from '../../errors.js';
import type { HttpAnswer } from '../../http/http.js';
import { detailOf, toHealth } from '../../registry-client/answers.js';
import type { RegistryHealth } from '../../registry-client/client.js';
import { attempt, because, isTransient, ONCE_MORE } from '../attempt.js';
import { blockedBy, deploymentCheck, type Finding, finding, found, notApplicable, pass } from '../check.js';
import type { DoctorContext } from '../context.js';
import { registryUrl } from './env.js';

/** A health report is short; more than this is another server's page. */
const MAX_HEALTH_BYTES = 256 * 1024;

/** No one registers this: reading it changes nothing, and its answer has the shape of any other. */
export const NOBODY = 'regctl-doctor-nobody';

export const reachable = deploymentCheck({
  id: 'registry.reachable',
  title: 'The registry can be reached: name, connection, TLS, HTTP',
  about:
    'One GET /health. What fails is told apart: the name does not resolve, nothing listens, packets are lost, TLS fails, something listens but does not answer, or does not speak HTTP.',
  checklist: ['debug.1', 'debug.4'],
  requires: [registryUrl],
  codes: [
    'REGISTRY_DNS',
    'REGISTRY_REFUSED',
    'REGISTRY_CONNECT_TIMEOUT',
    'REGISTRY_TLS',
    'REGISTRY_SILENT',
    'REGISTRY_NOT_HTTP',
    'REGISTRY_REDIRECTS',
  ],
  retry: ONCE_MORE,
  settles: true,
  async run({ registry, http, now }) {
    const url = registry.urlOf('config-service', 'health');
    const sent = now();
    const asked = await attempt(() =>
      http.send({ method: 'GET', url, headers: { ...registry.headers }, maxBytes: MAX_HEALTH_BYTES }),
    );
    if (asked.error)
      return found(connectionFinding(asked.error, url), { transient: isTransient(asked.error) });
    const facts = { answer: asked.value, askedAt: (sent + now()) / 2 };
    return pass(`${url} answered ${asked.value.status} in ${Math.round(asked.value.ms)} ms`, facts);
  },
});

function connectionFinding(error: RegctlError, url: string): Finding {
  const where = { url, seen: because(error) };
  switch (error.code) {
    case 'DNS_FAILED':
      return finding('REGISTRY_DNS', where);
    case 'CONNECTION_REFUSED':
      return finding('REGISTRY_REFUSED', where);
    case 'CONNECT_TIMED_OUT':
      return finding('REGISTRY_CONNECT_TIMEOUT', where);
    case 'TLS_FAILED':
      return finding('REGISTRY_TLS', where);
    case 'TIMED_OUT':
      return finding('REGISTRY_SILENT', where);
    case 'REDIRECTED':
      return finding('REGISTRY_REDIRECTS', where);
    default:
      return finding('REGISTRY_NOT_HTTP', where);
  }
}

export const WELL = new Set(['healthy', 'ok', 'up', 'active', 'pass', 'ready', 'connected']);
const NOT_USED = /^(disabled|not[ _-]?(configured|used|enabled)|none|n\/a)$/;

export const healthy = deploymentCheck({
  id: 'registry.healthy',
  title: 'The registry says it is healthy',
  about:
    'Read from the body of /health: a deployed Config Service answers 200 also while the body says unhealthy. Not applicable to a Coordinator without /health, which its guide does not ask for.',
  checklist: ['debug.1'],
  requires: [reachable],
  codes: ['REGISTRY_UNHEALTHY', 'REGISTRY_DEGRADED', 'REGISTRY_HEALTH_UNREADABLE'],
  settles: true,
  async run({ registry, http }, [{ answer: first }]) {
    const { url } = first;
    const answer = await http.send({ method: 'GET', url, headers: { ...registry.headers } });
    const said = ownWord(answer);
    if (said === undefined) {
      const { value: kind } = await attempt(() => registry.api());
      if (answer.status === 404 && kind === 'coordinator')
        return notApplicable('this Coordinator has no /health, and its guide asks for none');
      const seen = `${answer.status}, ${detailOf(answer)}`;
      return found(finding('REGISTRY_HEALTH_UNREADABLE', { url, seen }));
    }
    const facts = { answer };
    if (WELL.has(said.status)) return pass(said.text, facts);
    const code = said.status === 'degraded' ? 'REGISTRY_DEGRADED' : 'REGISTRY_UNHEALTHY';
    return found(finding(code, { url, said: said.text }), { facts });
  },
});

/** What the registry says of itself; undefined where the answer is no health report. */
export function ownWord(answer: HttpAnswer): { status: string; text: string } | undefined {
  const { status, parts } = toHealth(answer);
  if (status !== null) {
    const ill = Object.entries(parts).filter(([, word]) => word !== null && !isWell(word));
    const list = ill.map(([part, word]) => `${part} ${word}`).join(', ');
    return { status: status.toLowerCase(), text: list === '' ? status : `${status} (${list})` };
  }
  return answer.status === 503 ? { status: 'unhealthy', text: `503, ${detailOf(answer)}` } : undefined;
}

function isWell(word: string): boolean {
  return WELL.has(word.toLowerCase()) || NOT_USED.test(word.toLowerCase());
}

type Part = keyof RegistryHealth['parts'];

/** A check of one engine behind the registry, from the body of /health. */
function part(name: Part, title: string, silent: (context: DoctorContext) => Promise<string | undefined>) {
  return deploymentCheck({
    id: `registry.${name}`,
    title: `${title} works behind the registry`,
    about: `What /health says of ${name}. A Config Service that cannot ask Redis or PostgreSQL answers 503 and names no part: which one is then inferred from the calls that still work (the catalog is in PostgreSQL, live instances come through Redis). Not applicable where the registry does not tell.`,
    checklist: name === 'zookeeper' ? ['debug.1', 'debug.2'] : ['debug.1'],
    requires: [healthy],
    codes: ['PART_UNHEALTHY'],
    async run(context, [{ answer }]) {
      const said = toHealth(answer).parts[name];
      const told = { url: answer.url, part: title, container: name };
      if (said !== null) {
        if (NOT_USED.test(said.toLowerCase())) return notApplicable(`the registry says ${name} is ${said}`);
        return isWell(said) ? pass(said) : found(finding('PART_UNHEALTHY', { ...told, said }));
      }
      if (answer.status !== 503) return notApplicable('this registry does not tell');
      const inferred = await silent(context);
      if (inferred === undefined) return blockedBy(healthy, 'it answers 503 and names no part');
      return inferred === ''
        ? pass('inferred from the calls that work')
        : found(finding('PART_UNHEALTHY', { ...told, said: inferred }));
    },
  });
}

export const zookeeper = part('zookeeper', 'ZooKeeper', async () => undefined);

export const postgres = part('postgres', 'PostgreSQL', async (context) => {
  const status = await statusOf(context, 'services');
  if (status === undefined) return undefined;
  return status < 500 ? '' : `the catalog, which is in it, answers ${status}`;
});

export const redis = part('redis', 'Redis', async (context) => {
  const catalog = await statusOf(context, 'services');
  if (catalog === undefined || catalog >= 500) return undefined;
  const live = await statusOf(context, 'service');
  if (live === undefined) return undefined;
  return live < 500 ? '' : `live instances, which come through it, answer ${live} while the catalog works`;
});

async function statusOf({ http, registry }: DoctorContext, call: string): Promise<number | undefined> {
  const url = registry.urlOf('config-service', call, NOBODY);
  const asked = await attempt(() => http.send({ method: 'GET', url, headers: { ...registry.headers } }));
  return asked.value?.status;
}

/** Leeway when a token's times are checked (registry.md, promise 6). */
export const LEEWAY_S = 30;

export const clockSkew = deploymentCheck({
  id: 'registry.clock-skew',
  title: 'The clocks of the registry and of this machine agree',
  about: `The Date header of the registry against this machine's clock. Tokens carry times: a difference over the leeway of ${LEEWAY_S} s makes good ones look expired or not yet valid.`,
  requires: [reachable],
  codes: ['CLOCK_SKEW'],
  async run(_context, [{ answer, askedAt }]) {
    const skewMs = skewOf(answer, askedAt);
    if (skewMs === undefined) return notApplicable('the registry sends no Date header');
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    if (seconds > LEEWAY_S) {
      const side = `${seconds} s ${skewMs > 0 ? 'ahead' : 'behind'}`;
      return found(finding('CLOCK_SKEW', { url: answer.url, seconds: side, leewayS: LEEWAY_S }));
    }
    return pass(`${seconds} s apart`);
  },
});

/** Milliseconds the registry's clock is ahead; a Date header counts whole seconds, so its middle is taken. */
export function skewOf(answer: HttpAnswer, askedAt: number): number | undefined {
  const { date } = answer.headers;
  const at = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return Number.isNaN(at) ? undefined : at + 500 - askedAt;
}
