// ZooKeeper itself: a session that expires, a server that is restarted, one that comes back empty.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Engine, startEngine } from '../../support/engines.js';
import { killServer, restartEngine, wipeZookeeper } from '../engine-restart.js';
import type { Fault } from '../fault.js';
import { judged, prepared, requireNodes } from '../prepared.js';
import type { Stage } from '../stage.js';

const expired = (log: readonly string[]): number =>
  log.filter((line) => line.includes('session has expired')).length;

/** Kills a ZooKeeper of the row's own, and starts it again after `act`. */
async function restarted(stage: Stage, act: (zookeeper: Engine) => void): Promise<void> {
  const zookeeper = await startEngine('zookeeper');
  stage.onEnd(() => zookeeper.close());
  const { cluster, load } = await prepared(stage, {}, { ...stage.engines, zookeeper });
  await stage.standstill(() =>
    stage.apart(async () => {
      await stage.during(async () => {
        await killServer(zookeeper);
        act(zookeeper);
        await sleep(6000);
        await stage.traffic();
        await restartEngine(stage, zookeeper);
      });
      await stage.traffic();
      await stage.healthy(cluster.replicas.map(({ process }) => process));
      // A new one: the client of the former asks for ever for a session that is forgotten.
      await requireNodes(stage, load, cluster, await cluster.reader());
    }),
  );
  await judged(stage, load);
}

export const ZOOKEEPER_FAULTS: readonly Fault[] = [
  {
    name: 'the ZooKeeper session of a replica expires',
    mode: 'cluster',
    promise: 'It is not the death of its services: their nodes are taken over by another, or put back.',
    async run(stage) {
      const { cluster, load, reader } = await prepared(stage);
      const [victim, other] = cluster.pair;
      await stage.standstill(() =>
        stage.apart(async () => {
          await stage.during(async () => {
            victim.proxies.zookeeper.blackHole();
            // Longer than a session; the other takes the nodes over meanwhile.
            await sleep(8000);
            await requireNodes(stage, load, cluster, reader, other);
            victim.proxies.zookeeper.heal();
            await stage.eventually(
              async () => expired(victim.process.log),
              Boolean,
              'the session did not expire',
            );
          });
          await stage.healthy([victim.process]);
        }),
      );
      await requireNodes(stage, load, cluster, reader);
      await judged(stage, load);
      return 'Its instances stayed in every answer, and were in ZooKeeper again before it was back.';
    },
  },
  {
    name: 'ZooKeeper is killed, and starts again',
    mode: 'cluster',
    promise: 'Reads and heartbeats go on; nothing is evicted; the nodes are there when it is back.',
    async run(stage) {
      await restarted(stage, () => undefined);
      return 'All went on without it; nothing that beat was down or missing; ZooKeeper had every instance again.';
    },
  },
  {
    name: 'ZooKeeper is killed, and comes back with nothing',
    mode: 'cluster',
    promise: 'What is registered is in PostgreSQL: the nodes are put back.',
    async run(stage) {
      await restarted(stage, wipeZookeeper);
      return 'All went on without it; nothing that beat was down or missing; ZooKeeper had every instance again.';
    },
  },
];
