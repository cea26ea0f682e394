import { entry, sh } from './entry.js';

type Service = { service: string; url: string };
type Of = { service: string; instance: string };
const curl = (p: { url: string }) => `curl -sS -i ${sh(p.url)}`;
const describe = (p: { service: string }) => `regctl describe ${sh(p.service)}`;

export const REGISTRATION = {
  NAME_UNREADABLE: entry<Service & { rule: string }>('fail', {
    seen: (p) => `"${p.service}" can be registered but never read back: a name is ${p.rule}`,
    remedy: () => 'Give the service another SERVICE_NAME and register again.',
    reproduce: curl,
  }),
  ENTRY_BREAKS_API: entry<Service & { seen: string }>('fail', {
    seen: (p) => `asked for ${p.service}, the registry fails, for other names it does not: ${p.seen}`,
    remedy: () =>
      'One instance has registered something the registry cannot read back, most often an unknown `status` in its metadata (known: healthy, unhealthy, unknown, starting, stopping). All instances of the service are hidden by it: correct and re-register that instance under the same instance id, or deregister it.',
    reproduce: curl,
  }),
  ENTRY_UNREADABLE: entry<Service & { seen: string }>('unknown', {
    seen: (p) => `the registry's answer about ${p.service} cannot be read: ${p.seen}`,
    remedy: () => 'Look at the answer itself, and at the log of the registry.',
    reproduce: curl,
  }),
  GHOST_ROW: entry<Service & { row: string; registered: string }>('fail', {
    seen: (p) =>
      `the catalog still says ${p.service} is ${p.row} (registered ${p.registered}), but no instance of it is live`,
    remedy: () =>
      'Most often the Config Service was restarted: live entries go with its ZooKeeper session, and services register only when they start. Restart the service, or keep it registered with `regctl heartbeat`.',
    reproduce: curl,
  }),
  NOT_REGISTERED: entry<Service>('fail', {
    seen: (p) => `${p.service} is not registered`,
    remedy: () =>
      'Check that the registration code runs at start-up (its log says "Registered … with service registry"), that CONFIG_SERVICE_URL or REGISTRY_URL is right inside the service, and that SERVICE_NAME is spelled the same.',
    reproduce: curl,
  }),
  NO_STATUS: entry<Service & { instances: string }>('fail', {
    seen: (p) =>
      `${p.service} is registered, yet never handed out: ${p.instances} registered without \`status\` in the metadata and therefore stays "unknown"`,
    remedy: () => 'Register with `"status": "healthy"` in service_metadata, as the guide does.',
    reproduce: curl,
  }),
  NONE_HEALTHY: entry<Service & { states: string }>('fail', {
    seen: (p) => `${p.service} is registered, yet not handed out: ${p.states}`,
    remedy: () =>
      'Find out why the service is not healthy: its /health, its log; an instance that says starting or stopping may need a moment (--wait).',
    reproduce: curl,
  }),
  STALE_CACHE: entry<Service & { detail: string }>('fail', {
    seen: (p) => `the registry contradicts itself about ${p.service}: ${p.detail}`,
    remedy: () => 'Its cache is stale for up to 60 s: look again in a minute, or repeat with --wait 70s.',
    reproduce: curl,
  }),
  URL_NOT_FROM_ENV: entry<{ service: string; expected: string; registered: string; url: string }>('fail', {
    seen: (p) => `${p.service} is registered at ${p.registered}; its environment gives ${p.expected}`,
    remedy: () =>
      'The service runs with another environment than this one, or builds its URL otherwise: SERVICE_PUBLIC_URL if set, else http://SERVICE_HOST:SERVICE_PORT. Align them and restart the service.',
    reproduce: curl,
  }),
  URL_LOCALHOST: entry<Of & { address: string }>('fail', {
    seen: (p) => `${p.instance} is registered at ${p.address}, which means another machine to everyone else`,
    remedy: () => 'Set SERVICE_HOST to the container name, or SERVICE_PUBLIC_URL, and restart the service.',
    reproduce: describe,
  }),
  URL_RAW_IP: entry<Of & { address: string }>('warn', {
    seen: (p) =>
      `${p.instance} is registered at ${p.address}, by IP address: it changes with the next container`,
    remedy: () => 'Set SERVICE_HOST to the container name, or SERVICE_PUBLIC_URL, and restart the service.',
    reproduce: describe,
  }),
  URL_INVALID: entry<Of & { problem: string }>('fail', {
    seen: (p) => `the URL of ${p.instance} ${p.problem}`,
    remedy: () =>
      'Correct SERVICE_PUBLIC_URL, SERVICE_HOST or SERVICE_PORT of the service and restart it. Credentials belong in a token, not in a URL that everyone reads.',
    reproduce: describe,
  }),
  URL_UNREACHABLE: entry<{ instance: string; seen: string; url: string }>('fail', {
    seen: (p) => `${p.instance}: ${p.seen}`,
    remedy: () =>
      'Check that the service runs and listens on that host and port (0.0.0.0, not 127.0.0.1, inside a container). For Docker networking SERVICE_HOST is the container name, which resolves only inside the Docker network: run this there.',
    reproduce: (p) => `curl -sS -i --max-time 5 ${sh(p.url)}`,
  }),
  NO_HEALTH_URL: entry<Of>('warn', {
    seen: (p) => `${p.instance} registered without a health_check_url: the registry has to guess it`,
    remedy: () => "Register with health_check_url, by the guide the service's URL and /health.",
    reproduce: describe,
  }),
  HEALTH_URL_ELSEWHERE: entry<Of & { healthUrl: string; address: string }>('warn', {
    seen: (p) =>
      `the health URL of ${p.instance} is ${p.healthUrl}, on another host or port than the service itself at ${p.address}`,
    remedy: () =>
      'If that is not meant, the registry watches something else than what is called: build it from the service URL.',
    reproduce: describe,
  }),
  METADATA_NO_STATUS: entry<Of & { status: string }>('warn', {
    seen: (p) =>
      `${p.instance} has no \`status\` in its metadata and reads "${p.status}": it is never handed out`,
    remedy: () => 'Register with `"status": "healthy"` in service_metadata, as the guide does.',
    reproduce: describe,
  }),
  METADATA_TOO_LARGE: entry<Of & { bytes: number; limit: number }>('warn', {
    seen: (p) =>
      `${p.instance} carries ${p.bytes} bytes of metadata, over ${p.limit}; every listing repeats them`,
    remedy: () => 'Keep in the metadata what others choose by (version, region), and the rest elsewhere.',
    reproduce: describe,
  }),
  DEAD_INSTANCE: entry<{ service: string; instance: string; seen: string; url: string }>('fail', {
    seen: (p) => `${p.instance} is handed out as healthy, but does not answer: ${p.seen}`,
    remedy: () =>
      'It has crashed without deregistering, and every caller that is sent there fails. Restart it, or remove it with `regctl deregister`.',
    reproduce: curl,
  }),
  DUPLICATE_URL: entry<{ service: string; address: string; instances: string }>('warn', {
    seen: (p) => `${p.address} is registered ${p.instances}`,
    remedy: () =>
      'Mostly a leftover of a start before the last one: set SERVICE_INSTANCE_ID so that a restart takes its old place, and remove the others with `regctl deregister`.',
    reproduce: describe,
  }),
  SHARED_URL: entry<{ service: string; address: string; others: string }>('warn', {
    seen: (p) => `${p.address} is the address of ${p.service} and of ${p.others}`,
    remedy: () =>
      'If one process is not meant to be both, one of them has a copied SERVICE_HOST or SERVICE_PORT: callers reach the wrong service.',
    reproduce: describe,
  }),
  LOG_SAYS_FAILED: entry<{ line: string; file: string }>('fail', {
    seen: (p) => `the log says: ${p.line}`,
    remedy: () =>
      'Read the lines around it: wrong CONFIG_SERVICE_URL, registry down at that moment, or an exception on the way. Registration is tried once, at start-up: restart the service when it is solved.',
    reproduce: (p) => `grep -n -i regist ${sh(p.file)}`,
  }),
  LOG_SAYS_NOTHING: entry<{ file: string }>('fail', {
    seen: (p) => `${p.file} has none of the guide's messages about registration`,
    remedy: () =>
      'The registration code does not run at start-up, or logs at a level that is not shown: call it in the lifespan handler, log at INFO.',
    reproduce: (p) => `grep -n -i regist ${sh(p.file)}`,
  }),
  LOG_UNREADABLE: entry<{ file: string; cause: string }>('unknown', {
    seen: (p) => `${p.file} cannot be read: ${p.cause}`,
    remedy: () =>
      'Give --logs the file, e.g. of `docker compose logs --no-log-prefix my-service > my-service.log`.',
    reproduce: (p) => `head ${sh(p.file)}`,
  }),
};
