// Replicas that are cut off: from one engine, from each other, from everything.
import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE_MS, type Replica } from '../cluster.js';
import type { Fault } from '../fault.js';
import { judged, prepared, requireNodes } from '../prepared.js';
import type { Stage } from '../stage.js';

/** Cuts a replica off while `act` runs. */
async function cutOff<T>(
  stage: Stage,
  cut: readonly Replica[],
  names: readonly (keyof Replica['proxies'])[],
  act: () => Promise<T>,
) {
  const proxies = cut.flatMap((replica) => names.map((name) => replica.proxies[name]));
  await stage.standstill(() =>
    stage.apart(async () => {
      await stage.during(async () => {
        for (const proxy of proxies) proxy.blackHole();
        await sleep(LEASE_MS + 3000);
        await act();
        const silent = proxies.filter(({ held }) => held === 0);
        if (silent.length > 0) throw new Error('nothing was held back');
        for (const proxy of proxies) proxy.heal();
      });
      await stage.traffic();
      await stage.healthy(cut.map(({ process }) => process));
    }),
  );
}

export const PARTITIONS: readonly Fault[] = [
  {
    name: 'one replica is cut off from ZooKeeper, then the other, then both',
    mode: 'cluster',
    promise:
      'Nothing that beats at either is taken for down by any; what was missed is learnt when they are together again.',
    async run(stage) {
      const { cluster, load, reader } = await prepared(stage);
      const [one, two] = cluster.pair;
      for (const cut of [[one], [two], [one, two]]) {
        await cutOff(stage, cut, ['zookeeper'], () => stage.traffic());
        await requireNodes(stage, load, cluster, reader);
      }
      await judged(stage, load);
      return 'All went on at both; nothing that beat was down or missing at either; once healed ZooKeeper had every instance, each once.';
    },
  },
  {
    name: 'one replica is cut off from PostgreSQL',
    mode: 'cluster',
    promise:
      'It answers reads, marked where they may be stale, and heartbeats; registrations go to the other. It catches up by itself.',
    async run(stage) {
      const { cluster, load } = await prepared(stage);
      const [one] = cluster.pair;
      await cutOff(stage, [one], ['postgres'], async () => {
        await stage.traffic();
        const { stale } = await load.client.list(one.process, 'asr');
        if (!stale) throw new Error('it does not say that it may be out of date');
      });
      await judged(stage, load);
      return 'Registrations were taken by the other; reads and heartbeats by both, its reads marked; it knew everything once it was healed.';
    },
  },
  {
    name: 'one replica is cut off from every engine',
    mode: 'cluster',
    promise:
      'It says so: heartbeats that it could tell nobody of are answered 503, and /ready is 503, so that they go to the other.',
    async run(stage) {
      const { cluster, load, reader } = await prepared(stage);
      const [one] = cluster.pair;
      await cutOff(stage, [one], ['zookeeper', 'postgres', 'redis'], async () => {
        const ready = await load.client.get(one.process, '/ready');
        const beat = await load.client.beat(one.process, 'asr', 'asr-0');
        if (ready.status !== 503 || beat !== 503)
          throw new Error(`/ready ${ready.status}, heartbeat ${beat}`);
        await stage.traffic();
      });
      await requireNodes(stage, load, cluster, reader);
      await judged(stage, load);
      return 'It answered heartbeats and /ready with 503; the other took them; nothing that beat was down or missing at either, and both knew the same once it was healed.';
    },
  },
];
