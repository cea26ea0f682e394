import { askAgain } from '../inside/programs.js';
import { entry, sh } from './entry.js';

/** `exec` is the operator's own command, for a shell as it stands. */
type Ran = { exec: string; seen: string };
type Asked = Ran & { url: string; tool: string };

/**
 * A command line that runs `command` where `exec` leads. Quotes do not outlive every way there (ssh joins what it is
 * given, and its other side splits it anew), so that a command with more than plain words goes in as the script does.
 */
export function insideOf(exec: string, command: string): string {
  return /^[\w@%+=:,./ -]+$/.test(command) ? `${exec} ${command}` : `echo ${sh(command)} | ${exec} sh -s`;
}

const again = (p: Asked) => insideOf(p.exec, askAgain(p.tool, p.url));
const TRY = (p: { exec: string }) => `echo 'echo it runs' | ${p.exec} sh -s`;
const DIGEST = 'printf %s "$JWT_SECRET" | sha256sum | cut -c1-8';

export const INSIDE = {
  INSIDE_COMMAND_FAILED: entry<Ran & { ended: string }>('unknown', {
    seen: (p) => `the command of --exec ended with ${p.ended}${p.seen === '' ? '' : `: ${p.seen}`}`,
    remedy: () =>
      'Check that it names a container that runs (`docker compose ps`), that the image has a shell, and that the command runs a program there: `docker compose exec -T my-service`, `docker exec -i NAME`, `kubectl exec -i deploy/my-service --`.',
    reproduce: TRY,
  }),
  INSIDE_NO_ANSWER: entry<Ran>('unknown', {
    seen: (p) => `the command of --exec ran, but ${p.seen}`,
    remedy: () =>
      'The script goes in through standard input: the command has to pass it on (`docker compose exec -T`, `docker exec -i`, `kubectl exec -i`), and must print nothing into the answer.',
    reproduce: TRY,
  }),
  INSIDE_TIMED_OUT: entry<Ran & { seconds: number }>('unknown', {
    seen: (p) =>
      `the command of --exec had no answer within ${p.seconds} s${p.seen === '' ? '' : `: ${p.seen}`}`,
    remedy: () =>
      'It may wait for a password, a terminal or a machine that does not answer: try it by hand. It and what it started here were ended.',
    reproduce: TRY,
  }),
  INSIDE_OTHER_SERVICE: entry<{ exec: string; inside: string; examined: string }>('fail', {
    seen: (p) => `the command of --exec leads to ${p.inside}, and ${p.examined} is examined`,
    remedy: () =>
      'Name the container of the service in --exec, or the service with --service; or correct SERVICE_NAME in that container.',
    reproduce: (p) => `${p.exec} printenv SERVICE_NAME`,
  }),
  INSIDE_VARIABLE_DIFFERS: entry<{
    exec: string;
    variable: string;
    inside: string;
    outside: string;
    origin: string;
  }>('fail', {
    seen: (p) =>
      `${p.variable} is "${p.inside}" inside and "${p.outside}" here (from ${p.origin}): the service runs with another one than is configured here`,
    remedy: (p) =>
      `Where here is right, give the container its new environment (\`docker compose up -d\`; a restart keeps the old one). Where inside is right, correct ${p.variable} here.`,
    reproduce: (p) => `${p.exec} printenv ${p.variable}; printenv ${p.variable}`,
  }),
  INSIDE_SECRET_DIFFERS: entry<{ exec: string; inside: string; outside: string }>('fail', {
    seen: (p) => `JWT_SECRET inside (${p.inside}) is not the one here (${p.outside})`,
    remedy: () =>
      'Tokens of the one are refused with 401 by the other. All services share the one secret of the Coordinator: correct whichever is old (a space or quotes at its ends count too) and recreate the container.',
    reproduce: (p) => `${insideOf(p.exec, DIGEST)}; ${DIGEST}`,
  }),
  INSIDE_REGISTRY_ELSEWHERE: entry<{ exec: string; inside: string; outside: string }>('warn', {
    seen: (p) => `the service uses the registry ${p.inside}, the doctor looked at ${p.outside}`,
    remedy: () =>
      'If they are two registries, the service is not where it is looked for: correct its CONFIG_SERVICE_URL or REGISTRY_URL, or look there with --registry.',
    reproduce: (p) => `${p.exec} printenv CONFIG_SERVICE_URL REGISTRY_URL`,
  }),
  INSIDE_DNS: entry<Asked & { host: string }>('fail', {
    seen: (p) => `inside, ${p.host} does not resolve: ${p.seen}`,
    remedy: () =>
      'Put both containers on the same Docker network (microservices-network), and use the service name of docker-compose.yml in CONFIG_SERVICE_URL; `docker network inspect microservices-network` lists who is on it.',
    reproduce: (p) =>
      insideOf(p.exec, `${p.tool === 'nslookup' ? 'nslookup' : 'getent hosts'} ${sh(p.host)}`),
  }),
  INSIDE_DNS_UNKNOWN: entry<{ exec: string; host: string }>('unknown', {
    seen: (p) => `whether ${p.host} resolves inside is not known: no tool there could ask`,
    remedy: () => 'Have one of getent, nslookup, curl, wget, python or node in the image.',
    reproduce: (p) => `${p.exec} cat /etc/resolv.conf /etc/hosts`,
  }),
  INSIDE_REGISTRY_LOCALHOST: entry<Asked>('fail', {
    seen: (p) =>
      `the service looks for the registry at ${p.url}, which inside a container is the container itself: ${p.seen}`,
    remedy: () =>
      'Set CONFIG_SERVICE_URL of the container to the name of the registry, http://config-service:8082, not localhost, and recreate it (`docker compose up -d`).',
    reproduce: again,
  }),
  INSIDE_REGISTRY_REFUSED: entry<Asked>('fail', {
    seen: (p) => `inside, ${p.url} is refused: ${p.seen}`,
    remedy: () =>
      'Nothing listens there: check the port (the one inside the Docker network, not the published one), that the registry runs (`docker compose ps config-service`), and that it listens on 0.0.0.0.',
    reproduce: again,
  }),
  INSIDE_REGISTRY_UNREACHABLE: entry<Asked>('fail', {
    seen: (p) => `from inside there is no way to ${p.url}: ${p.seen}`,
    remedy: () =>
      'The container has no route there: put both on the same Docker network (microservices-network), and check network policies.',
    reproduce: again,
  }),
  INSIDE_REGISTRY_TIMEOUT: entry<Asked>('fail', {
    seen: (p) => `inside, ${p.url} does not answer: ${p.seen}`,
    remedy: () =>
      'Packets are lost (firewall, network policy, another Docker network), or the registry hangs: registry.reachable tells whether it answers here.',
    reproduce: again,
  }),
  INSIDE_REGISTRY_TLS: entry<Asked>('fail', {
    seen: (p) => `inside, TLS with ${p.url} fails: ${p.seen}`,
    remedy: () =>
      'Check http against https in the variable; a private authority has to be among those the image trusts (SSL_CERT_FILE, update-ca-certificates).',
    reproduce: again,
  }),
  INSIDE_REGISTRY_NOT_HTTP: entry<Asked>('fail', {
    seen: (p) => `inside, ${p.url} does not answer in HTTP: ${p.seen}`,
    remedy: () => 'Something else may listen on that port, or a proxy breaks the connection: check both.',
    reproduce: again,
  }),
  INSIDE_REGISTRY_ERROR: entry<Asked>('fail', {
    seen: (p) => `inside, ${p.url} answers with an error: ${p.seen}`,
    remedy: () =>
      'Where registry.healthy is green, the error is not of the registry but of a proxy between: put the host of the registry into NO_PROXY of the container.',
    reproduce: again,
  }),
  INSIDE_NO_TOOL: entry<{ exec: string; url: string }>('unknown', {
    seen: (p) =>
      `whether ${p.url} can be reached from inside is not known: there is neither curl, wget, python, node nor nc that could ask${p.url.startsWith('https:') ? ' and checks certificates' : ''}`,
    remedy: () => 'Have one of them in the image, or look from a debug container in the same network.',
    reproduce: (p) =>
      insideOf(p.exec, 'for each in curl wget python3 python node nc; do command -v $each; done'),
  }),
  INSIDE_HEALTH_REFUSED: entry<Asked>('fail', {
    seen: (p) => `inside, nothing listens at ${p.url}: ${p.seen}`,
    remedy: () =>
      'The service does not run, or listens elsewhere than SERVICE_PORT says: look at its log, and at the address and port it binds (0.0.0.0 in a container).',
    reproduce: again,
  }),
  INSIDE_HEALTH_NO_ANSWER: entry<Asked>('fail', {
    seen: (p) => `inside, ${p.url} does not answer: ${p.seen}`,
    remedy: () =>
      'The registry gives a health check 3 s: answer from memory, without asking databases; look whether the service hangs.',
    reproduce: again,
  }),
  INSIDE_HEALTH_FAILING: entry<Asked>('fail', {
    seen: (p) => `inside, ${p.url} does not say that the service is well: ${p.seen}`,
    remedy: () =>
      'Implement GET /health (200 while the service works); where it has it, look at the log of the service and at what it depends on.',
    reproduce: again,
  }),
  INSIDE_CLOCK_SKEW: entry<{ exec: string; seconds: string; leewayS: number }>('fail', {
    seen: (p) =>
      `the clock inside is ${p.seconds} of this machine's; tokens are checked with ${p.leewayS} s of leeway`,
    remedy: () =>
      'Tokens will be refused as expired or not yet valid. Containers have the clock of their host: synchronise it (NTP, chrony).',
    reproduce: (p) => `date -u; ${p.exec} date -u`,
  }),
};
