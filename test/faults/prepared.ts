// Two replicas under traffic, and how a row ends that has them.
import type { ZookeeperReader } from '../support/zookeeper-reader.js';
import type { Target } from './client.js';
import type { Cluster } from './cluster.js';
import { BEATING, type Load } from './load.js';
import type { Stage } from './stage.js';

/** `service/id` of every instance of the services that beat, as the replica lists them. */
export async function listed(load: Load, target: Target): Promise<string[]> {
  const lists = await Promise.all(BEATING.map((service) => load.client.list(target, service)));
  return lists.flatMap(({ service, rows = [] }) => rows.map(({ id }) => `${service}/${id}`)).sort();
}

/** Of the same services, as ZooKeeper has them. */
export async function nodes(reader: ZookeeperReader): Promise<string[]> {
  return (await reader.all()).filter((path) => BEATING.some((service) => path.startsWith(`${service}/`)));
}

/** Who knows the layout in ZooKeeper alone sees every instance that a replica lists. */
export async function requireNodes(
  stage: Stage,
  load: Load,
  cluster: Cluster,
  reader: ZookeeperReader,
  replica = cluster.replicas[0],
) {
  if (replica === undefined) throw new Error('there is no replica');
  await stage.eventually(
    async () => [await nodes(reader), await listed(load, replica.process)],
    ([seen, there]) => there?.length !== 0 && JSON.stringify(seen) === JSON.stringify(there),
    'ZooKeeper has not what the replica lists',
  );
}

/** Two replicas under traffic, and one who sees what ZooKeeper has of it. */
export async function prepared(stage: Stage, ...how: Parameters<Stage['cluster']>) {
  const cluster = await stage.cluster(...how);
  const load = await stage.load();
  const reader = await cluster.reader();
  await requireNodes(stage, load, cluster, reader);
  return { cluster, load, reader };
}

/** What beats is up, what crashes is down in its time, and all is as the history has it. */
export async function judged(stage: Stage, load: Load): Promise<void> {
  await stage.traffic();
  await stage.noticed(load, load.crash());
  await stage.checkAudit();
  await stage.check();
}
