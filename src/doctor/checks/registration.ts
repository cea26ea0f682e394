// registration.*: is the service in the registry, is it handed out, and is the registry right about it.
import type { Instance } from '../../registry-client/client.js';
import { sideBySide } from '../../side-by-side.js';
import { isName, NAME_RULE } from '../../wire/names.js';
import { withoutTrailingSlash } from '../../wire/urls.js';
import { attempt, because, isTransient, noAnswer, ONCE_MORE } from '../attempt.js';
import { blockedBy, type Finding, few, finding, found, pass, serviceCheck, verdict } from '../check.js';
import type { ServiceContext } from '../context.js';
import { api, latency } from './registry-api.js';

/** How an instance is named to a person. */
export function label(instance: Instance): string {
  return `${instance.service_name}/${instance.instance_id ?? '(unnamed)'}`;
}

/** Its registered URL, without credentials. */
export function address({ service_url: url }: Instance): string | null {
  return url === null ? null : withoutCredentials(url);
}

/** Credentials in a URL are a finding (registration.url-form), and nobody else's to see or to send. */
export function withoutCredentials(url: string): string {
  // What is no URL may still be shown.
  if (!URL.canParse(url)) return url.replace(/\/\/[^/?#]*@/, '//');
  const parsed = new URL(url);
  if (parsed.username === '' && parsed.password === '') return url;
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}

/** The live instances of a service, as the registry listed them. */
interface Listing {
  instances: Instance[];
  /** Milliseconds since 1970. */
  listedAt: number;
}

/** Less than the pause between two attempts under --wait, so that each attempt after the first asks anew. */
const FRESH_MS = 900;

async function list({ service, registry, now }: ServiceContext): Promise<Listing> {
  const listedAt = now();
  return { instances: await (await registry.client()).listInstances(service), listedAt };
}

/** What another check has just read, where it means the same moment; else asks. */
export async function listing(known: Listing, context: ServiceContext): Promise<Listing> {
  return Math.abs(context.now() - known.listedAt) < FRESH_MS ? known : list(context);
}

export const readable = serviceCheck({
  id: 'registration.readable',
  title: 'The registry can read the entry of the service',
  about:
    'Asks for its instances. A deployed Config Service accepts a status it does not know and from then on fails for the whole service, healthy instances included; and names with a slash, which nobody can ask for.',
  requires: [api],
  codes: ['NAME_UNREADABLE', 'ENTRY_BREAKS_API', 'ENTRY_UNREADABLE'],
  retry: ONCE_MORE,
  settles: true,
  async run(context, [{ api: kind }]) {
    const { service, registry } = context;
    const url = registry.urlOf(kind, 'service', service);
    if (!isName(service)) return found(finding('NAME_UNREADABLE', { service, url, rule: NAME_RULE }));
    const listed = await attempt(() => list(context));
    if (!listed.error) return pass('it answers', listed.value);
    const { error } = listed;
    if (error.code === 'TIMED_OUT') return blockedBy(latency, because(error));
    const code = error.code === 'SERVER_ERROR' ? 'ENTRY_BREAKS_API' : 'ENTRY_UNREADABLE';
    return found(finding(code, { service, url, seen: because(error) }), { transient: isTransient(error) });
  },
});

export const noGhosts = serviceCheck({
  id: 'registration.no-ghosts',
  title: 'The catalog has no row without a live instance',
  about:
    'The catalog of a Config Service is kept in PostgreSQL, live instances in its ZooKeeper session: when it restarts, every row stays and all instances go, and no service comes back by itself.',
  requires: [readable, api],
  codes: ['GHOST_ROW'],
  settles: true,
  async run(context, [known, { api: kind, services }]) {
    const { service, registry } = context;
    const row = services?.find(({ service_name }) => service_name === service);
    if (row === undefined) return pass('the catalog has no row of it', known);
    if (kind === 'coordinator') return pass('a Coordinator keeps no catalog beside its live entries', known);
    const listed = await listing(known, context);
    const live = listed.instances.length;
    if (live > 0) return pass(`its row has ${count(live, 'live instance')}`, listed);
    const url = registry.urlOf(kind, 'service', service);
    const registered = row.registered_at ?? 'at an unknown time';
    return found(finding('GHOST_ROW', { service, url, row: row.status, registered }));
  },
});

export const present = serviceCheck({
  id: 'registration.present',
  title: 'The service is in the registry, with a live instance',
  about:
    'At least one live instance is listed. A catalog row alone is not enough: see registration.no-ghosts.',
  checklist: ['debug.5'],
  requires: [noGhosts, api],
  codes: ['NOT_REGISTERED'],
  settles: true,
  async run(context, [known, { api: kind }]) {
    const { service, registry } = context;
    const listed = await listing(known, context);
    if (listed.instances.length === 0) {
      const url = registry.urlOf(kind, 'service', service);
      return found(finding('NOT_REGISTERED', { service, url }));
    }
    return pass(few(listed.instances.map(label)), listed);
  },
});

export const discoverable = serviceCheck({
  id: 'registration.discoverable',
  title: 'The registry hands out its URL',
  about:
    'What other services do: ask for a URL of the service. Where none comes, the instances say why: no status in the metadata (a deployed Config Service then says unknown for ever), not healthy, or a stale cache.',
  checklist: ['integration.3'],
  requires: [present, api],
  codes: ['NO_STATUS', 'NONE_HEALTHY', 'STALE_CACHE'],
  settles: true,
  async run(context, [known, { api: kind }]) {
    const { service, registry } = context;
    const picked = await attempt(async () => (await registry.client()).pickUrl(service));
    if (picked.error?.code === 'TIMED_OUT') return blockedBy(latency, because(picked.error));
    if (picked.error) throw picked.error;
    const handedOut = picked.value;
    const has = ({ instances }: Listing) =>
      instances.some(({ service_url }) => sameUrl(service_url, handedOut ?? null));
    if (handedOut !== undefined && has(await listing(known, context)))
      return pass(withoutCredentials(handedOut));
    // Nothing is held against the registry that was read before it answered.
    const now = await list(context);
    const url = registry.urlOf(kind, kind === 'coordinator' ? 'service' : 'url', service);
    if (handedOut === undefined) return found(whyNot({ service, url }, now.instances));
    if (has(now)) return pass(withoutCredentials(handedOut));
    const detail = `it hands out ${withoutCredentials(handedOut)}, which none of its instances has`;
    return found(finding('STALE_CACHE', { service, url, detail }));
  },
});

/** Why nothing is handed out, from what the instances say. */
function whyNot(asked: { service: string; url: string }, instances: readonly Instance[]): Finding {
  const healthy = instances.find(({ status }) => status === 'healthy');
  if (healthy) {
    const detail = `it lists ${label(healthy)} as healthy, and hands out nothing`;
    return finding('STALE_CACHE', { ...asked, detail });
  }
  const silent = instances.filter(saysNoStatus);
  if (silent.length > 0 && silent.length === instances.length)
    return finding('NO_STATUS', { ...asked, instances: few(silent.map(label)) });
  const states = few(instances.map((instance) => `${label(instance)} is ${instance.status}`));
  return finding('NONE_HEALTHY', { ...asked, states });
}

/** Registered without `status`: a deployed Config Service then calls it unknown and never hands it out. */
export function saysNoStatus({ status, service_metadata }: Instance): boolean {
  return status === 'unknown' && service_metadata.status === undefined;
}

export const urlReachable = serviceCheck({
  id: 'registration.url-reachable',
  title: 'An instance answers at its registered URL',
  about:
    'Connects to the registered URL of each instance from here; any HTTP answer will do. Fails where none answers. What answers is what the checks of health and messages examine.',
  checklist: ['debug.7'],
  requires: [present],
  codes: ['URL_UNREACHABLE'],
  retry: ONCE_MORE,
  settles: true,
  timeoutMs: 30_000,
  async run(context, [{ instances }]) {
    const answering = await connectAll(instances, context);
    const { alive, dead } = answering;
    if (alive.length > 0) return pass(`${alive.length} of ${instances.length} answer`, answering);
    return found(
      dead.map(({ instance, problem }) =>
        finding('URL_UNREACHABLE', {
          instance: label(instance),
          seen: problem,
          url: address(instance) ?? '',
        }),
      ),
      { transient: true },
    );
  },
});

/** How many instances of a service are asked side by side. */
export const AT_ONCE = 16;

/** A health probe of the registry waits as long. */
const CONNECT_TIMEOUT_MS = 3_000;

async function connectAll(instances: readonly Instance[], context: ServiceContext) {
  const tried = await sideBySide(instances, AT_ONCE, (instance) => connect(instance, context));
  const dead = tried.flatMap(({ instance, problem }) =>
    problem === undefined ? [] : [{ instance, problem }],
  );
  const alive = tried.filter(({ problem }) => problem === undefined).map(({ instance }) => instance);
  return { alive, dead };
}

async function connect(
  instance: Instance,
  { http }: ServiceContext,
): Promise<{ instance: Instance; problem: string | undefined }> {
  const url = address(instance);
  if (url === null || !URL.canParse(url)) return { instance, problem: `"${url ?? ''}" is no URL` };
  const asked = await attempt(() =>
    http.send({ method: 'GET', url, timeoutMs: CONNECT_TIMEOUT_MS, maxBytes: 1024 * 1024 }),
  );
  const problem = asked.error && noAnswer(asked.error) ? because(asked.error) : undefined;
  return { instance, problem };
}

/** What one attempt went by. The next, under --wait, looks anew: registries drop what has stopped after a while. */
const judged = new WeakSet<object>();

export const noDeadInstances = serviceCheck({
  id: 'registration.no-dead-instances',
  title: 'No instance that is handed out is dead',
  about:
    'An instance that crashed stays registered as healthy with a deployed Config Service, and every so many calls go there. Compares what is listed as healthy with what answers.',
  requires: [urlReachable],
  codes: ['DEAD_INSTANCE'],
  settles: true,
  timeoutMs: 30_000,
  async run(context, [known]) {
    const { service } = context;
    const { alive, dead } = judged.has(known)
      ? await connectAll((await list(context)).instances, context)
      : known;
    judged.add(known);
    const handedOut = dead.filter(({ instance }) => instance.status === 'healthy');
    const findings = handedOut.map(({ instance, problem }) =>
      finding('DEAD_INSTANCE', {
        service,
        instance: label(instance),
        seen: problem,
        url: address(instance) ?? '',
      }),
    );
    return verdict(findings, `${count(alive.length, 'instance')} answering`, undefined);
  },
});

export function sameUrl(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && withoutTrailingSlash(one) === withoutTrailingSlash(other);
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`;
}
