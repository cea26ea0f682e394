import { entry, sh } from './entry.js';

type Where = { url: string; seen: string };
const curl = (p: { url: string }) => `curl -sS -i ${sh(p.url)}`;

const host = (url: string): string => {
  try {
    return new URL(url).hostname;
  } catch {
    return url;
  }
};

export const REGISTRY = {
  REGISTRY_DNS: entry<Where>('fail', {
    seen: (p) => `DNS: ${p.seen}`,
    remedy: () =>
      'Check the host name in the setting. Docker service names (config-service) resolve only inside the Docker network: run this there, or publish the port and use localhost.',
    reproduce: (p) => `getent hosts ${sh(host(p.url))}`,
  }),
  REGISTRY_REFUSED: entry<Where>('fail', {
    seen: (p) => `TCP: ${p.seen}`,
    remedy: () =>
      'Check that the registry runs (`docker compose ps config-service`) and the port. Inside a container use the service name (http://config-service:8082), not localhost.',
    reproduce: curl,
  }),
  REGISTRY_CONNECT_TIMEOUT: entry<Where>('fail', {
    seen: (p) => `TCP: ${p.seen}`,
    remedy: () =>
      'Packets are lost on the way: check firewall and routing, and that both sides are on the same Docker network (microservices-network).',
    reproduce: (p) => `curl -sS -i --max-time 5 ${sh(p.url)}`,
  }),
  REGISTRY_TLS: entry<Where>('fail', {
    seen: (p) => `TLS: ${p.seen}`,
    remedy: ({ seen }) => {
      if (/CERT_HAS_EXPIRED/.test(seen))
        return 'Its certificate has run out: renew it. No service reaches it until then.';
      if (/ALTNAME/.test(seen))
        return 'Its certificate is for another name: use the name it is for in the setting, or have this one added.';
      return 'Check http against https in the setting; for a private authority give --ca-file.';
    },
    reproduce: (p) => `curl -sS -v ${sh(p.url)}`,
  }),
  REGISTRY_SILENT: entry<Where>('fail', {
    seen: (p) => `HTTP: ${p.seen}; it accepts connections, but does not answer`,
    remedy: () =>
      'The registry hangs, or waits for ZooKeeper, PostgreSQL or Redis: look at its log and restart it if need be.',
    reproduce: (p) => `curl -sS -i --max-time 5 ${sh(p.url)}`,
  }),
  REGISTRY_NOT_HTTP: entry<Where>('fail', {
    seen: (p) => `HTTP: ${p.seen}`,
    remedy: () =>
      'Check the port, and http against https: one that wants TLS hangs up on plain HTTP, and over https on whoever shows no client certificate (--cert-file, --key-file). Else something else listens there, or a proxy breaks the connection.',
    reproduce: curl,
  }),
  REGISTRY_REDIRECTS: entry<Where>('fail', {
    seen: (p) => `HTTP: ${p.seen}`,
    remedy: () => "If that is the registry, use its URL; the guide's client does not follow redirects.",
    reproduce: curl,
  }),
  CERTIFICATE_EXPIRES: entry<{ peer: string; until: string; days: number }>('warn', {
    seen: (p) => `the certificate of ${p.peer} runs out in ${p.days} days, on ${p.until}`,
    remedy: () =>
      'Renew it, and find out why that did not happen by itself: from that day on no service reaches the registry.',
    reproduce: (p) =>
      `openssl s_client -connect ${sh(p.peer)} </dev/null 2>/dev/null | openssl x509 -noout -enddate`,
  }),
  REGISTRY_UNHEALTHY: entry<{ url: string; said: string }>('fail', {
    seen: (p) => `the registry says of itself: ${p.said}`,
    remedy: () =>
      'See which part below; then `docker compose ps` and the logs of zookeeper, postgres and redis.',
    reproduce: curl,
  }),
  REGISTRY_DEGRADED: entry<{ url: string; said: string }>('warn', {
    seen: (p) => `the registry says of itself: ${p.said}`,
    remedy: () => 'It still works; find out what it lacks before it does not.',
    reproduce: curl,
  }),
  REGISTRY_HEALTH_UNREADABLE: entry<Where>('unknown', {
    seen: (p) => `${p.url} does not answer with a health report: ${p.seen}`,
    remedy: () => 'Check that the URL is the registry itself and not a proxy or another server.',
    reproduce: curl,
  }),
  PART_UNHEALTHY: entry<{ url: string; part: string; said: string; container: string }>('fail', {
    seen: (p) => `${p.part}: ${p.said}`,
    remedy: (p) =>
      `\`docker compose ps ${p.container}\` and \`docker compose logs ${p.container}\`; restart it, then look again. With --${p.container} it is asked itself: where engine.${p.container} passes, it is well, and what the registry has of it is not: its host, port and password, or the network between.`,
    reproduce: curl,
  }),
  NOT_A_REGISTRY: entry<Where>('fail', {
    seen: (p) => `what answers at ${p.url} is no registry: ${p.seen}`,
    remedy: () =>
      'Check host, port and path of the URL; say which API it speaks with --api if detection is wrong.',
    reproduce: curl,
  }),
  API_CALL_MISSING: entry<{ call: string; url: string }>('fail', {
    seen: (p) => `${p.call} does not exist`,
    remedy: () =>
      'The registry is of another version or kind: update it, choose --api, or set the path in the context.',
    reproduce: curl,
  }),
  API_CALL_FAILS: entry<{ call: string; url: string; seen: string }>('fail', {
    seen: (p) => `${p.call}: ${p.seen}`,
    remedy: () => 'Look at the log of the registry for this call.',
    reproduce: curl,
  }),
  API_CALL_MALFORMED: entry<{ call: string; url: string; seen: string }>('fail', {
    seen: (p) => `${p.call} answers in another shape than documented: ${p.seen}`,
    remedy: () =>
      'Clients of the guide will fail on it: check the version of the registry, and for a proxy between.',
    reproduce: curl,
  }),
  API_CALL_REFUSED: entry<{ call: string; url: string; seen: string }>('fail', {
    seen: (p) => `${p.call}: ${p.seen}`,
    remedy: () =>
      'This registry wants credentials for reading: set the header it asks for in the context (`regctl context set`).',
    reproduce: curl,
  }),
  REGISTRY_TOO_SLOW: entry<{ call: string; url: string; limitS: number }>('fail', {
    seen: (p) => `${p.call} takes longer than the ${p.limitS} s the guide's client waits`,
    remedy: () =>
      'To services it looks as if there were no registry. Look at the load of the registry and at ZooKeeper, PostgreSQL and Redis behind it.',
    reproduce: (p) => `curl -sS -o /dev/null -w '%{time_total}\\n' ${sh(p.url)}`,
  }),
  REGISTRY_SLOW: entry<{ call: string; url: string; took: string; limitS: number }>('warn', {
    seen: (p) => `${p.call} took ${p.took}; at ${p.limitS} s the guide's client gives up`,
    remedy: () => 'Under more load discovery will fail: find out what slows the registry down.',
    reproduce: (p) => `curl -sS -o /dev/null -w '%{time_total}\\n' ${sh(p.url)}`,
  }),
  CLOCK_SKEW: entry<{ url: string; seconds: string; leewayS: number }>('fail', {
    seen: (p) =>
      `the registry's clock is ${p.seconds} of this machine's; tokens are checked with ${p.leewayS} s of leeway`,
    remedy: () =>
      'Tokens will be refused as expired or not yet valid. Synchronise the clocks of both machines (NTP, chrony).',
    reproduce: (p) => `date -u; curl -sS -I -X GET ${sh(p.url)} | grep -i '^date:'`,
  }),
};
