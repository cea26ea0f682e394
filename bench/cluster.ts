// One replica over real engines against the embedded registry.
import { setTimeout as delay } from 'node:timers/promises';
import { newDeployment, startEngines } from '../test/support/cluster.js';
import { ZookeeperReader } from '../test/support/zookeeper-reader.js';
import { type Benchmark, byTurns, type Form } from './benchmark.js';
import { requirePrograms } from './packages.js';
import { newIds, registering } from './registrations.js';
import { newFolder, type Server } from './server.js';
import { startServe } from './servers.js';
import { wrk } from './wrk.js';

const READERS = 32;
const WRITERS: Record<Form, number[]> = { long: [64, 256], short: [256] };
const SECONDS: Record<Form, number> = { long: 3, short: 1 };
/** The nodes of all instances are in ZooKeeper this long after the last of them registered. */
const NODES_MS = 30_000;

export const cluster: Benchmark = {
  about:
    'One replica of `regctl serve` over ZooKeeper, PostgreSQL and Redis, each a process on this machine that waits for its disk as in production, ' +
    `against the embedded registry. /url: requests a second over ${READERS} connections; registrations: a second over ${WRITERS.long.join(' and ')}, every one another instance.`,
  async measure(runs, form) {
    requirePrograms(['wrk'], { engines: true });
    const engines = await startEngines({ durable: true });
    try {
      await using folder = await newFolder();
      const deployment = await newDeployment(engines);
      await using replica = await startServe(deployment.flags());
      await using embedded = await startServe(['--data-dir', folder.path]);
      for (const server of [replica, embedded]) await registerOne(server);
      const seconds = SECONDS[form];
      const url = await byTurns(runs, {
        replica: () => reading(replica, seconds),
        embedded: () => reading(embedded, seconds),
      });
      const rows = [row('/url', url)];
      for (const connections of WRITERS[form]) {
        const registered = await byTurns(runs, {
          replica: () => registering(replica.url, newIds(), connections, seconds),
          embedded: () => registering(embedded.url, newIds(), connections, seconds),
        });
        await untilInZookeeper(replica, engines.zookeeper.address, deployment.basePath);
        rows.push(row(`registrations, ${connections} connections`, registered));
      }
      return rows;
    } finally {
      await engines.close();
    }
  },
};

const SERVICE = 'asr-service';

async function registerOne({ url }: Server): Promise<void> {
  const answer = await fetch(`${url}/api/v1/registry/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      service_name: SERVICE,
      service_url: 'http://asr-1:8000',
      service_metadata: { instance_id: 'asr-1', status: 'healthy' },
    }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}

/** Throws where the nodes stay away: without a ZooKeeper that takes them a replica registers several times as fast. */
async function untilInZookeeper({ url }: Server, address: string, basePath: string): Promise<void> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const counts = [...metrics.matchAll(/^regctl_instances\{.*\} (\d+)$/gm)];
  const instances = counts.reduce((sum, [, count]) => sum + Number(count), 0);
  const reader = await ZookeeperReader.connect(address, basePath);
  try {
    const until = performance.now() + NODES_MS;
    for (let nodes = 0; nodes < instances; await delay(100)) {
      nodes = (await reader.all()).length;
      if (performance.now() > until) throw new Error(`${nodes} of ${instances} instances are in ZooKeeper`);
    }
  } finally {
    reader.close();
  }
}

async function reading({ url }: Server, seconds: number): Promise<number> {
  const path = `${url}/api/v1/registry/services/${SERVICE}/url`;
  return (await wrk({ url: path, connections: READERS, seconds })).perSecond;
}

function row(what: string, { replica, embedded }: { replica: number; embedded: number }) {
  return {
    what,
    replica: replica.toFixed(0),
    embedded: embedded.toFixed(0),
    ratio: (replica / embedded).toFixed(2),
  };
}
