// GET /metrics: what the registry counted, and where it stands, as Prometheus reads it.
import type { FastifyInstance } from 'fastify';
import { EXPOSITION_TYPE, exposition, type Family } from '../exposition.js';
import { gauge } from '../metrics.js';
import type { Registry } from './registry.js';

/** What only the routes know. */
export interface Watchers {
  readonly watchers: number;
}

/**
 * Gauges are read when the page is asked for: nothing is spent on them between, and none of them looks at every instance
 * (those that are held left aside), since the catalog keeps its counts. prom-client, which takes a tenth of a second to
 * load, comes with the first page, for memory, CPU and the event loop.
 */
export function metricsRoutes(app: FastifyInstance, registry: Registry, watch: Watchers): void {
  let ofProcess: Promise<() => Promise<string>> | undefined;
  app.get('/metrics', async (_request, reply) => {
    ofProcess ??= processMetrics();
    const own = [...registry.metrics.families(), ...standing(registry, watch), ...clusterGauges(registry)];
    const rest = await ofProcess;
    return reply.type(EXPOSITION_TYPE).send(exposition(own) + (await rest()));
  });
}

/** Where the registry stands now. */
function standing(registry: Registry, { watchers }: Watchers): Family[] {
  const { directory, writer, loaded, readOnly, version } = registry;
  const { states, size } = directory.catalog;
  const held = directory.held();
  return [
    {
      name: 'regctl_build_info',
      help: 'Always 1; the version is in the label.',
      type: 'gauge',
      samples: [{ labels: { version }, value: 1 }],
    },
    gauge('regctl_loaded', '1 once what was registered has been read back.', Number(loaded)),
    gauge('regctl_read_only', '1 where changes are refused: --read-only.', Number(readOnly)),
    {
      name: 'regctl_instances',
      help: 'Registered instances, by state.',
      type: 'gauge',
      samples: Object.entries(states).map(([state, value]) => ({ labels: { state }, value })),
    },
    gauge('regctl_services', 'Services that have instances.', size),
    gauge(
      'regctl_held_services',
      'Services of which nothing is evicted: most was lost at once.',
      held.length,
    ),
    gauge(
      'regctl_held_evictions',
      'Lost instances of these services.',
      held.reduce((sum, { instances }) => sum + instances, 0),
    ),
    gauge('regctl_watchers', 'Streams of GET /watch that are open.', watchers),
    gauge('regctl_store_up', '1 where the store takes changes.', Number(writer.problem === undefined)),
    gauge('regctl_writer_queue_length', 'Changes that wait to be written.', writer.waiting),
  ];
}

/** Of a replica; what is new to the cluster is added here. */
function clusterGauges({ replica, clock }: Registry): Family[] {
  if (replica === undefined) return [];
  const { members, ...engines } = replica.state();
  const { staleSince } = replica;
  const stale = staleSince === undefined ? 0 : (clock.now() - staleSince) / 1000;
  return [
    gauge('regctl_cluster_members', 'Replicas this one sees, itself included.', members),
    {
      name: 'regctl_engine_up',
      help: '1 where the engine answers this replica.',
      type: 'gauge',
      samples: (['zookeeper', 'postgres', 'redis'] as const).map((engine) => ({
        labels: { engine },
        value: Number(engines[engine] === 'healthy'),
      })),
    },
    gauge('regctl_stale_seconds', 'For how long this replica may have missed news of the others.', stale),
    gauge('regctl_cut_off', '1 where nothing this replica hears reaches the others.', Number(replica.cutOff)),
  ];
}

/** Of those that prom-client names as counters are and gauges are not, or that say nothing until the second page. */
const LEFT_OUT = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
  'nodejs_eventloop_lag_min_seconds',
  'nodejs_eventloop_lag_mean_seconds',
  'nodejs_eventloop_lag_stddev_seconds',
];

/** What makes the lines about memory, CPU, event loop and garbage collection. */
async function processMetrics(): Promise<() => Promise<string>> {
  const { Registry: Prometheus, collectDefaultMetrics } = await import('prom-client');
  const register = new Prometheus();
  collectDefaultMetrics({ register });
  for (const name of LEFT_OUT) register.removeSingleMetric(name);
  return () => register.metrics();
}
