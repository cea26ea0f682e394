// What happens to a replica: killed, stopped, ended, with a clock that is wrong.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../client.js';
import { CLUSTER_FAST, LEASE_MS } from '../cluster.js';
import type { Fault } from '../fault.js';
import { judged, listed, nodes, prepared, requireNodes } from '../prepared.js';
import { LONG } from '../run-rows.js';
import { Watcher } from '../watcher.js';

const HOUR_MS = 3_600_000;

export const REPLICA_FAULTS: readonly Fault[] = [
  {
    name: 'SIGKILL of a replica',
    mode: 'cluster',
    promise:
      'A heartbeat at any replica counts, and after kill -9 of one its instances stay discoverable; the others put their nodes in ZooKeeper back.',
    async run(stage) {
      const { cluster, load, reader } = await prepared(stage);
      const [victim] = cluster.pair;
      await stage.during(async () => {
        await victim.process.kill();
        await stage.attempts(20);
        cluster.takeOut(victim);
        await stage.traffic();
        await requireNodes(stage, load, cluster, reader);
      });
      await cluster.add();
      await requireNodes(stage, load, cluster, reader);
      await judged(stage, load);
      return 'Every instance was discoverable all along, and in ZooKeeper again as one sees it that knows the layout alone; nothing acknowledged was lost.';
    },
  },
  {
    name: 'SIGKILL of all replicas at once',
    mode: 'cluster',
    promise: 'An acknowledged registration survives; every instance has a fresh lease after the start.',
    async run(stage) {
      const { cluster, load, reader } = await prepared(stage);
      await stage.during(async () => {
        const old = cluster.replicas;
        await Promise.all(old.map(({ process }) => process.kill()));
        await stage.attempts();
        await Promise.all([cluster.add(), cluster.add()]);
        for (const replica of old) cluster.takeOut(replica);
      });
      await stage.traffic();
      await requireNodes(stage, load, cluster, reader);
      await judged(stage, load);
      return 'Everything acknowledged was there; nothing that beat was down; ZooKeeper had every instance again.';
    },
  },
  {
    name: 'SIGSTOP of a replica for 120 s, ten times as fast',
    mode: 'cluster',
    promise:
      'Nothing that beats at the others is taken for down; what woke up neither says for true what is long over nor does what was asked of it by who has given up since.',
    async run(stage) {
      const { cluster, load, reader } = await prepared(stage);
      const [victim] = cluster.pair;
      await stage.standstill(() =>
        stage.apart(async () => {
          await stage.during(async () => {
            await victim.process.stop();
            cluster.takeOut(victim);
            const asked = load.client.register(
              victim.process,
              'gave-up',
              'gave-up-1',
              'http://gave-up-1:8000',
            );
            await sleep(120_000 / CLUSTER_FAST);
            // Its patience is over by now.
            await asked;
            await stage.traffic();
            await requireNodes(stage, load, cluster, reader);
            victim.process.go();
          });
          cluster.bringBack(victim);
          await stage.healthy([victim.process]);
        }),
      );
      await requireNodes(stage, load, cluster, reader);
      const { rows = [] } = await load.client.list(victim.process, 'gave-up');
      if (rows.length > 0) throw new Error('what its caller had given up was carried out when it woke up');
      await judged(stage, load);
      return 'Nothing that beat was down or missing at either replica; the one that woke up had caught up, or marked its answers as stale until it had, and carried out nothing that its callers had given up.';
    },
  },
  {
    name: 'SIGTERM of a replica',
    mode: 'cluster',
    promise:
      'It stops accepting, finishes what is under way, hands its instances over, and exits 0 within 10 s.',
    async run(stage) {
      const { cluster, load, reader } = await prepared(stage);
      for (let round = 0; round < (LONG ? 5 : 2); round += 1) {
        const [victim] = cluster.pair;
        await cluster.add();
        await requireNodes(stage, load, cluster, reader);
        const there = await listed(load, victim.process);
        await stage.during(async () => {
          const ended = victim.process.terminate();
          const missing = new Set<string>();
          let polls = 0;
          let isOver = false;
          const looking = (async () => {
            while (!isOver) {
              const seen = new Set(await nodes(reader));
              for (const path of there) if (!seen.has(path)) missing.add(path);
              polls += 1;
              await sleep(20);
            }
          })();
          const { code, milliseconds } = await ended;
          isOver = true;
          await looking;
          cluster.takeOut(victim);
          if (code !== 0 || milliseconds > 10_000) throw new Error(`exit ${code} after ${milliseconds} ms`);
          if (polls < 3 || missing.size > 0) throw new Error(`missing meanwhile: ${[...missing].join(' ')}`);
        });
        await stage.traffic();
      }
      await requireNodes(stage, load, cluster, reader);
      await judged(stage, load);
      return 'It ended with 0 in time; its instances were in ZooKeeper at every look, and in every answer of the others.';
    },
  },
  {
    name: 'the wall clock of one replica is an hour ahead, then an hour behind',
    mode: 'cluster',
    promise: 'Jumps of the wall clock change nothing: leases run on a monotonic one.',
    async run(stage) {
      const { cluster, load } = await prepared(stage);
      const [one] = cluster.pair;
      for (const offset of [HOUR_MS, -HOUR_MS]) {
        await stage.during(async () => {
          one.process.setWall(offset);
          await stage.eventually(
            () => stage.changeTimes(),
            (times) => times.some((at) => Math.abs(at.getTime() - Date.now() - offset) < 60_000),
            'the clock was not set',
          );
          await sleep(LEASE_MS + 2000);
        });
        await stage.noticed(load, load.crash());
      }
      await judged(stage, load);
      return 'Nothing that beat was down or missing at either replica; what crashed was down in its time at both.';
    },
  },
  {
    name: 'a replica is killed that is being watched',
    mode: 'cluster',
    promise:
      'Its watchers go on at another: 410 says that they have to list anew, and they miss nothing from there.',
    async run(stage) {
      const { cluster, load } = await prepared(stage);
      const [victim, survivor] = cluster.pair;
      let target: Target = victim.process;
      const watcher = new Watcher(stage.history, 'moving', () => target);
      const watching = watcher.run();
      stage.onEnd(async () => {
        watcher.stop();
        await watching;
      });
      await stage.eventually(
        async () => watcher.view.size,
        (size) => size > 3,
        'the watcher was told nothing',
      );
      await stage.during(async () => {
        await victim.process.kill();
        target = survivor.process;
        cluster.takeOut(victim);
        await stage.traffic();
      });
      await load.rest();
      await stage.eventually(
        async () => {
          const lists = load.services.map((service) => load.client.list(survivor.process, service));
          return (await Promise.all(lists)).filter(
            ({ service, rows }) => JSON.stringify(rows) !== JSON.stringify(watcher.view.get(service) ?? []),
          );
        },
        (differing) => differing.length === 0,
        'the watcher does not know what is there',
      );
      if (watcher.counts.gone !== 1) throw new Error(`begun anew ${watcher.counts.gone} times`);
      await stage.check();
      return 'It was told 410 once, listed anew at the survivor, and knew every service as it was; revisions never went back.';
    },
  },
];
