// The troubleshooting sections of both guides, word for word: what a person meets, what the guide advises to look at,
// and the checks that look at it.

export interface Symptom {
  guide: 'Service Integration Guide' | 'Service Registry Integration Guide';
  /** The heading in the guide. */
  title: string;
  /** What the guide says is seen; null where the heading says it. */
  symptom: string | null;
  /** The checks that turn where this is so. */
  shownBy: readonly string[];
  /** What the guide advises, and the checks that do it. */
  advice: readonly { text: string; checks: readonly string[] }[];
}

const NETWORK = ['registry.reachable', 'inside.dns', 'inside.registry-reachable'];

export const SYMPTOMS: readonly Symptom[] = [
  {
    guide: 'Service Integration Guide',
    title: '"401 Unauthorized" when calling another Service',
    symptom: null,
    shownBy: ['e2e.calls-another-service', 'message.accepts-valid', 'registry.api'],
    advice: [
      {
        text: 'Check JWT_SECRET matches what Registry expects',
        checks: ['env.jwt-secret', 'inside.agrees', 'message.accepts-valid', 'registry.clock-skew'],
      },
      {
        text: 'Verify token is in `Authorization: Bearer <token>` header',
        checks: ['message.rejects-missing', 'message.rejects-no-scheme', 'source.verifies-token'],
      },
    ],
  },
  {
    guide: 'Service Integration Guide',
    title: '"Connection refused" when calling another Service',
    symptom: null,
    shownBy: ['e2e.calls-another-service', 'registration.url-reachable', 'registration.no-dead-instances'],
    advice: [
      {
        text: "Don't hardcode IPs - use Service Discovery",
        checks: ['source.no-hardcoded-addresses', 'registration.discoverable', 'registration.url-form'],
      },
      {
        text: 'Check the service is registered and healthy',
        checks: ['registration.present', 'health.endpoint', 'health.agrees'],
      },
    ],
  },
  {
    guide: 'Service Integration Guide',
    title: "Can't register with Registry",
    symptom: null,
    shownBy: ['registration.present', 'registry.round-trip'],
    advice: [
      { text: 'Verify REGISTRY_URL is correct', checks: ['env.registry-url', 'registry.api', 'inside.env'] },
      { text: 'Check SERVICE_ID was assigned by Coordinator', checks: ['env.service-id'] },
      { text: 'Ensure network connectivity (Docker network, firewall)', checks: NETWORK },
    ],
  },
  {
    guide: 'Service Registry Integration Guide',
    title: 'Registration Fails Silently',
    symptom: 'No error but service not registered',
    shownBy: ['registration.present', 'registration.no-ghosts'],
    advice: [
      {
        text: 'Check `CONFIG_SERVICE_URL` is correct',
        checks: ['env.registry-url', 'registry.api', 'inside.env'],
      },
      {
        text: 'Verify Config Service is running: `curl http://config-service:8082/health`',
        checks: ['registry.reachable', 'registry.healthy'],
      },
      { text: 'Check service logs for warnings', checks: ['registration.startup-log'] },
      { text: 'Ensure network connectivity between services', checks: NETWORK },
    ],
  },
  {
    guide: 'Service Registry Integration Guide',
    title: '"Connection Refused" Errors',
    symptom: 'Cannot connect to Config Service',
    shownBy: ['registry.reachable', 'inside.registry-reachable'],
    advice: [
      {
        text: 'Verify Config Service is healthy: `docker compose ps config-service`',
        checks: ['registry.reachable', 'registry.healthy'],
      },
      {
        text: 'Check network: Ensure both services are on `microservices-network`',
        checks: ['inside.dns', 'inside.registry-reachable'],
      },
      {
        text: 'Verify `CONFIG_SERVICE_URL` uses correct hostname (`config-service`, not `localhost`)',
        checks: ['env.registry-url', 'inside.agrees', 'inside.registry-reachable'],
      },
    ],
  },
  {
    guide: 'Service Registry Integration Guide',
    title: 'Service Not Discoverable',
    symptom: "Other services can't find your service",
    shownBy: ['registration.discoverable', 'registration.readable', 'registration.metadata'],
    advice: [
      {
        text: 'Verify registration succeeded: Check logs for "Registered" message',
        checks: ['registration.startup-log', 'registration.present'],
      },
      {
        text: 'Check health endpoint is accessible: `curl http://my-service:8090/health`',
        checks: ['health.endpoint', 'inside.health'],
      },
      {
        text: 'Verify `service_url` in registration is correct and reachable',
        checks: ['registration.url-matches-env', 'registration.url-form', 'registration.url-reachable'],
      },
      {
        text: 'Check ZooKeeper connection: `docker compose logs zookeeper`',
        checks: ['registry.zookeeper', 'engine.zookeeper'],
      },
    ],
  },
  {
    guide: 'Service Registry Integration Guide',
    title: 'Wrong Service URL',
    symptom: "Registered URL doesn't work",
    shownBy: ['registration.url-reachable', 'registration.no-duplicates'],
    advice: [
      {
        text: 'For Docker networking: Use `SERVICE_HOST=my-service` (container name)',
        checks: ['env.service-vars', 'registration.url-form', 'registration.url-matches-env'],
      },
      {
        text: 'For external access: Set `SERVICE_PUBLIC_URL` explicitly',
        checks: ['env.service-vars', 'registration.url-matches-env'],
      },
      {
        text: 'Verify port mapping: `docker compose ps` shows port mappings',
        checks: ['registration.url-reachable', 'inside.health'],
      },
    ],
  },
  {
    guide: 'Service Registry Integration Guide',
    title: 'Health Check Fails',
    symptom: 'Service registered but marked unhealthy',
    shownBy: ['health.agrees', 'registration.discoverable'],
    advice: [
      { text: 'Implement `/health` endpoint in your service', checks: ['health.endpoint'] },
      { text: 'Verify health endpoint returns 200 status', checks: ['health.endpoint', 'inside.health'] },
      {
        text: 'Check health check URL matches actual endpoint',
        checks: ['registration.metadata', 'health.endpoint'],
      },
    ],
  },
];

/** Every check that answers a symptom, each once: those that show it first. */
export function checksOf({ shownBy, advice }: Symptom): string[] {
  return [...new Set([...shownBy, ...advice.flatMap(({ checks }) => checks)])];
}
